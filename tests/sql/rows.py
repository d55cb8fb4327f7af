"""Rows for warehouses of tests: a migrated database and functions that fill it."""

from datetime import UTC, datetime
from typing import Any

import duckdb

from analytics.contract.labels import LABELS
from analytics.store.migrations import migrate
from analytics.store.sql_files import build_models

MODEL_ID = "model-a"
DIGEST = "digest-a"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def make_database(path: str = ":memory:") -> duckdb.DuckDBPyConnection:
    """An empty warehouse with its views; in memory, unless a file is named."""
    connection = duckdb.connect(path)
    migrate(connection)
    build_models(connection)
    return connection


def insert(connection: duckdb.DuckDBPyConnection, table: str, **values: Any) -> None:
    """Insert one row."""
    names = ", ".join(values)
    marks = ", ".join("?" for _ in values)
    connection.execute(f"insert into {table} ({names}) values ({marks})", list(values.values()))


def add_post(connection: duckdb.DuckDBPyConnection, post_id: str, **values: Any) -> None:
    """A post; unless said otherwise of 2026-03-01, its text being its id."""
    platform, native_id = post_id.split(":", 1)
    text = values.pop("text", post_id)
    row = {
        "platform": platform,
        "native_id": native_id,
        "text": text,
        "clean_text": text,
        "source_file": "dump.jsonl",
        "source_line": 1,
        "run_id": "run-1",
        "created_at": NOON,
        "ingested_at": datetime(2026, 4, 1, tzinfo=UTC),
        **values,
    }
    insert(connection, "posts", post_id=post_id, **row)


def add_aspect(connection: duckdb.DuckDBPyConnection, post_id: str, aspect: str) -> None:
    """An aspect of a post."""
    insert(connection, "aspects", post_id=post_id, aspect=aspect, origin="config")


def add_picture(connection: duckdb.DuckDBPyConnection, post_id: str, **values: Any) -> None:
    """A usable picture of a post."""
    row = {
        "position": 0,
        "kind": "image",
        "status": "ok",
        "path": "pictures/one.jpg",
        "sha256": "00",
        **values,
    }
    insert(connection, "media", post_id=post_id, **row)


def use_model(connection: duckdb.DuckDBPyConnection, **values: Any) -> None:
    """Make a model the current one."""
    row = {
        "model_id": MODEL_ID,
        "name": MODEL_ID,
        "description": "a model of the tests",
        "is_distilled": True,
        "accepts_images": True,
        "first_used_at": NOON,
        **values,
    }
    insert(connection, "models", **row)
    insert(
        connection,
        "current_model",
        model_id=row["model_id"],
        result_digest=DIGEST,
        run_id="run-1",
    )


def add_prediction(
    connection: duckdb.DuckDBPyConnection,
    post_id: str,
    probabilities: tuple[float, float, float],
    **values: Any,
) -> None:
    """A prediction of the current model; the label is the most probable one."""
    aspect = values.get("aspect", "")
    found = connection.execute(
        "select content_key from int_items where post_id = ? and aspect = ?", [post_id, aspect]
    ).fetchall()
    row = {
        "aspect": aspect,
        "content_key": found[0][0] if found else "of no item",
        "model_id": MODEL_ID,
        "result_digest": DIGEST,
        "label": str(LABELS[probabilities.index(max(probabilities))]),
        "p_negative": probabilities[0],
        "p_neutral": probabilities[1],
        "p_positive": probabilities[2],
        "run_id": "run-1",
        "created_at": NOON,
        **values,
    }
    insert(connection, "predictions", post_id=post_id, **row)


def add_reject(connection: duckdb.DuckDBPyConnection, reason: str, **values: Any) -> None:
    """A reject."""
    row = {
        "source_file": "dump.jsonl",
        "line": 1,
        "stage": "parse",
        "raw": "",
        "run_id": "run-1",
        "rejected_at": NOON,
        **values,
    }
    insert(connection, "rejects", reason=reason, **row)


def add_run(connection: duckdb.DuckDBPyConnection, run_id: str, **values: Any) -> None:
    """A run that went well."""
    row = {
        "command": "run",
        "status": "done",
        "config_digest": "00",
        "config_json": '{"secret": "not for readers"}',
        "version": "0.1.0",
        "started_at": NOON,
        "ended_at": NOON,
        **values,
    }
    insert(connection, "runs", run_id=run_id, **row)
