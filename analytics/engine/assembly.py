"""Making a model folder once: whole or not at all, by one process at a time."""

import contextlib
import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from analytics.contract.errors import EngineError

logger = logging.getLogger(__name__)


def assemble_once(target: Path, build: Callable[[Path], None], *, needed_bytes: int) -> None:
    """Make `target` by `build(folder)` unless it is there.

    `build` fills a temporary folder beside the target, which is then renamed:
    a killed assembly leaves no target, and the next one removes its remains.

    Raises:
        EngineError: no space, no permission, or `build` raised it.
    """
    if target.is_dir():
        return
    temp_prefix = f".{target.name}.tmp-"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with locked(target.parent / f".{target.name}.lock"):
            if target.is_dir():  # another process made it while we waited
                return
            for remains in target.parent.glob(f"{temp_prefix}*"):
                shutil.rmtree(remains, ignore_errors=True)
            free = shutil.disk_usage(target.parent).free
            if free < needed_bytes:
                raise EngineError(
                    f"{target.parent}: {free // 2**20} MiB free, assembling {target.name} needs "
                    f"{needed_bytes // 2**20} MiB. Free some space, or set another cache folder"
                )
            temp = target.parent / f"{temp_prefix}{os.getpid()}"
            temp.mkdir()
            try:
                logger.info("assembling %s (once, some seconds)", target)
                build(temp)
                os.replace(temp, target)
            finally:
                shutil.rmtree(temp, ignore_errors=True)
    except OSError as exc:
        raise EngineError(
            f"{target}: cannot be made ({exc.strerror or exc}). "
            "Make the cache folder writable, or set another one"
        ) from exc


def hash_file(path: Path) -> str:
    """The sha256 of a file, as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an advisory lock; the system lets go of it when a process dies."""
    with path.open("w") as file:
        try:
            import fcntl
        except ImportError:  # no such locks on Windows: two assemblies cost time only
            yield
            return
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
