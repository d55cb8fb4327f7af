"""Values that the warehouse remembers by name, in the table `settings`."""

import duckdb

from analytics.store.transactions import first_row


def read_setting(connection: duckdb.DuckDBPyConnection, key: str) -> str | None:
    """The value, or None if there is none yet."""
    row = first_row(connection.execute("select value from settings where key = ?", [key]))
    return None if row is None else str(row[0])


def write_setting(connection: duckdb.DuckDBPyConnection, key: str, value: str) -> None:
    """Put a value in the place of the one before."""
    connection.execute("insert or replace into settings values (?, ?)", [key, value])
