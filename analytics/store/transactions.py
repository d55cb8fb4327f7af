"""Small helpers over a DuckDB connection."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing: commit at the end, roll back on any exception."""
    connection.execute("begin")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise


def first_row(cursor: duckdb.DuckDBPyConnection) -> tuple[Any, ...] | None:
    """The first row of a result, or None.

    All of a result is fetched: an open one owns its connection in DuckDB 2, and
    the next `register` would fail.
    """
    rows = cursor.fetchall()
    return rows[0] if rows else None


def count_rows(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    """The number of rows of a table or of `table where ...`."""
    row = first_row(connection.execute(f"select count(*) from {source}"))
    return int(row[0]) if row else 0
