"""Each check passes on good rows and finds the bad ones."""

from collections.abc import Callable
from datetime import UTC, datetime

import duckdb
import pytest

from analytics.store.sql_files import CheckResult, build_marts, load_sql_files, run_checks
from tests.sql.rows import (
    add_aspect,
    add_post,
    add_prediction,
    add_reject,
    use_model,
)

Change = Callable[[duckdb.DuckDBPyConnection], object]


def make_good(connection: duckdb.DuckDBPyConnection) -> None:
    """Rows that all checks are content with."""
    use_model(connection)
    add_post(connection, "x:1", source_line=1)
    add_post(connection, "x:2", source_line=2)
    add_aspect(connection, "x:1", "bus")
    add_prediction(connection, "x:1", (0.7, 0.2, 0.1))
    add_prediction(connection, "x:1", (0.1, 0.2, 0.7), aspect="bus")
    add_prediction(connection, "x:1", (0.1, 0.2, 0.7), model_id="model-b")
    add_prediction(connection, "x:2", (0.4, 0.4, 0.2))


def check(connection: duckdb.DuckDBPyConnection) -> dict[str, CheckResult]:
    return {result.name: result for result in run_checks(connection)}


def test_good_rows_pass_all_checks(connection: duckdb.DuckDBPyConnection) -> None:
    make_good(connection)
    build_marts(connection)
    results = check(connection)

    assert len(results) == len(load_sql_files("checks")) == 12
    assert {name: result.example for name, result in results.items() if result.count_rows} == {}


def test_empty_warehouse_passes_all_checks(connection: duckdb.DuckDBPyConnection) -> None:
    build_marts(connection)
    assert [result for result in run_checks(connection) if result.count_rows] == []


def _set(sql: str) -> Change:
    return lambda connection: connection.execute(sql)


# Changes to the raw tables, made before the marts.
BAD_ROWS: dict[str, tuple[str, Change, int]] = {
    "post twice": ("unique_posts", lambda c: add_post(c, "x:1"), 1),
    "prediction twice": (
        "unique_predictions",
        lambda c: add_prediction(c, "x:1", (0.7, 0.2, 0.1)),
        1,
    ),
    "sum too small": (
        "probabilities_sum_to_one",
        _set("update predictions set p_neutral = 0.1 where post_id = 'x:2'"),
        1,
    ),
    "not a number": (
        "probabilities_sum_to_one",
        _set("update predictions set p_neutral = 'nan' where post_id = 'x:2'"),
        1,
    ),
    "below zero": (
        "probabilities_sum_to_one",
        lambda c: add_prediction(c, "x:2", (1.1, -0.1, 0.0), model_id="model-b"),
        1,
    ),
    "post gone": (
        "no_orphan_predictions",
        _set("delete from posts where post_id = 'x:1'"),
        3,
    ),
    "from the future": (
        "no_future_posts",
        lambda c: add_post(
            c,
            "x:9",
            created_at=datetime(2026, 4, 3, 0, 1, tzinfo=UTC),
            ingested_at=datetime(2026, 4, 1, tzinfo=UTC),
        ),
        1,
    ),
    "not the most probable": (
        "label_is_most_probable",
        _set("update predictions set label = 'neutral' where post_id = 'x:1'"),
        3,
    ),
    "post not predicted": ("items_are_predicted", lambda c: add_post(c, "x:3", source_line=3), 1),
    "aspect not predicted": ("items_are_predicted", lambda c: add_aspect(c, "x:2", "tram"), 1),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_bad_rows_fail_their_check(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    check_name, change, count_rows = BAD_ROWS[name]
    make_good(connection)
    change(connection)
    build_marts(connection)
    result = check(connection)[check_name]

    assert result.count_rows == count_rows
    assert "post_id = x:" in result.example
    assert result.purpose.endswith(".")


@pytest.mark.parametrize(
    ("mart", "change"),
    [
        ("daily_sentiment", "share_neutral = 0.4"),
        ("daily_sentiment", "share_neutral = null"),
        ("aspect_daily", "share_negative = -0.5, share_neutral = 0.5"),
        ("aspect_totals", "share_positive = 0.3"),
    ],
)
def test_wrong_shares_fail_their_check(
    connection: duckdb.DuckDBPyConnection, mart: str, change: str
) -> None:
    make_good(connection)
    build_marts(connection)
    connection.execute(f"update {mart} set {change}")
    result = check(connection)["label_shares_sum_to_one"]

    assert result.count_rows >= 1
    assert mart in result.example


def test_items_rejected_at_inference_need_no_prediction(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    make_good(connection)
    add_post(connection, "x:3", source_line=3)
    add_post(connection, "x:4", source_line=4)
    add_reject(connection, "engine gave up", stage="infer", line=3)
    add_reject(connection, "odd", stage="parse", line=4)
    build_marts(connection)
    result = check(connection)["items_are_predicted"]

    assert (result.count_rows, result.example.split(",")[0]) == (1, "post_id = x:4")


def test_posts_that_came_after_the_last_judging_run_need_no_prediction(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    make_good(connection)
    for hour, run, model in ((1, "judged", "model-a"), (2, "ingest", None)):
        connection.execute(
            "insert into runs (run_id, command, status, config_digest, config_json, version,"
            " started_at, model_id) values (?, 'x', 'done', '', '', '', ?, ?)",
            [run, datetime(2026, 4, 1, hour, tzinfo=UTC), model],
        )
    add_post(connection, "x:3", source_line=3, run_id="ingest")
    build_marts(connection)
    assert check(connection)["items_are_predicted"].count_rows == 0
    add_post(connection, "x:4", source_line=4, run_id="judged")
    build_marts(connection)
    assert check(connection)["items_are_predicted"].count_rows == 1


def test_nothing_need_be_predicted_before_the_first_inference(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    add_post(connection, "x:1")
    build_marts(connection)
    assert check(connection)["items_are_predicted"].count_rows == 0
