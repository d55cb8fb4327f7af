"""One writer a folder: locks that the system lets go of when a process dies."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from analytics.contract.errors import TrainingError

LOCK_FILE = ".lock"


def lock_file(file: Any, path: Path, *, writer: str) -> None:
    """Take an open file for this process alone, as long as it is open.

    Raises:
        TrainingError: another process has it; `writer` says what kind.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        raise TrainingError(
            f"{path}: another {writer} is writing it. Wait for it, or give another --output"
        ) from exc


@contextmanager
def lock_folder(folder: Path, *, writer: str) -> Iterator[None]:
    """Take a folder for this process alone; it is made if it is not there.

    Raises:
        TrainingError: another process has it, or it cannot be written.
    """
    make_folder(folder)
    try:
        file = (folder / LOCK_FILE).open("ab")
    except OSError as exc:
        raise _name_failure(folder, exc) from exc
    with file:
        lock_file(file, folder, writer=writer)
        yield


def make_folder(folder: Path) -> None:
    """Make a folder unless it is there.

    Raises:
        TrainingError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise _name_failure(folder, exc) from exc


def _name_failure(folder: Path, exc: OSError) -> TrainingError:
    return TrainingError(
        f"{folder}: cannot be written ({exc.strerror or exc}). Give another folder"
    )
