"""Digests of files that were hashed, good as long as their sizes and times stay."""

import duckdb

from analytics.store.transactions import first_row


def recall_digest(connection: duckdb.DuckDBPyConnection, name: str, state: str) -> str | None:
    """The digest that a file had in this state; None if it was not hashed in it."""
    row = first_row(
        connection.execute(
            "select content_digest from file_digests where source_file = ? and file_state = ?",
            [name, state],
        )
    )
    return None if row is None else str(row[0])


def remember_digest(
    connection: duckdb.DuckDBPyConnection, name: str, state: str, digest: str
) -> None:
    """Put a file's digest in the place of the one before."""
    connection.execute(
        "insert or replace into file_digests values (?, ?, ?)", [name, state, digest]
    )
