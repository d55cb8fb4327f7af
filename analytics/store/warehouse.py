"""Opens the warehouse for writing, its snapshot for reading, and publishes it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from analytics.contract.errors import StoreError, WarehouseBusyError
from analytics.store.lock import WriterLock
from analytics.store.migrations import migrate
from analytics.store.sql_files import build_models


def snapshot_path(warehouse: Path) -> Path:
    """Where readers find the last published state: `name.snapshot.duckdb`."""
    return warehouse.with_name(f"{warehouse.stem}.snapshot{warehouse.suffix or '.duckdb'}")


@contextmanager
def open_writer(
    path: Path, command: str, *, publishes: bool = True
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, locked and migrated, with its views; published as snapshot at a clean end.

    Raises:
        WarehouseBusyError: another process holds it; the message names its pid.
        StoreError: it cannot be opened, is of a newer version, or is no warehouse.
    """
    with WriterLock(path, command):
        connection = connect(path, read_only=False)
        try:
            migrate(connection)
            build_models(connection)
            yield connection
            if publishes:
                connection.execute("checkpoint")
        finally:
            connection.close()
        if publishes:
            publish_snapshot(path)


@contextmanager
def open_reader(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The last published snapshot, read-only; a writer does not disturb it.

    Raises:
        StoreError: nothing was published yet.
    """
    snapshot = snapshot_path(path)
    if not snapshot.exists():
        raise StoreError(
            f"{snapshot}: no results yet. Run `analytics run` (or `analytics ingest`) first,"
            " or name another configuration with --config."
        )
    connection = connect(snapshot, read_only=True)
    try:
        yield connection
    finally:
        connection.close()


def publish_snapshot(path: Path) -> None:
    """Replace the snapshot atomically by a copy of the closed warehouse.

    Raises:
        StoreError: no space for the copy; the old snapshot stays as it is.
    """
    target = snapshot_path(path)
    size = path.stat().st_size
    free = shutil.disk_usage(path.parent).free
    if free < size:
        raise StoreError(
            f"{target}: a snapshot needs {size:,} bytes and {free:,} are free. The results are"
            f" stored in {path}; free some space and run `analytics marts` to publish them."
        )
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    for left in target.parent.glob(f".{target.name}.*.tmp"):
        left.unlink(missing_ok=True)  # of a process that was killed; we hold the lock
    try:
        _copy(path, temporary)
        os.replace(temporary, target)
    except OSError as exc:
        raise StoreError(f"{target}: the snapshot cannot be written: {exc}") from exc
    finally:
        temporary.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    """Copy and sync; the kernel shares the blocks where the file system can."""
    with source.open("rb") as reader, target.open("wb") as writer:
        left = os.fstat(reader.fileno()).st_size
        while left > 0:
            try:
                n_copied = os.copy_file_range(reader.fileno(), writer.fileno(), left)
            except (OSError, AttributeError):  # across file systems, or not supported
                shutil.copyfileobj(reader, writer, 1024 * 1024)
                break
            if n_copied == 0:
                break
            left -= n_copied
        writer.flush()
        os.fsync(writer.fileno())


def connect(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    try:
        connection = duckdb.connect(str(path), read_only=read_only)
    except duckdb.Error as exc:
        text = str(exc)
        if "Could not set lock" in text or "Conflicting lock" in text:
            raise WarehouseBusyError(
                f"{path}: another program has the warehouse open: {text.splitlines()[0]}"
            ) from exc
        raise StoreError(f"{path}: cannot be opened as a DuckDB file: {text}") from exc
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set preserve_insertion_order = true")
    return connection
