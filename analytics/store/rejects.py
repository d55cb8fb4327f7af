"""Rows of `rejects`: each fault is stored once, however often it is met."""

from datetime import datetime
from typing import Any

import duckdb

from analytics.store.transactions import first_row


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
