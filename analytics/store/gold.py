"""Human labels: drawn, imported, exported, compared."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet

from analytics.contract.errors import StoreError
from analytics.contract.labels import LABELS
from analytics.store.gold_weights import weigh_gold
from analytics.store.transactions import count_rows, transaction

_GOLD = pa.schema(
    [
        ("post_id", pa.string()),
        ("aspect", pa.string()),
        ("label", pa.string()),
        ("annotator", pa.string()),
        ("weight", pa.float64()),
        ("stratum", pa.string()),
        ("draw_id", pa.string()),
        ("probability", pa.float64()),
    ]
)
# The answer that no label can be told.
UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldLabel:
    """One human answer: a label, or UNCLEAR where none can be told.

    `weight` is the inverse of the sampling probability. `draw_id`, `stratum` and `probability`
    are None where the answer came of no draw.
    """

    post_id: str
    aspect: str
    label: str
    annotator: str
    weight: float = 1.0
    stratum: str | None = None
    draw_id: str | None = None
    probability: float | None = None


def store_gold(connection: duckdb.DuckDBPyConnection, labels: list[GoldLabel]) -> int:
    """Store answers: of those of one item by one annotator the last; how many were stored.

    Labels of draws are weighed anew.
    """
    with transaction(connection):
        n_stored = replace_gold(connection, labels)
        weigh_gold(connection)
    return n_stored


def replace_gold(connection: duckdb.DuckDBPyConnection, labels: list[GoldLabel]) -> int:
    """As `store_gold`, in the caller's transaction, and without weighing."""
    last = {(label.post_id, label.aspect, label.annotator): label for label in labels}
    with _registered(connection, last.values()):
        _delete_given(connection)
        for table, column, condition in (
            ("gold", "cast(label as sentiment_label) as label,", "<>"),
            ("gold_unclear", "", "="),
        ):
            connection.execute(
                f"insert into {table} by name select * exclude (label), {column}"
                f" $now as created_at from given_gold where label {condition} $unclear",
                {"now": datetime.now(UTC), "unclear": UNCLEAR},
            )
    return len(last)


def remove_gold(connection: duckdb.DuckDBPyConnection, labels: list[GoldLabel]) -> None:
    """Remove what the annotators of these said of their items, in the caller's transaction."""
    with _registered(connection, labels):
        _delete_given(connection)


def _delete_given(connection: duckdb.DuckDBPyConnection) -> None:
    for table in ("gold", "gold_unclear"):
        connection.execute(
            f"delete from {table} where (post_id, aspect, annotator) in"
            " (select (post_id, aspect, annotator) from given_gold)"
        )


@contextmanager
def _registered(
    connection: duckdb.DuckDBPyConnection, labels: Iterable[GoldLabel]
) -> Iterator[None]:
    """Answers as the table `given_gold`."""
    rows = [asdict(label) for label in labels]
    connection.register("given_gold", pa.Table.from_pylist(rows, schema=_GOLD))
    yield
    # Not after a failure: in a transaction that failed this fails, too, and would hide why.
    connection.unregister("given_gold")


def read_gold(connection: duckdb.DuckDBPyConnection) -> list[GoldLabel]:
    """All human answers, unclear ones too, in a fixed order."""
    names = ", ".join(name for name in _GOLD.names if name != "label")
    rows = connection.execute(
        f"""
        select {names}, cast(label as varchar) as label from gold
        union all
        select {names}, $unclear as label from gold_unclear
        order by post_id, aspect, annotator
        """,
        {"unclear": UNCLEAR},
    ).fetchall()
    keys = [name for name in _GOLD.names if name != "label"] + ["label"]
    return [GoldLabel(**dict(zip(keys, row, strict=True))) for row in rows]


def count_unknown_gold(connection: duckdb.DuckDBPyConnection) -> int:
    """Human labels of posts that are not in the warehouse."""
    return count_rows(connection, "gold where post_id not in (select post_id from posts)")


def write_gold_parquet(connection: duckdb.DuckDBPyConnection, path: Path, data_dir: Path) -> int:
    """Write human labels with the clean text and prepared picture of their posts.

    Columns: post_id, aspect, text, label, annotator, weight, image_path
    (absolute), image_sha256 (of the original). Labels of posts that are not in
    the warehouse are left out. The number of rows.

    Raises:
        StoreError: the file cannot be written.
    """
    table: Any = connection.sql(
        """
        with pictures as (
            select
                post_id,
                arg_min(path, position) as path,
                arg_min(sha256, position) as sha256
            from media
            where status = 'ok'
            group by post_id
        )
        select
            gold.post_id,
            gold.aspect,
            posts.clean_text as text,
            cast(gold.label as varchar) as label,
            gold.annotator,
            gold.weight,
            $data_dir || '/' || pictures.path as image_path,
            pictures.sha256 as image_sha256
        from gold
        inner join posts on gold.post_id = posts.post_id
        left join pictures on gold.post_id = pictures.post_id
        order by gold.post_id, gold.aspect, gold.annotator
        """,
        params={"data_dir": str(data_dir.absolute())},
    ).to_arrow_table()
    try:
        pyarrow.parquet.write_table(table, path)
    except OSError as exc:
        raise StoreError(f"{path}: cannot be written: {exc.strerror or exc}") from exc
    return int(table.num_rows)


def read_confusion(
    connection: duckdb.DuckDBPyConnection, *, is_weighted: bool = False
) -> dict[str, dict[str, float]]:
    """Counts of items by human label and label of the current model.

    Weighted: sums of the weights of `int_gold_sample`, which leaves out labels that came with
    a file where there are enough drawn ones. A prediction of a text that was edited since does
    not count. An item that several people labelled counts once, by majority (ties: the first
    in the order of labels).
    """
    sample = "(from int_gold_sample where is_in_total)" if is_weighted else "int_gold_items"
    counts: dict[str, dict[str, float]] = {
        gold: dict.fromkeys(map(str, LABELS), 0) for gold in map(str, LABELS)
    }
    rows = connection.execute(
        f"""
        select
            gold.label,
            predictions.label,
            {"sum(gold.weight)" if is_weighted else "count(*)"}
        from {sample} as gold
        inner join int_judged_items as predictions
            on gold.post_id = predictions.post_id and gold.aspect = predictions.aspect
        where predictions.label is not null
        group by all
        """
    ).fetchall()
    for gold, predicted, n in rows:
        counts[gold][predicted] = n
    return counts


def score_confusion(confusion: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """Accuracy, macro-F1 and per-label scores of a confusion matrix.

    macro-F1 is the mean over the labels that occur, in gold or as a prediction.
    """
    total = sum(sum(row.values()) for row in confusion.values())
    hits = sum(confusion[label][label] for label in confusion)
    per_label: dict[str, dict[str, float]] = {}
    for label in confusion:
        support = sum(confusion[label].values())
        predicted = sum(row[label] for row in confusion.values())
        hit = confusion[label][label]
        precision = hit / predicted if predicted else 0.0
        recall = hit / support if support else 0.0
        f1 = 2 * precision * recall / (precision + recall) if hit else 0.0
        per_label[label] = {"precision": precision, "recall": recall, "f1": f1, "n": support}
    present = [
        scores["f1"]
        for label, scores in per_label.items()
        if scores["n"] or any(row[label] for row in confusion.values())
    ]
    return {
        "n": total,
        "accuracy": hits / total if total else None,
        "macro_f1": sum(present) / len(present) if present else None,
        "labels": per_label,
        "confusion": confusion,
    }
