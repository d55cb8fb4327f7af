"""What `analytics status` shows."""

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from analytics.contract.errors import StoreError, WarehouseBusyError
from analytics.store.connections import connect
from analytics.store.lock import WriterLock, read_holder
from analytics.store.runs import share_engine
from analytics.store.transactions import count_rows
from analytics.store.warehouse import check_exists, snapshot_path

_TABLES = ("posts", "media", "aspects", "predictions", "memo", "rejects", "gold")
_RUNS = 10


def read_status(warehouse: Path) -> dict[str, Any]:
    """Who writes, what is stored, the last runs.

    From the snapshot while someone writes, and where the warehouse cannot be locked
    (a folder that is read only, a full disk). A run without an end is shown as
    `died`: either nobody writes, or the snapshot was made after it.

    Raises:
        StoreError: there is no warehouse yet, or nothing of it can be read.
    """
    snapshot = snapshot_path(warehouse)
    found: dict[str, Any] = {
        "warehouse": str(warehouse),
        "snapshot": str(snapshot),
        "snapshot_at": (
            datetime.fromtimestamp(snapshot.stat().st_mtime, UTC).isoformat(timespec="seconds")
            if snapshot.exists()
            else None
        ),
        "writer": None,
        "read_from": str(warehouse),
        "rows": {},
        "runs": [],
    }
    check_exists(warehouse)
    lock = WriterLock(warehouse, "status")
    with ExitStack() as stack:
        try:
            # With the lock, no writer can open the file while it is read here.
            stack.enter_context(lock)
        except StoreError as exc:
            found["writer"] = read_holder(lock.path) or None
            found["read_from"] = str(snapshot) if snapshot.exists() else None
            if found["read_from"] is None:
                if isinstance(exc, WarehouseBusyError):
                    return found
                raise
        _read_into(found, Path(found["read_from"]))
    return found


def _read_into(found: dict[str, Any], source: Path) -> None:
    with connect(source, read_only=True) as connection:
        try:
            found["rows"] = {name: count_rows(connection, name) for name in _TABLES}
            found["runs"] = _read_runs(connection)
        except duckdb.CatalogException as exc:
            raise StoreError(f"{source}: not a warehouse of this program: {exc}") from exc


def _read_runs(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    cursor = connection.execute(
        "select * exclude (config_json)"
        " replace (if(status = 'running', 'died', status) as status)"
        " from runs order by started_at desc, run_id desc limit ?",
        [_RUNS],
    )
    names = [column[0] for column in cursor.description or []]
    rows = cursor.fetchall()
    found: list[dict[str, Any]] = [
        {
            name: value.isoformat(timespec="seconds") if isinstance(value, datetime) else value
            for name, value in zip(names, row, strict=True)
        }
        for row in rows
    ]
    # A warehouse that no writer of this version has opened yet lacks the newest columns.
    return [
        {**run, "share_engine": share_engine(run.get("infer_s"), run.get("engine_s"))}
        for run in found
    ]
