"""Which items form a step, and how processes share it: a function of seed and step alone."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from distillation.training.sequences import TrainingItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The order of training. Steps count from 0 over all epochs."""

    items: Sequence[TrainingItem]
    batch_size: int
    n_epochs: int
    seed: int

    @property
    def n_steps_per_epoch(self) -> int:
        """Steps of one epoch; the last one may be smaller."""
        return -(-len(self.items) // self.batch_size)

    @property
    def n_steps(self) -> int:
        """Steps of the whole training."""
        return self.n_steps_per_epoch * self.n_epochs

    def iterate(self, first_step: int = 0) -> Iterator[tuple[int, list[TrainingItem]]]:
        """Steps and their items from `first_step` on."""
        for epoch in range(first_step // self.n_steps_per_epoch, self.n_epochs):
            order = self._order(epoch)
            for n in range(self.n_steps_per_epoch):
                step = epoch * self.n_steps_per_epoch + n
                if step >= first_step:
                    yield step, order[n * self.batch_size : (n + 1) * self.batch_size]

    def _order(self, epoch: int) -> list[TrainingItem]:
        """All items, groups (pictures, posts) shuffled, the items of a group side by side.

        Aspects of one post then share its prefix in one pack.
        """
        groups: dict[str, list[TrainingItem]] = {}
        for item in self.items:
            groups.setdefault(item.example.group, []).append(item)
        generator = random.Random(f"{self.seed}/{epoch}")
        names = sorted(groups)
        generator.shuffle(names)
        return [item for name in names for item in groups[name]]


def share_items(items: Sequence[TrainingItem], rank: int, n_ranks: int) -> list[TrainingItem]:
    """A process's share of a step's items: runs of neighbours, so that prefixes stay shared."""
    start, stop = (len(items) * r // n_ranks for r in (rank, rank + 1))
    return list(items[start:stop])
