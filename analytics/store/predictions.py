"""The plan of an inference run, its memo, and the predictions, in DuckDB.

A plan is a set of temporary tables: `plan_contents` holds the distinct contents
that the engine must judge, numbered in a fixed order, and `plan_targets` the
items that each of them answers. Chunks are ranges of these numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from analytics.contract.records import Item, Rationale, Verdict
from analytics.store.rejects import insert_new_rejects
from analytics.store.transactions import count_rows, first_row, transaction

_SAID = (
    "label, text_analysis, image_analysis, conflict_resolution, final_conclusion, rationale_label,"
    " rationale_status, p_negative, p_neutral, p_positive, contradicts_label"
)
_TEXT_COLUMNS = (
    "content_key",
    "label",
    "text_analysis",
    "image_analysis",
    "conflict_resolution",
    "final_conclusion",
    "rationale_label",
    "rationale_status",
)
_VERDICTS = pa.schema(
    [(name, pa.string()) for name in _TEXT_COLUMNS]
    + [(name, pa.float64()) for name in ("p_negative", "p_neutral", "p_positive")]
    + [("contradicts_label", pa.bool_())]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultKey:
    """Whose results: one model under one contract; `run_id` writes them."""

    model_id: str
    result_digest: str
    run_id: str

    @property
    def parameters(self) -> dict[str, Any]:
        """Values for $model and $digest."""
        return {"model": self.model_id, "digest": self.result_digest}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What there is to do.

    `count_items` items lack a prediction, `count_memo_hits` of them were filled
    from the memo, and the rest come down to `count_contents` distinct contents, of
    which those in `failed_before` could not be judged by an earlier run. All items,
    with and without a prediction, have `count_all_contents` contents.
    """

    count_items: int
    count_memo_hits: int
    count_contents: int
    count_all_contents: int
    failed_before: frozenset[str]
    has_replacements: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFault:
    """An item that could not be judged, and why."""

    content_key: str
    reason: str


def make_plan(
    connection: duckdb.DuckDBPyConnection,
    key: ResultKey,
    *,
    post_level: bool,
    with_rationales: bool,
) -> Plan:
    """Fill predictions from the memo and number the contents that are left."""
    is_complete = "and rationale_status is not null" if with_rationales else ""
    with transaction(connection):
        connection.execute(
            "insert or replace into settings values ('post_level', ?)", [str(post_level).lower()]
        )
        connection.execute(
            "create or replace temp table plan_items as"
            " select post_id, aspect, content_key, clean_text, image_sha256, image_path"
            " from int_items"
        )
        count_all_contents = count_rows(connection, "(select distinct content_key from plan_items)")
        # Predictions of edited posts and dropped aspects are out of date; the
        # memo still holds what the model said of their contents.
        connection.execute(
            """
            delete from predictions
            where model_id = $model and result_digest = $digest
                and (post_id, aspect, content_key) not in (
                    select (post_id, aspect, content_key) from plan_items
                )
            """,
            key.parameters,
        )
        connection.execute(
            f"""
            delete from plan_items
            where (post_id, aspect) in (
                select (post_id, aspect) from predictions
                where model_id = $model and result_digest = $digest {is_complete}
            )
            """,
            key.parameters,
        )
        connection.execute(
            f"""
            create or replace temp table known_contents as
            select * from memo
            where model_id = $model and result_digest = $digest {is_complete}
                and content_key in (select content_key from plan_items)
            """,
            key.parameters,
        )
        count_items = count_rows(connection, "plan_items")
        has_replacements = with_rationales and _has_bare_labels(connection, key)
        if has_replacements:
            _delete_replaced(connection, key, "plan_items", "known_contents")
        count_memo_hits = _insert_predictions(connection, key, "plan_items", "known_contents")
        connection.execute(
            """
            create or replace temp table plan_contents as
            select
                row_number() over (
                    order by clean_text, image_sha256 nulls first, aspect, content_key
                ) - 1 as position,
                *,
            from (
                select content_key, aspect, any_value(clean_text) as clean_text,
                    any_value(image_sha256) as image_sha256, any_value(image_path) as image_path,
                from plan_items
                where content_key not in (select content_key from known_contents)
                group by content_key, aspect
            )
            order by position
            """
        )
        # Sorted by position, so that a chunk reads its own rows only.
        connection.execute(
            """
            create or replace temp table plan_targets as
            select plan_contents.position, plan_items.post_id, plan_items.aspect,
                plan_items.content_key
            from plan_items
            inner join plan_contents on plan_items.content_key = plan_contents.content_key
            order by plan_contents.position
            """
        )
        failed_before = _heal_answered(connection)
    return Plan(
        count_items=count_items,
        count_memo_hits=count_memo_hits,
        count_contents=count_rows(connection, "plan_contents"),
        count_all_contents=count_all_contents,
        failed_before=failed_before,
        has_replacements=has_replacements,
    )


def read_chunk(
    connection: duckdb.DuckDBPyConnection, first: int, end: int, data_dir: Path
) -> list[Item]:
    """The planned contents numbered from `first` up to `end`, in order."""
    rows = connection.execute(
        "select content_key, clean_text, aspect, image_sha256, image_path from plan_contents"
        " where position >= ? and position < ? order by position",
        [first, end],
    ).fetchall()
    return [
        Item(
            content_key=content_key,
            text=text,
            aspect=aspect,
            image_sha256=sha256,
            image_path=data_dir / path if path else None,
        )
        for content_key, text, aspect, sha256, path in rows
    ]


def commit_chunk(
    connection: duckdb.DuckDBPyConnection,
    key: ResultKey,
    plan: Plan,
    *,
    first: int,
    end: int,
    verdicts: Sequence[Verdict],
    faults: Sequence[ItemFault],
) -> None:
    """Store a chunk's verdicts, predictions and rejects in one transaction."""
    rows = [_to_row(verdict) for verdict in verdicts]
    connection.register("verdicts", pa.Table.from_pylist(rows, schema=_VERDICTS))
    try:
        with transaction(connection):
            connection.execute(
                "create or replace temp table chunk_targets as select * from plan_targets"
                f" where position >= {first:d} and position < {end:d}"
            )
            if plan.has_replacements:
                connection.execute(
                    "delete from memo where model_id = $model and result_digest = $digest"
                    " and content_key in (select content_key from verdicts)",
                    key.parameters,
                )
                _delete_replaced(connection, key, "chunk_targets", "verdicts")
            connection.execute(
                "insert into memo by name select *, $model as model_id, $digest as result_digest,"
                " $run_id as run_id, $now as created_at from verdicts",
                {**key.parameters, "run_id": key.run_id, "now": datetime.now(UTC)},
            )
            _insert_predictions(connection, key, "chunk_targets", "verdicts")
            if plan.failed_before:
                connection.execute(
                    "delete from rejects where stage = 'infer' and raw in ("
                    "select post_id || ' ' || aspect from chunk_targets"
                    " where content_key in (select content_key from verdicts))"
                )
            for fault in faults:
                _reject_items(connection, key, fault)
    finally:
        connection.unregister("verdicts")


def set_current_model(
    connection: duckdb.DuckDBPyConnection, key: ResultKey, *, only_if_none: bool = False
) -> None:
    """Make a model and contract the ones that marts show."""
    if only_if_none and count_rows(connection, "current_model"):
        return
    with transaction(connection):
        connection.execute("delete from current_model")
        connection.execute(
            "insert into current_model values (?, ?, ?)",
            [key.model_id, key.result_digest, key.run_id],
        )


def store_model(
    connection: duckdb.DuckDBPyConnection,
    *,
    model_id: str,
    name: str,
    description: str,
    is_distilled: bool,
    accepts_images: bool,
) -> None:
    """Remember how a model is named and described."""
    connection.execute(
        "insert or replace into models values (?, ?, ?, ?, ?,"
        " coalesce((select first_used_at from models where model_id = ?), ?))",
        [
            model_id,
            name,
            description,
            is_distilled,
            accepts_images,
            model_id,
            datetime.now(UTC),
        ],
    )


def _has_bare_labels(connection: duckdb.DuckDBPyConnection, key: ResultKey) -> bool:
    """Whether results without a rationale exist, from a run that wanted none."""
    row = first_row(
        connection.execute(
            "select 1 from memo where model_id = $model and result_digest = $digest"
            " and rationale_status is null limit 1",
            key.parameters,
        )
    )
    return row is not None


def _delete_replaced(
    connection: duckdb.DuckDBPyConnection, key: ResultKey, targets: str, contents: str
) -> None:
    connection.execute(
        f"""
        delete from predictions
        where model_id = $model and result_digest = $digest and (post_id, aspect) in (
            select (post_id, aspect) from {targets}
            where content_key in (select content_key from {contents})
        )
        """,
        key.parameters,
    )


def _insert_predictions(
    connection: duckdb.DuckDBPyConnection, key: ResultKey, targets: str, contents: str
) -> int:
    row = first_row(
        connection.execute(
            f"""
        insert into predictions by name
        select targets.post_id, targets.aspect, targets.content_key, $model as model_id,
            $digest as result_digest, {_SAID}, $run_id as run_id, $now as created_at,
        from {targets} as targets
        inner join {contents} as contents on targets.content_key = contents.content_key
        """,
            {**key.parameters, "run_id": key.run_id, "now": datetime.now(UTC)},
        )
    )
    return int(row[0]) if row else 0


def _heal_answered(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Forget the faults of items that need no engine any more; the contents of the others."""
    if not count_rows(connection, "rejects where stage = 'infer'"):
        return frozenset()
    connection.execute(
        "delete from rejects where stage = 'infer' and raw not in"
        " (select post_id || ' ' || aspect from plan_targets)"
    )
    rows = connection.execute(
        "select distinct content_key from plan_targets where post_id || ' ' || aspect in"
        " (select raw from rejects where stage = 'infer')"
    ).fetchall()
    return frozenset(key for (key,) in rows)


def _reject_items(connection: duckdb.DuckDBPyConnection, key: ResultKey, fault: ItemFault) -> None:
    insert_new_rejects(
        connection,
        """
        select posts.source_file, posts.source_line as line, 'infer' as stage, $reason as reason,
            targets.post_id || ' ' || targets.aspect as raw,
        from chunk_targets as targets
        inner join posts on targets.post_id = posts.post_id
        where targets.content_key = $key
        """,
        run_id=key.run_id,
        now=datetime.now(UTC),
        values={"reason": fault.reason, "key": fault.content_key},
    )


def _to_row(verdict: Verdict) -> dict[str, object]:
    said = verdict.rationale
    negative, neutral, positive = verdict.probabilities
    row: dict[str, object] = dict.fromkeys(_VERDICTS.names)
    row |= {
        "content_key": verdict.content_key,
        "label": str(verdict.label),
        "p_negative": negative,
        "p_neutral": neutral,
        "p_positive": positive,
        "contradicts_label": verdict.contradicts_label,
        "rationale_status": str(verdict.rationale_status) if verdict.rationale_status else None,
    }
    if isinstance(said, Rationale):
        row |= {
            "text_analysis": said.text_analysis,
            "image_analysis": said.image_analysis,
            "conflict_resolution": said.conflict_resolution,
            "final_conclusion": said.final_conclusion,
            "rationale_label": str(said.label) if said.label else None,
        }
    return row
