"""The weights that learn: float32 copies of bfloat16 ones, and their running mean.

A model in bfloat16 computes as it will be served and saves a quarter of a CPU step;
its updates are smaller than bfloat16 resolves, so AdamW works on float32 copies
(Micikevicius et al. 2018).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from analytics.contract.errors import TrainingError


class Weights:
    """The trainable parameters of a model, and what the optimizer works on.

    `masters` are float32 copies of half-precision parameters; others stand for
    themselves. Saved with checkpoints by accelerate (`state_dict`).
    """

    def __init__(self, model: Any, *, first_step: int, every: int) -> None:
        import torch

        self._first_step = first_step
        self._every = every
        self._count = 0
        self._means: dict[str, Any] = {}
        self.parameters = {n: p for n, p in model.named_parameters() if p.requires_grad}
        self.masters = {
            name: p
            if p.dtype == torch.float32
            else torch.nn.Parameter(p.detach().to(torch.float32, copy=True))
            for name, p in self.parameters.items()
        }

    def rebind(self, model: Any) -> None:
        """Take the parameters of the same names: sharding puts others in their place."""
        found = {name: p for name, p in model.named_parameters() if name in self.parameters}
        if found.keys() != self.parameters.keys():
            missing = sorted(self.parameters.keys() - found.keys())[:3]
            raise TrainingError(f"sharding renamed parameters, e.g. {', '.join(missing)}")
        self.masters = {
            n: found[n] if m is self.parameters[n] else m for n, m in self.masters.items()
        }
        self.parameters = found

    @property
    def has_copies(self) -> bool:
        """Whether some parameters have float32 copies."""
        return any(self.masters[name] is not p for name, p in self.parameters.items())

    def take_gradients(self) -> None:
        """Add gradients to those of the copies, in float32, and take them off the model.

        After each pack: a sum of many packs in bfloat16 would lose its small parts.
        """
        for name, parameter in self.parameters.items():
            master = self.masters[name]
            if master is not parameter and parameter.grad is not None:
                if master.grad is None:
                    master.grad = parameter.grad.float()
                else:
                    master.grad.add_(parameter.grad)
                parameter.grad = None

    def put_values(self) -> None:
        """Round the copies into the model, after the optimizer's step."""
        self._put(self.masters)

    def average(self, step: int) -> None:
        """Take the weights after a step (from 0) into their mean, if it is due."""
        if step < self._first_step or (step - self._first_step) % self._every:
            return
        self._count += 1
        for name, master in self.masters.items():
            value = master.detach()
            if name in self._means:
                self._means[name].lerp_(value, 1.0 / self._count)
            else:
                self._means[name] = value.clone()

    @property
    def has_mean(self) -> bool:
        """Whether any step went into the mean."""
        return bool(self._means)

    def finish(self) -> None:
        """Leave the means, if there are any, in the model, and let go of all memory."""
        if self.has_mean:
            self._put(self._means)
        self.parameters, self.masters, self._means = {}, {}, {}

    @contextmanager
    def with_means(self) -> Iterator[None]:
        """The means in the model for a while."""
        kept = {name: p.detach().clone() for name, p in self.parameters.items()}
        self._put(self._means)
        try:
            yield
        finally:
            self._put(kept)

    def state_dict(self) -> dict[str, Any]:
        """Copies and means; parameters that stand for themselves are saved as the model's."""
        copies = {n: m.detach() for n, m in self.masters.items() if m is not self.parameters[n]}
        return {"count": self._count, "means": self._means, "copies": copies}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go back to what `state_dict` gave."""
        import torch

        self._count = int(state["count"])
        # accelerate reads them onto the CPU, wherever the model is.
        self._means = {n: m.to(self.masters[n].device) for n, m in state["means"].items()}
        with torch.no_grad():
            for name, value in state["copies"].items():
                self.masters[name].copy_(value)

    def _put(self, values: dict[str, Any]) -> None:
        import torch

        with torch.no_grad():
            for name, parameter in self.parameters.items():
                if name in values and values[name] is not parameter:
                    parameter.copy_(values[name])
