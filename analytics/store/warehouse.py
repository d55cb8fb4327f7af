"""Opens the warehouse for writing, its snapshot for reading, and publishes it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from analytics.contract.errors import StoreError
from analytics.store.connections import clear_spills, connect
from analytics.store.lock import WriterLock
from analytics.store.migrations import migrate
from analytics.store.sql_files import build_models


def snapshot_path(warehouse: Path) -> Path:
    """Where readers find the last published state: `name.snapshot.duckdb`."""
    return warehouse.with_name(f"{warehouse.stem}.snapshot{warehouse.suffix or '.duckdb'}")


def in_flight_path(warehouse: Path) -> Path:
    """Where a run notes what it is judging: `name.duckdb.in-flight`."""
    return warehouse.with_name(f"{warehouse.name}.in-flight")


@contextmanager
def open_writer(
    path: Path,
    command: str,
    *,
    publishes: bool = True,
    rewrites: bool = False,
    creates: bool = True,
    memory_mb: int | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, locked and migrated, with its views; published as snapshot at a clean end.

    With `rewrites` the file is made anew before, so that nothing of deleted rows
    is left in it. Without `creates` it must be there. `memory_mb` is what DuckDB may use
    (MiB; None: see `connect`).

    Raises:
        WarehouseBusyError: another process holds it; the message names its pid.
        StoreError: it cannot be opened, is of a newer version, is no warehouse, or
            DuckDB failed (disk full, out of memory).
    """
    if not creates:
        check_exists(path)
    with WriterLock(path, command):
        for file in (path, snapshot_path(path)):
            clear_spills(file)
        try:
            with connect(path, read_only=False, memory_mb=memory_mb) as connection:
                try:
                    migrate(connection)
                except StoreError as exc:
                    raise StoreError(f"{path}: {exc}") from exc
                build_models(connection)
                yield connection
                if publishes or rewrites:
                    connection.execute("checkpoint")
        except duckdb.Error as exc:
            # The user's to mend, not ours.
            raise StoreError(
                f"{path}: the warehouse failed: {exc}. What was committed before is kept; mend"
                " the cause and run again."
            ) from exc
        if rewrites:
            rewrite_warehouse(path, memory_mb=memory_mb)
        if publishes:
            publish_snapshot(path)


def check_exists(path: Path) -> None:
    """Refuse a warehouse that is not there.

    Raises:
        StoreError: with what makes one.
    """
    if not path.exists():
        raise StoreError(
            f"{path}: no warehouse yet. Run `analytics run` (or `analytics ingest`) first, or name"
            " another configuration with --config."
        )


@contextmanager
def open_reader(path: Path, *, memory_mb: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """The last published snapshot, read-only; a writer does not disturb it.

    Raises:
        StoreError: nothing was published yet, or DuckDB's memory did not suffice.
    """
    snapshot = snapshot_path(path)
    if not snapshot.exists():
        raise StoreError(
            f"{snapshot}: no results yet. Run `analytics run` (or `analytics ingest`) first,"
            " or name another configuration with --config."
        )
    with connect(snapshot, read_only=True, memory_mb=memory_mb) as connection:
        yield connection


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
    try:
        with _replacement(target) as temporary:
            _copy(path, temporary)
    except OSError as exc:
        raise StoreError(f"{target}: the snapshot cannot be written: {exc}") from exc


def rewrite_warehouse(path: Path, *, memory_mb: int | None = None) -> None:
    """Replace the closed warehouse atomically by a fresh copy; the caller holds the lock.

    DuckDB keeps the blocks of deleted rows in its file as they are, and neither
    `checkpoint` nor `vacuum` writes over them.

    Raises:
        StoreError: no space for the copy; the warehouse stays as it is.
    """
    try:
        with _replacement(path) as temporary:
            with connect(temporary, read_only=False, memory_mb=memory_mb) as connection:
                name = str(path).replace("'", "''")
                connection.execute(f"attach '{name}' as old (read_only)")
                # The fresh file's own catalog name comes from its file name.
                fresh = connection.execute("select current_database()").fetchall()[0][0]
                quoted = str(fresh).replace('"', '""')
                connection.execute(f'copy from database old to "{quoted}"')
                connection.execute("detach old")
                connection.execute("checkpoint")
            _sync(temporary)
    except (OSError, duckdb.Error) as exc:
        raise StoreError(
            f"{path}: deleted rows are gone from its tables but their bytes may still be in the"
            f" file: it cannot be rewritten: {exc}. Free some space and run the command again."
        ) from exc


@contextmanager
def _replacement(target: Path) -> Iterator[Path]:
    """A temporary file beside `target` that takes its place at a clean end."""
    for left in target.parent.glob(f".{target.name}.*.tmp*"):
        left.unlink(missing_ok=True)  # of a process that was killed; we hold the lock
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
        temporary.with_name(f"{temporary.name}.wal").unlink(missing_ok=True)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


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
