"""The tables of estimates and the figures of the model, in the warehouse."""

from collections.abc import Iterable

import duckdb
import polars as pl

from analytics.store.transactions import count_rows, first_row, transaction

TABLES = ("sentiment_estimates", "prevalence_estimates")


def replace_estimates(
    connection: duckdb.DuckDBPyConnection, table: str, frames: Iterable[pl.DataFrame]
) -> int:
    """Put rows in the place of those of before; how many there are.

    Frames are written one by one: together they may take gigabytes.
    """
    with transaction(connection):
        connection.execute(f"delete from {table}")
        for frame in frames:
            if frame.is_empty():
                continue
            connection.register("new_estimates", frame)
            try:
                connection.execute(f"insert into {table} by name select * from new_estimates")
            finally:
                connection.unregister("new_estimates")
    return count_rows(connection, table)


def read_model_errors(connection: duckdb.DuckDBPyConnection) -> str | None:
    """The JSON of the current model's errors, or None."""
    row = first_row(
        connection.execute(
            "select models.errors from current_model inner join models using (model_id)"
        )
    )
    return None if row is None or row[0] is None else str(row[0])
