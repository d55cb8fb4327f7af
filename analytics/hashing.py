"""The digest of a dump's bytes, which are read only where they may have changed."""

import hashlib
import stat
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from analytics.contract.digests import digest_of
from analytics.contract.errors import ConnectorError
from analytics.store.file_digests import recall_digest, remember_digest

_BLOCK_BYTES = 4 * 1024 * 1024
# Times of files come in steps, of 2 s at the coarsest (FAT): a later change may show none.
_STEP_NS = 3_000_000_000


def digest_files(
    connection: duckdb.DuckDBPyConnection,
    paths: Sequence[Path],
    *,
    is_stopped: Callable[[], bool],
    rereads: bool,
) -> str:
    """The sha256 of the content of some files, one behind the other.

    Files of the size, times and place on disk that they had when they were hashed last are
    not read, unless `rereads`. The time of the last change of a file (ctime) is the system's:
    no program that keeps or sets the times of what it writes (cp -p, rsync, tar) sets it.

    Raises:
        ConnectorError: one cannot be read, or is no regular file.
        KeyboardInterrupt: the user stopped it.
    """
    name = str(paths[0])
    state = _describe_state(paths)
    if state is not None and not rereads:
        known = recall_digest(connection, name, state)
        if known is not None:
            return known
    digest = _hash(paths, is_stopped)
    if state is not None and state == _describe_state(paths):
        remember_digest(connection, name, state, digest)
    return digest


def _describe_state(paths: Sequence[Path]) -> str | None:
    """Sizes, times and places on disk; None where a change might not show in them."""
    now = time.time_ns()
    found = []
    for path in paths:
        try:
            seen = path.stat()
        except OSError:  # reading it says so
            return None
        newest = max(seen.st_mtime_ns, seen.st_ctime_ns)
        if min(seen.st_mtime_ns, seen.st_ctime_ns) <= 0 or newest > now - _STEP_NS:
            return None
        found.append(
            [
                str(path),
                seen.st_size,
                *(seen.st_mtime_ns, seen.st_ctime_ns),
                *(seen.st_dev, seen.st_ino),
            ]
        )
    return digest_of(found)


def _hash(paths: Sequence[Path], is_stopped: Callable[[], bool]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        try:
            if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe waits for its writer
                raise ConnectorError(f"{path}: not a regular file; name a file")
            with path.open("rb") as file:
                while block := file.read(_BLOCK_BYTES):
                    digest.update(block)
                    if len(block) == _BLOCK_BYTES and is_stopped():
                        raise KeyboardInterrupt
        except OSError as exc:
            raise ConnectorError(f"{path}: cannot be read: {exc.strerror or exc}") from exc
    return digest.hexdigest()
