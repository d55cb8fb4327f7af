"""Human labels: drawn, imported, exported, compared."""

from collections.abc import Iterable, Iterator
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
from analytics.store.transactions import count_rows, transaction

_GOLD = pa.schema(
    [
        ("post_id", pa.string()),
        ("aspect", pa.string()),
        ("label", pa.string()),
        ("annotator", pa.string()),
        ("weight", pa.float64()),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldLabel:
    """One human label; `weight` is the inverse of the sampling probability."""

    post_id: str
    aspect: str
    label: str
    annotator: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """An item that was drawn to be labelled by hand."""

    post_id: str
    aspect: str
    text: str
    url: str | None
    image_path: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """Items drawn from the `count_pool` that had no human label."""

    items: list[Sampled]
    count_pool: int


def draw_sample(connection: duckdb.DuckDBPyConnection, n: int, seed: int) -> Draw:
    """A simple random sample of the items without a human label.

    The order is random, so whoever labels the first few has a random sample as well.
    It is by a seeded hash, so the same seed goes on with the same draw.
    """
    pool = "int_items where (post_id, aspect) not in (select (post_id, aspect) from gold)"
    size = count_rows(connection, pool)
    rows = connection.execute(
        f"""
        with drawn as (
            select post_id, aspect, image_path
            from {pool}
            order by hash(post_id || chr(31) || aspect || chr(31) || $seed), post_id, aspect
            limit $n
        )
        select drawn.post_id, drawn.aspect, posts.text, posts.url, drawn.image_path
        from drawn
        inner join posts on drawn.post_id = posts.post_id
        order by
            hash(drawn.post_id || chr(31) || drawn.aspect || chr(31) || $seed),
            drawn.post_id,
            drawn.aspect
        """,
        {"n": n, "seed": str(seed)},
    ).fetchall()
    items = [
        Sampled(post_id=post_id, aspect=aspect, text=text, url=url, image_path=path)
        for post_id, aspect, text, url, path in rows
    ]
    return Draw(items=items, count_pool=size)


def store_gold(connection: duckdb.DuckDBPyConnection, labels: list[GoldLabel]) -> int:
    """Store labels: of those of one item by one annotator the last; how many were stored."""
    last = {(label.post_id, label.aspect, label.annotator): label for label in labels}
    with _registered(connection, last.values()), transaction(connection):
        connection.execute(
            "delete from gold where (post_id, aspect, annotator) in"
            " (select (post_id, aspect, annotator) from given_gold)"
        )
        connection.execute(
            "insert into gold by name select *, $now as created_at from given_gold",
            {"now": datetime.now(UTC)},
        )
    return len(last)


def weigh_gold(
    connection: duckdb.DuckDBPyConnection, labels: list[GoldLabel], weight: float
) -> None:
    """Give stored labels of one draw the same weight."""
    with _registered(connection, labels):
        connection.execute(
            "update gold set weight = ? where (post_id, aspect, annotator) in"
            " (select (post_id, aspect, annotator) from given_gold)",
            [weight],
        )


@contextmanager
def _registered(
    connection: duckdb.DuckDBPyConnection, labels: Iterable[GoldLabel]
) -> Iterator[None]:
    """Labels as the table `given_gold`."""
    rows = [asdict(label) for label in labels]
    connection.register("given_gold", pa.Table.from_pylist(rows, schema=_GOLD))
    try:
        yield
    finally:
        connection.unregister("given_gold")


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


def read_confusion(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, int]]:
    """Counts of items by human label and label of the current model.

    A prediction of a text that was edited since does not count. An item that several
    people labelled counts once, by majority (ties: the first in the order of labels).
    """
    counts = {gold: dict.fromkeys(map(str, LABELS), 0) for gold in map(str, LABELS)}
    rows = connection.execute(
        """
        with
            votes as (
                select post_id, aspect, label, count(*) as count_votes
                from gold
                group by all
            ),
            majority as (
                select post_id, aspect, label
                from votes
                qualify row_number() over (
                    partition by post_id, aspect order by count_votes desc, label
                ) = 1
            )
        select majority.label, predictions.label, count(*)
        from majority
        inner join int_judged_items as predictions
            on majority.post_id = predictions.post_id and majority.aspect = predictions.aspect
        where predictions.label is not null
        group by all
        """
    ).fetchall()
    for gold, predicted, n in rows:
        counts[gold][predicted] = n
    return counts


def score_confusion(confusion: dict[str, dict[str, int]]) -> dict[str, Any]:
    """Accuracy, macro-F1 and per-label scores of a confusion matrix.

    macro-F1 is the mean over the labels that occur, in gold or as a prediction.
    """
    total = sum(sum(row.values()) for row in confusion.values())
    hits = sum(confusion[label][label] for label in confusion)
    per_label: dict[str, dict[str, float | int]] = {}
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
