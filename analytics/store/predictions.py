"""The memo and the predictions of an inference run, in DuckDB; `plan` says what is to be done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa

from analytics.contract.engine import LabelReply
from analytics.contract.policy import RationaleReason
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

    `count_items` items lack a prediction or the rationale that is wanted of them now,
    `count_memo_hits` of them were filled
    from the memo, and the rest come down to `count_contents` distinct contents, of
    which those in `failed_before` could not be judged by an earlier run of the same model;
    `has_faults` says whether a run of any model left rejects of planned items. All items,
    with and without a prediction, have `count_all_contents` contents. `count_deadly`
    contents are left out, since an engine died on them.
    """

    count_items: int
    count_memo_hits: int
    count_contents: int
    count_all_contents: int
    count_deadly: int
    failed_before: frozenset[str]
    has_replacements: bool
    has_faults: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedItem:
    """A content to be judged, and why it gets a rationale.

    `position` is its number in the plan. UNCERTAIN holds only if its label turns out to be
    so; None gets no rationale. `label` is stored already, without a rationale.
    """

    position: int
    item: Item
    reason: RationaleReason | None
    label: LabelReply | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFault:
    """An item that could not be judged, and why; a deadly one is not sent again.

    One that `has_label` lacks its rationale alone.
    """

    content_key: str
    reason: str
    is_deadly: bool = False
    has_label: bool = False


def commit_judged(
    connection: duckdb.DuckDBPyConnection,
    key: ResultKey,
    plan: Plan,
    *,
    contents: Sequence[PlannedItem],
    verdicts: Sequence[Verdict],
    faults: Sequence[ItemFault],
) -> None:
    """Store what came of some contents in one transaction: verdicts, predictions, rejects."""
    rows = [_to_row(verdict) for verdict in verdicts]
    positions = [planned.position for planned in contents]
    connection.register("verdicts", pa.Table.from_pylist(rows, schema=_VERDICTS))
    try:
        with transaction(connection):
            connection.execute(
                "create or replace temp table chunk_targets as select * from plan_targets"
                # The range alone says which blocks of the sorted table are read.
                f" where position between {min(positions):d} and {max(positions):d}"
                f" and position in (select unnest({positions}))"
            )
            if plan.has_replacements:
                connection.execute(
                    "delete from memo where model_id = $model and result_digest = $digest"
                    " and content_key in (select content_key from verdicts)",
                    key.parameters,
                )
                delete_replaced(connection, key, "chunk_targets", "verdicts")
            connection.execute(
                "insert into memo by name select *, $model as model_id, $digest as result_digest,"
                " $run_id as run_id, $now as created_at from verdicts",
                {**key.parameters, "run_id": key.run_id, "now": datetime.now(UTC)},
            )
            insert_predictions(connection, key, "chunk_targets", "verdicts")
            if plan.has_faults:
                # What comes of an item now takes the place of what went wrong with it before.
                connection.execute(
                    "delete from rejects where stage = 'infer' and raw in ("
                    "select post_id || ' ' || aspect from chunk_targets)"
                )
            for fault in faults:
                _reject_items(connection, key, fault)
                if fault.is_deadly:
                    connection.execute(
                        "insert into deadly_contents values (?, ?, ?, ?, ?, ?)",
                        [
                            fault.content_key,
                            key.model_id,
                            key.result_digest,
                            fault.reason,
                            key.run_id,
                            datetime.now(UTC),
                        ],
                    )
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
    errors: str | None = None,
) -> None:
    """Remember how a model is named and described, and what it gets wrong (JSON)."""
    connection.execute(
        "insert or replace into models values (?, ?, ?, ?, ?,"
        " coalesce((select first_used_at from models where model_id = ?), ?), ?)",
        [
            model_id,
            name,
            description,
            is_distilled,
            accepts_images,
            model_id,
            datetime.now(UTC),
            errors,
        ],
    )


def delete_replaced(
    connection: duckdb.DuckDBPyConnection, key: ResultKey, targets: str, contents: str
) -> None:
    """Remove the predictions of target items (a table) whose contents (a table) are new."""
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


def insert_predictions(
    connection: duckdb.DuckDBPyConnection, key: ResultKey, targets: str, contents: str
) -> int:
    """Give target items (a table) the verdicts on their contents (a table); how many."""
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
