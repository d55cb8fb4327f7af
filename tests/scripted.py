"""A scripted engine and small makers, for tests at the engine's seam."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from analytics.contract.engine import EngineFacts, LabelReply, TextReply
from analytics.contract.errors import EngineError
from analytics.contract.labels import LABELS, label_of
from analytics.contract.prompts import render_target
from analytics.contract.records import Deletion, Ignored, Item, Post, Rationale, Reject
from analytics.store.aspects import AspectRule
from analytics.store.merge import MergeCounts, SourceFile, merge_staged
from analytics.store.runs import Run, start_run
from analytics.store.staging import Staging

NOW = datetime(2026, 3, 20, 6, 0, tzinfo=UTC)
KEY = b"k" * 32


class ScriptedEngine:
    """Labels follow from a hash of the content; counts its calls; may fail on texts."""

    def __init__(
        self,
        *,
        fails_on: str | None = None,
        failure: str = "scripted failure",
        on_label: Callable[[int], None] = lambda n: None,
        max_calls: int = 1,
    ) -> None:
        self.facts = EngineFacts(
            name="scripted",
            version="1",
            model_id="scripted@0",
            device="none",
            dtype="none",
            accepts_images=True,
            max_calls=max_calls,
        )
        self.labelled: list[str] = []
        self.rationalized: list[str] = []
        self.is_closed = False
        self._fails_on = fails_on
        self._failure = failure
        self._on_label = on_label

    def label(self, items: Sequence[Item]) -> list[LabelReply]:
        self._check(items)
        self._on_label(len(self.labelled))
        self.labelled += [item.content_key for item in items]
        return [LabelReply(probabilities=probabilities_of(item)) for item in items]

    def rationalize(self, items: Sequence[Item]) -> list[TextReply]:
        self._check(items)
        self.rationalized += [item.content_key for item in items]
        return [self._reply(item) for item in items]

    def close(self) -> None:
        self.is_closed = True

    def _check(self, items: Sequence[Item]) -> None:
        if self._fails_on and any(self._fails_on in item.text for item in items):
            raise EngineError(self._failure)

    def _reply(self, item: Item) -> TextReply:
        rationale = Rationale(
            text_analysis=f"It says {len(item.text)} letters.",
            image_analysis="A picture." if item.image_path else "",
            conflict_resolution="None.",
            final_conclusion="So it is.",
            label=label_of(probabilities_of(item)),
        )
        return TextReply(
            text=render_target(rationale),
            finish_reason="stop",
            n_prompt_tokens=9,
            n_output_tokens=7,
        )


class Listening:
    """A connection that notes the statements it is given."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self.statements: list[str] = []

    def execute(self, statement: str, *values: Any) -> duckdb.DuckDBPyConnection:
        self.statements.append(statement)
        return self._connection.execute(statement, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def probabilities_of(item: Item) -> tuple[float, float, float]:
    """Probabilities that follow from the content alone."""
    digest = hashlib.sha256(item.content_key.encode()).digest()
    weights = [1 + digest[i] for i in range(len(LABELS))]
    total = sum(weights)
    return weights[0] / total, weights[1] / total, weights[2] / total


def make_post(native_id: str, text: str = "Hello", **values: Any) -> Post:
    """A post of platform `test` with sensible values."""
    values.setdefault("created_at", datetime(2026, 3, 2, 12, 0, tzinfo=UTC))
    values.setdefault("line", 1)
    values.setdefault("platform", "test")
    return Post(native_id=native_id, text=text, **values)


def store_posts(
    connection: duckdb.DuckDBPyConnection,
    records: Sequence[Post | Reject | Ignored | Deletion],
    *,
    name: str = "dump.jsonl",
    rules: tuple[AspectRule, ...] = (),
    run_id: str = "run-1",
    folder: Path = Path("/"),
    **merging: Any,
) -> MergeCounts:
    """Stage and merge records as one file, whose pictures may lie below `folder`."""
    staging = Staging(connection, KEY)
    for record in records:
        staging.add(record)
    staging.flush()
    return merge_staged(
        connection,
        staging,
        file=SourceFile(
            name=name,
            folder=str(folder),
            content_digest="c",
            reading_digest="r",
            connector="test",
            n_bytes=1,
        ),
        rules=rules,
        author_key=KEY,
        run_id=run_id,
        now=NOW,
        **merging,
    )


def new_run(connection: duckdb.DuckDBPyConnection, command: str = "infer") -> Run:
    """A run that has just begun."""
    return start_run(connection, command=command, config_json={}, config_digest="d")


def rows(connection: duckdb.DuckDBPyConnection, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    return connection.execute(sql, list(values)).fetchall()


def scalar(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    """The one value of a query."""
    return rows(connection, sql)[0][0]


def write_config(folder: Path, text: str) -> Path:
    """An analytics.toml in a folder."""
    path = folder / "analytics.toml"
    path.write_text(text, encoding="utf-8")
    return path
