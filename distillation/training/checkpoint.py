"""Averages of weights, and checkpoints from which a training goes on exactly."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from analytics.contract.digests import digest_of, training_digest
from analytics.contract.errors import TrainingError
from distillation.training.batches import Plan
from distillation.training.recipe import Recipe

_STATE_FILE = "training.json"
_PREFIX = "checkpoint-"


class Average:
    """The running mean of the trainable weights from a step on, in float32."""

    def __init__(self, model: Any, *, first_step: int, every: int) -> None:
        self._first_step = first_step
        self._every = every
        self.count = 0
        self.means: dict[str, Any] = {}
        self._names = [name for name, p in model.named_parameters() if p.requires_grad]

    def update(self, step: int, model: Any) -> None:
        """Take in the weights after a step (steps count from 0)."""
        if step < self._first_step or (step - self._first_step) % self._every:
            return
        self.count += 1
        wanted = set(self._names)
        for name, parameter in model.named_parameters():
            if name in wanted:
                value = parameter.detach().float()
                if name in self.means:
                    self.means[name].lerp_(value, 1.0 / self.count)
                else:
                    self.means[name] = value.clone()

    def copy_into(self, model: Any) -> None:
        """Set the weights to their means; without any, leave them as they are."""
        import torch

        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if name in self.means:
                    parameter.copy_(self.means[name])

    @contextmanager
    def applied(self, model: Any) -> Iterator[None]:
        """The means in place of the weights, for a while."""
        import torch

        kept = {n: p.detach().clone() for n, p in model.named_parameters() if n in self.means}
        self.copy_into(model)
        try:
            yield
        finally:
            with torch.no_grad():
                for name, parameter in model.named_parameters():
                    if name in kept:
                        parameter.copy_(kept[name])


def save_checkpoint(
    folder: Path,
    step: int,
    accelerator: Any,
    recipe: Recipe,
    plan: Plan,
    average: Average,
    rows: list[dict[str, Any]],
) -> None:
    """Write weights, optimizer, random states, averages and log; keep the newest two."""
    import torch

    target = folder / f"{_PREFIX}{step:08d}"
    temp = folder / f".{target.name}.tmp"
    if accelerator.is_main_process:
        shutil.rmtree(temp, ignore_errors=True)
        temp.mkdir(parents=True)
    accelerator.wait_for_everyone()
    accelerator.save_state(str(temp), safe_serialization=False)
    torch.save(
        {"count": average.count, "means": average.means},
        temp / f"average-{accelerator.process_index}.pt",
    )
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        state = {"step": step, "fingerprint": _fingerprint(recipe, plan), "rows": rows}
        (temp / _STATE_FILE).write_text(json.dumps(state), encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        os.replace(temp, target)
        for old in sorted(folder.glob(f"{_PREFIX}*"))[:-2]:
            shutil.rmtree(old, ignore_errors=True)
    accelerator.wait_for_everyone()


def find_checkpoint(folder: Path) -> Path | None:
    """The newest complete checkpoint of a training folder."""
    found = sorted(path for path in folder.glob(f"{_PREFIX}*") if (path / _STATE_FILE).is_file())
    return found[-1] if found else None


def load_checkpoint(
    path: Path, accelerator: Any, recipe: Recipe, plan: Plan, average: Average
) -> tuple[int, list[dict[str, Any]]]:
    """Go back to a checkpoint: the next step and the log so far.

    Raises:
        TrainingError: it belongs to another recipe, data set or contract.
    """
    import torch

    state = json.loads((path / _STATE_FILE).read_text(encoding="utf-8"))
    if state["fingerprint"] != _fingerprint(recipe, plan):
        raise TrainingError(
            f"{path}: is of another recipe, other data or another contract, so this training "
            "cannot go on from it. Remove the folder's checkpoints, or take another --output"
        )
    accelerator.load_state(str(path))
    kept = torch.load(path / f"average-{accelerator.process_index}.pt", weights_only=True)
    average.count, average.means = kept["count"], kept["means"]
    return int(state["step"]), list(state["rows"])


def drop_checkpoints(folder: Path) -> None:
    """Remove the checkpoints of a training that is done."""
    for path in folder.glob(f"{_PREFIX}*"):
        shutil.rmtree(path, ignore_errors=True)


def _fingerprint(recipe: Recipe, plan: Plan) -> str:
    settings = asdict(recipe)
    # How often a checkpoint is written changes nothing in the training.
    settings.pop("checkpoint_every")
    return digest_of(
        {
            "recipe": settings,
            "contract": training_digest(),
            "keys": [item.key for item in plan.items],
            "n_steps": plan.n_steps,
        }
    )
