"""Small helpers over a DuckDB connection."""

from collections.abc import Iterator
from contextlib import contextmanager

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


def count_rows(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    """The number of rows of a table or of `table where ...`."""
    row = connection.execute(f"select count(*) from {source}").fetchone()
    return int(row[0]) if row else 0
