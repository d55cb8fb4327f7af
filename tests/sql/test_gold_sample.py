"""Gold items and their weights, as estimates and the quality of the model count them."""

from typing import Any

import duckdb
import pytest

from analytics.estimates.families import MIN_GOLD
from analytics.store.gold import read_confusion, score_confusion
from analytics.store.slice_sums import items_ready, read_gold
from analytics.store.sql_files import build_marts, run_checks
from analytics.trends import build_trends
from tests.sql.rows import (
    NOON,
    add_aspect,
    add_post,
    add_prediction,
    insert,
    make_database,
    use_model,
)

NEGATIVE, POSITIVE = (0.7, 0.2, 0.1), (0.1, 0.1, 0.8)
DRAWN: dict[str, Any] = {"draw_id": "draw-1", "probability": 0.25, "weight": 4.0}


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    found = make_database()
    use_model(found)
    return found


def say(connection: duckdb.DuckDBPyConnection, post_id: str, label: str, **values: Any) -> None:
    row = {"aspect": "", "annotator": "ann", "created_at": NOON, **values}
    insert(connection, "gold", post_id=post_id, label=label, **row)


def add(connection: duckdb.DuckDBPyConnection, n: int, start: int = 0, **values: Any) -> list[str]:
    """Posts that the model calls negative."""
    posts = [f"x:{i}" for i in range(start, start + n)]
    for post in posts:
        add_post(connection, post, **values)
        add_prediction(connection, post, NEGATIVE)
    return posts


def read_sample(connection: duckdb.DuckDBPyConnection) -> list[Any]:
    build_marts(connection)
    with items_ready(connection):
        return read_gold(connection).select("y_neg", "y_pos", "weight").rows()


def test_item_of_three_annotators_is_one_row_by_majority(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    for post in add(connection, 2):
        for annotator, label in (("a", "positive"), ("b", "positive"), ("c", "negative")):
            say(connection, post, label, annotator=annotator, weight=3.0)

    assert read_sample(connection) == [(0, 1, 3.0)] * 2


@pytest.mark.parametrize(
    ("n_drawn", "weights"), [(MIN_GOLD, {4.0: MIN_GOLD}), (MIN_GOLD - 1, {1.0: 40})]
)
def test_enough_drawn_items_count_alone_and_few_not_at_all(
    connection: duckdb.DuckDBPyConnection, n_drawn: int, weights: dict[float, int]
) -> None:
    for post in add(connection, 40):
        say(connection, post, "negative")
    for post in add(connection, n_drawn, 40):
        say(connection, post, "positive", **DRAWN)

    found = [weight for *_, weight in read_sample(connection)]
    assert {weight: found.count(weight) for weight in set(found)} == weights


def test_first_drawn_items_count_where_there_are_no_others(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    for post in add(connection, 3):
        say(connection, post, "negative", **DRAWN)
    assert read_sample(connection) == [(1, 0, 4.0)] * 3


def test_draws_of_the_post_level_leave_the_labels_of_aspects(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    for post in add(connection, 30):
        add_aspect(connection, post, "bus")
        add_prediction(connection, post, POSITIVE, aspect="bus")
        say(connection, post, "positive", **DRAWN)
        say(connection, post, "positive", aspect="bus", weight=7.0)

    weights = [weight for *_, weight in read_sample(connection)]
    assert sorted(weights) == [4.0] * 30 + [7.0] * 30
    # Figures of both levels together are of one scale.
    quality = connection.execute(
        "select count_gold, count_agreements, count_gold_items, weighted_share_agreement"
        " from model_quality"
    ).fetchall()
    assert quality == [(60, 30, 30, 0.0)]
    assert score_confusion(read_confusion(connection, is_weighted=True))["accuracy"] == 0.0
    assert score_confusion(read_confusion(connection))["accuracy"] == 0.5


def test_annotators_do_not_count_double_in_estimates(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """The second person's labels, which agree, change no estimate and no interval."""
    for i, post in enumerate(add(connection, 60)):
        if i < 30:
            say(connection, post, "positive" if i % 3 else "negative", **DRAWN)

    def estimate() -> list[Any]:
        build_marts(connection)
        build_trends(connection)
        return connection.execute("from sentiment_estimates order by all").fetchall()

    alone = estimate()
    assert {row[10] for row in alone} == {"ppi"}
    connection.execute("insert into gold select * replace ('bob' as annotator) from gold")
    assert estimate() == alone


def test_copies_with_gold_are_one_cluster(connection: duckdb.DuckDBPyConnection) -> None:
    """Thirty copies of one text are one voice: too little for intervals from gold."""
    for post in add(connection, 30, text="the same"):
        say(connection, post, "positive", **DRAWN)
    build_marts(connection)
    build_trends(connection)
    assert connection.execute("select distinct method from sentiment_estimates").fetchall() == [
        ("count",)
    ]


def test_quality_is_weighted_by_item_and_agrees_with_evaluate(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Right where the weight is 9, wrong where it is 1; the wrong one has two annotators."""
    right, wrong = add(connection, 2)
    say(connection, right, "negative", weight=9.0)
    say(connection, wrong, "positive")
    say(connection, wrong, "positive", annotator="bob")
    build_marts(connection)

    found = connection.execute(
        "select count_gold, share_agreement, count_gold_items, weighted_share_agreement,"
        " weighted_gold_confidence, expected_calibration_error from model_quality"
    ).fetchone()
    assert found == (
        3,
        pytest.approx(1 / 3),
        2,
        pytest.approx(0.9),
        pytest.approx(0.7),
        pytest.approx(0.9 - 0.7),
    )
    scores = score_confusion(read_confusion(connection, is_weighted=True))
    assert scores["accuracy"] == pytest.approx(0.9)


@pytest.mark.parametrize(
    "change",
    ["probability = 1.5", "probability = 0", "weight = 2", "weight = -4", "weight = 'inf'"],
)
@pytest.mark.parametrize("table", ["gold", "gold_unclear"])
def test_weights_that_do_not_fit_fail_their_check(
    connection: duckdb.DuckDBPyConnection, table: str, change: str
) -> None:
    insert(
        connection, "gold_draws", draw_id="draw-1", stratify="", allocation="proportional", seed=1,
        count_wanted=1, count_items=1, count_pool=4, created_at=NOON,
    )  # fmt: skip
    say(connection, add(connection, 1)[0], "negative", **DRAWN)
    if table == "gold_unclear":
        connection.execute("insert into gold_unclear by name select * exclude (label) from gold")
        connection.execute("delete from gold")
    build_marts(connection)

    def count() -> int:
        return {one.name: one.count_rows for one in run_checks(connection)}["gold_weights"]

    assert count() == 0
    connection.execute(f"update {table} set {change}")
    assert count() == 1
