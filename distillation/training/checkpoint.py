"""Checkpoints from which a training goes on exactly."""

import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from analytics.contract.digests import digest_of, training_digest
from analytics.contract.errors import TrainingError
from distillation.training.batches import Plan
from distillation.training.recipe import Recipe

_STATE_FILE = "training.json"
_PREFIX = "checkpoint-"


def save_checkpoint(
    folder: Path,
    step: int,
    accelerator: Any,
    recipe: Recipe,
    plan: Plan,
    rows: list[dict[str, Any]],
) -> None:
    """Write weights, optimizer, random states and log; keep the newest two.

    What else was registered with the accelerator is saved by it.

    Raises:
        TrainingError: it cannot be written, and nothing is left of it.
    """
    target = folder / f"{_PREFIX}{step:08d}"
    temp = folder / f".{target.name}.tmp"
    if accelerator.is_main_process:
        shutil.rmtree(temp, ignore_errors=True)
        temp.mkdir(parents=True)
    accelerator.wait_for_everyone()
    try:
        accelerator.save_state(str(temp), safe_serialization=False)
    except (OSError, RuntimeError) as exc:  # torch tells of a full disk by a RuntimeError
        shutil.rmtree(temp, ignore_errors=True)
        raise TrainingError(
            f"{target}: the checkpoint cannot be written ({str(exc).splitlines()[0]}). Make room; "
            "the same command then goes on from the checkpoint before"
        ) from exc
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
    path: Path, accelerator: Any, recipe: Recipe, plan: Plan
) -> tuple[int, list[dict[str, Any]]]:
    """Go back to a checkpoint: the next step and the log so far.

    Raises:
        TrainingError: it belongs to another recipe, data set or contract.
    """
    state = json.loads((path / _STATE_FILE).read_text(encoding="utf-8"))
    if state["fingerprint"] != _fingerprint(recipe, plan):
        raise TrainingError(
            f"{path}: is of another recipe, other data or another contract, so this training "
            "cannot go on from it. Remove the folder's checkpoints, or take another --output"
        )
    accelerator.load_state(str(path))
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
