"""Folders that are there whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from analytics.contract.errors import TrainingError


@contextmanager
def fill_folder(output: Path) -> Iterator[Path]:
    """A folder beside `output` to be filled, which takes its place when the block ends well.

    Half a model must not pass for one, nor a new model under the papers of another.

    Raises:
        TrainingError: `output` is a file, or a folder that is not empty.
        OSError: the folder cannot be made or put in its place.
    """
    if output.is_file() or (output.exists() and any(output.iterdir())):
        raise TrainingError(f"{output}: is a file, or a folder that is not empty. Give a new one")
    temp = output.with_name(f".{output.name}.tmp-{os.getpid()}")
    try:
        temp.mkdir(parents=True)
        yield temp
        if output.is_dir():
            output.rmdir()
        os.replace(temp, output)
    finally:
        shutil.rmtree(temp, ignore_errors=True)
