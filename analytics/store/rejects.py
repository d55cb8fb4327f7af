"""Rows of `rejects`: each fault is stored once, however often it is met."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import duckdb

from analytics.contract.records import Reject
from analytics.store.transactions import first_row, transaction


def insert_new_rejects(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    *,
    run_id: str,
    now: datetime,
    values: dict[str, Any] | None = None,
) -> int:
    """Store the rejects that a query gives and that are not stored yet; how many there were.

    The query gives source_file, line, stage, reason and raw, none of them null;
    `values` are its parameters.
    """
    row = first_row(
        connection.execute(
            f"""
            insert into rejects by name
            with found as (select distinct source_file, line, stage, reason, raw from ({query}))
            select *, $run_id as run_id, $now as rejected_at
            from found
            where not exists (
                select 1 from rejects
                where rejects.source_file = found.source_file
                    and rejects.line = found.line
                    and rejects.stage = found.stage
                    and rejects.reason = found.reason
                    and rejects.raw = found.raw
            )
            """,
            {**(values or {}), "run_id": run_id, "now": now},
        )
    )
    return int(row[0]) if row else 0


def replace_read_rejects(
    connection: duckdb.DuckDBPyConnection,
    source_file: str,
    rejects: Iterable[Reject],
    *,
    run_id: str,
    now: datetime,
) -> None:
    """Store what of a file could not be read, in place of what was stored of it."""
    with transaction(connection):
        connection.execute(
            "delete from rejects where source_file = ? and stage = 'read'", [source_file]
        )
        for reject in rejects:
            insert_new_rejects(
                connection,
                "select $file as source_file, $line as line, $stage as stage,"
                " $reason as reason, $raw as raw",
                run_id=run_id,
                now=now,
                values={
                    "file": source_file,
                    "line": reject.line,
                    "stage": reject.stage,
                    "reason": reject.reason,
                    "raw": reject.raw,
                },
            )
