"""What a training is made of, as digests: only the same one may go on from a checkpoint."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from analytics.contract.digests import digest_of, training_digest
from distillation.training.recipe import Recipe
from distillation.training.sequences import TrainingItem

_NAMES = {
    "recipe": "recipe or seed",
    "contract": "contract",
    "data": "data or rationales",
    "base": "base model",
    "assistant": "assistant",
    "soft_labels": "soft labels",
    "n_processes": "number of processes",
}


def describe_training(
    recipe: Recipe,
    items: Sequence[TrainingItem],
    *,
    n_processes: int,
    sources: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """All that decides what a training gives. `sources` are ids of models and soft labels."""
    settings = asdict(recipe)
    # How often a checkpoint is written changes nothing in the training.
    settings.pop("checkpoint_every")
    data = [
        [
            item.key,
            item.example.item.content_key,
            item.example.label,
            item.example.group,  # decides the order
            asdict(item.rationale) if item.rationale is not None else None,
        ]
        for item in items
    ]
    return {
        "recipe": digest_of(settings),
        "contract": training_digest(),
        "data": digest_of(data),
        "n_processes": n_processes,
        **(sources or {}),
    }


def name_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """In words, what differs between two descriptions; '' if nothing does."""
    names = dict.fromkeys([*_NAMES, *sorted({*before, *now})])
    return ", ".join(_NAMES.get(n, n) for n in names if before.get(n) != now.get(n))
