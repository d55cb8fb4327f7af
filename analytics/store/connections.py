"""Opens DuckDB files with a limit of memory, beyond which DuckDB spills to a folder beside them."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from analytics.contract.errors import StoreError, WarehouseBusyError
from analytics.store.transactions import first_row

_MB_A_CORE = 256
_LEAST_MB = 512


@contextmanager
def connect(
    path: Path, *, read_only: bool, memory_mb: int | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that is closed at the end, with UTC and a limit of memory.

    `memory_mb` (MiB) limits what DuckDB buffers; None is 256 a core, at least 512. Each
    256 of it allow one thread.
    What DuckDB needs beyond it goes to a folder beside the file, one for each process.

    Raises:
        WarehouseBusyError: another program has the file open.
        StoreError: it is no DuckDB file, or its memory did not suffice.
    """
    connection = _open(path, read_only=read_only)
    try:
        n_cores = _count_cores(connection)
        limit = memory_mb or max(_LEAST_MB, _MB_A_CORE * n_cores)
        connection.execute(f"set memory_limit = '{limit:d}MiB'")
        # A sort that spills needs room for each of its threads.
        connection.execute(f"set threads = {max(1, min(n_cores, limit // _MB_A_CORE)):d}")
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set preserve_insertion_order = true")
        try:
            yield connection
        except duckdb.OutOfMemoryException as exc:
            reason = str(exc).splitlines()[0].rstrip(".")
            raise StoreError(
                f"{path}: the {limit} MiB that DuckDB may use do not suffice, or there is no room"
                f" to spill to beside the file: {reason}. Give it more by [warehouse] memory_mb,"
                " or free some disk space. What was committed before is kept; run again."
            ) from exc
    finally:
        connection.close()


def clear_spills(path: Path) -> None:
    """Remove what processes that were killed have spilled beside a file; its writer calls this."""
    for folder in path.parent.glob(f"{path.name}.*.spill"):
        pid = folder.name.removeprefix(f"{path.name}.").removesuffix(".spill")
        if pid.isdecimal() and not _is_running(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


def _open(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    # DuckDB's own default is one folder for all processes, whose readers would meet there.
    spills = path.with_name(f"{path.name}.{os.getpid()}.spill")
    try:
        return duckdb.connect(
            str(path), read_only=read_only, config={"temp_directory": str(spills)}
        )
    except duckdb.Error as exc:
        text = str(exc)
        if "Could not set lock" in text or "Conflicting lock" in text:
            raise WarehouseBusyError(
                f"{path}: another program has the warehouse open: {text.splitlines()[0]}"
            ) from exc
        raise StoreError(f"{path}: cannot be opened as a DuckDB file: {text}") from exc


def _count_cores(connection: duckdb.DuckDBPyConnection) -> int:
    # DuckDB counts those that a container may use.
    row = first_row(connection.execute("select current_setting('threads')"))
    return int(row[0]) if row else 1


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # of another user
        return True
    return True
