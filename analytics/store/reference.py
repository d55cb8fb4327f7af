"""The reference of the current model, kept with the warehouse that it judges."""

import json
from collections.abc import Mapping

import duckdb

from analytics.store.settings import read_setting, write_setting
from analytics.store.transactions import first_row


def store_reference(
    connection: duckdb.DuckDBPyConnection, model_id: str, reference: Mapping[str, list[float]]
) -> None:
    """Remember the histograms of a model; {} where its folder has none."""
    write_setting(connection, f"reference:{model_id}", json.dumps(reference, sort_keys=True))


def load_reference(connection: duckdb.DuckDBPyConnection) -> dict[str, list[float]]:
    """The histograms of the current model, by feature; {} where it has none."""
    row = first_row(connection.execute("select model_id from current_model"))
    text = read_setting(connection, f"reference:{row[0]}") if row else None
    found: dict[str, list[float]] = json.loads(text) if text else {}
    return found
