"""Checkpoints from which a training goes on exactly."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analytics.contract.errors import TrainingError
from distillation.training.identity import name_changes

_STATE_FILE = "training.json"
_PREFIX = "checkpoint-"


def save_checkpoint(
    folder: Path,
    step: int,
    accelerator: Any,
    identity: Mapping[str, Any],
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
    state = {"step": step, "identity": dict(identity), "rows": rows}
    try:
        accelerator.save_state(str(temp), safe_serialization=False)
        accelerator.wait_for_everyone()  # the slowest process still writes into the folder
        if accelerator.is_main_process:
            (temp / _STATE_FILE).write_text(json.dumps(state), encoding="utf-8")
            shutil.rmtree(target, ignore_errors=True)
            os.replace(temp, target)
    except (OSError, RuntimeError) as exc:  # torch tells of a full disk by a RuntimeError
        shutil.rmtree(temp, ignore_errors=True)
        raise TrainingError(
            f"{target}: the checkpoint cannot be written ({str(exc).splitlines()[0]}). Make room; "
            "the same command then goes on from the checkpoint before"
        ) from exc
    if accelerator.is_main_process:
        for old in sorted(folder.glob(f"{_PREFIX}*"))[:-2]:
            shutil.rmtree(old, ignore_errors=True)
    accelerator.wait_for_everyone()


def find_checkpoint(folder: Path) -> Path | None:
    """The newest complete checkpoint of a training folder."""
    found = sorted(path for path in folder.glob(f"{_PREFIX}*") if (path / _STATE_FILE).is_file())
    return found[-1] if found else None


def load_checkpoint(
    path: Path, accelerator: Any, identity: Mapping[str, Any]
) -> tuple[int, list[dict[str, Any]]]:
    """Go back to a checkpoint: the next step and the log so far.

    Raises:
        TrainingError: it belongs to another training, or is damaged.
    """
    try:
        state = json.loads((path / _STATE_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise _name_damage(path, exc) from exc
    if changes := name_changes(state.get("identity", {}), identity):
        raise TrainingError(
            f"{path}: is of a training with another {changes}, so this one cannot go on from it. "
            "Remove the folder's checkpoints, or give another --output"
        )
    try:
        accelerator.load_state(str(path))
    except Exception as exc:  # torch and pickle tell of a damaged file in many ways
        raise _name_damage(path, exc) from exc
    return int(state["step"]), list(state["rows"])


def _name_damage(path: Path, exc: Exception) -> TrainingError:
    reason = next(iter(str(exc).splitlines()), "")
    return TrainingError(
        f"{path}: the checkpoint is damaged ({type(exc).__name__}: {reason}). Remove it: the same "
        "command then goes on from the one before, if there is one, or begins anew"
    )


def drop_checkpoints(folder: Path) -> None:
    """Remove the checkpoints of a training that is done."""
    for path in folder.glob(f"{_PREFIX}*"):
        shutil.rmtree(path, ignore_errors=True)
