"""What moved net sentiment, what surprises, and where text and picture disagree."""

import random
from datetime import UTC, date, datetime, timedelta
from math import log2
from typing import Any

import duckdb
import pytest

from analytics.store.sql_files import build_marts, run_checks
from tests.sql.rows import NOON, add_aspect, add_picture, add_post, add_prediction, use_model

NEGATIVE = (0.7, 0.2, 0.1)
NEUTRAL = (0.2, 0.7, 0.1)
POSITIVE = (0.1, 0.2, 0.7)
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


def read(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    build_marts(connection)
    return connection.execute(sql).fetchall()


def judge(
    connection: duckdb.DuckDBPyConnection,
    post_id: str,
    p: tuple[float, float, float],
    aspects: tuple[str, ...] = (),
    **values: Any,
) -> None:
    add_post(connection, post_id, **values)
    for aspect in aspects:
        add_aspect(connection, post_id, aspect)
    for aspect in ("", *aspects):
        add_prediction(connection, post_id, p, aspect=aspect)


def test_drivers_tell_growth_from_turning(connection: duckdb.DuckDBPyConnection) -> None:
    """x turns from -1 to 0, reddit grows from a half to two thirds at +1."""
    use_model(connection)
    after = MONDAY + timedelta(days=1)
    judge(connection, "x:1", NEGATIVE, created_at=MONDAY)
    judge(connection, "reddit:1", POSITIVE, created_at=MONDAY)
    judge(connection, "x:2", NEUTRAL, created_at=after)
    judge(connection, "reddit:2", POSITIVE, created_at=after)
    judge(connection, "reddit:3", POSITIVE, created_at=after)

    rows = read(
        connection,
        "select platform, period_start, previous_start, weight, previous_weight, net_sentiment,"
        " previous_net_sentiment, mix_part, rate_part, contribution, scope_change from drivers"
        " where period = 'day' and scope = '' order by platform",
    )

    third, half, level = 1 / 3, 0.5, (2 / 3 + 0) / 2
    x_mix, x_rate = (third - half) * (-half - level), 1 * (third + half) / 2
    reddit_mix = (2 * third - half) * (1 - level)
    days = (date(2026, 3, 3), date(2026, 3, 2))
    assert x_mix + x_rate + reddit_mix == pytest.approx(2 / 3)
    assert rows == [
        ("reddit", *days, *map(pytest.approx, (2 * third, half, 1, 1, reddit_mix, 0, reddit_mix,
         2 / 3))),
        ("x", *days, *map(pytest.approx, (third, half, 0, -1, x_mix, x_rate, x_mix + x_rate,
         2 / 3))),
    ]  # fmt: skip


def test_drivers_compare_complete_periods_alone(connection: duckdb.DuckDBPyConnection) -> None:
    """The day and the week on which posts were retrieved are not over."""
    use_model(connection)
    for n_days in range(-7, 9):
        at = MONDAY + timedelta(days=n_days)
        judge(connection, f"x:{n_days}", POSITIVE, created_at=at,
              ingested_at=MONDAY + timedelta(days=8))  # fmt: skip

    rows = read(connection, "select distinct period, period_start, previous_start from drivers")

    assert sorted(rows) == [
        ("day", date(2026, 3, 9), date(2026, 3, 8)),
        ("week", date(2026, 3, 2), date(2026, 2, 23)),
    ]


@pytest.mark.parametrize("seed", range(5))
def test_parts_sum_to_the_change_in_each_scope(
    connection: duckdb.DuckDBPyConnection, seed: int
) -> None:
    use_model(connection)
    draw = random.Random(seed)
    for number in range(60):
        judge(
            connection,
            f"{draw.choice(('x', 'reddit', 'bluesky'))}:{number}",
            draw.choice((NEGATIVE, NEUTRAL, POSITIVE)),
            tuple(name for name in ("bus", "tram", "ferry") if draw.random() < 0.3),
            lang=draw.choice(("en", "de", None)),
            created_at=MONDAY + timedelta(days=draw.randrange(14)),
        )

    rows = read(
        connection,
        "select period, scope, sum(contribution), any_value(scope_change) from drivers"
        " group by all",
    )

    assert {("week", scope) for scope in ("", "*", "bus", "tram", "ferry")} <= {
        row[:2] for row in rows
    }
    for *_, total, change in rows:
        assert total == pytest.approx(change, abs=1e-12)
    assert [check.name for check in run_checks(connection) if check.count_rows] == []


def test_no_drivers_without_a_period_before(connection: duckdb.DuckDBPyConnection) -> None:
    use_model(connection)
    judge(connection, "x:1", POSITIVE, ("bus",), created_at=MONDAY)
    judge(connection, "x:2", POSITIVE, created_at=MONDAY + timedelta(days=2))
    judge(connection, "x:3", POSITIVE, ("tram",), created_at=MONDAY + timedelta(days=3))

    assert read(connection, "select distinct period, scope from drivers") == [("day", "")]


def test_rare_label_that_the_model_is_sure_of_surprises_most(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    use_model(connection)
    for number in range(40):  # before: 38 positive, 2 negative
        judge(connection, f"x:{number}", NEGATIVE if number < 2 else POSITIVE,
              created_at=MONDAY)  # fmt: skip
    after = MONDAY + timedelta(days=7)
    judge(connection, "x:usual", (0.0, 0.1, 0.9), created_at=after)
    judge(connection, "x:unsure", (0.4, 0.3, 0.3), created_at=after)
    for number in range(3):
        judge(connection, f"x:rare{number}", (0.98, 0.01, 0.01), text="rare", created_at=after)

    rows = read(
        connection,
        "select post_id, surprise, count_copies, usual_share_negative, count_before"
        " from surprising_posts where aspect = '' order by rank",
    )

    assert [row[0] for row in rows] == ["x:rare2", "x:unsure", "x:usual"]
    bits = 0.98 * log2(0.98 * 43 / 3) + 0.01 * log2(0.01 * 43) + 0.01 * log2(0.01 * 43 / 39)
    assert rows[0][1:] == (pytest.approx(bits, abs=1e-5), 3, pytest.approx(3 / 43), 40)
    assert rows[2][1] < 0.5 < rows[1][1]


def test_nothing_surprises_with_little_before_it(connection: duckdb.DuckDBPyConnection) -> None:
    use_model(connection)
    for number in range(29):
        judge(connection, f"x:{number}", POSITIVE, created_at=MONDAY)
    judge(connection, "x:rare", NEGATIVE, created_at=MONDAY + timedelta(days=7))

    assert read(connection, "select post_id from surprising_posts") == []


def test_picture_conflicts_are_where_text_and_picture_name_other_labels(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    use_model(connection)
    parts = {
        "other": ("The words are negative.", "A smile: Positive, so positive."),
        "same": ("The words are negative.", "A wreck, negative."),
        "none": ("The words are negative.", "A smile."),
        "several": ("Not negative but neutral.", "A smile, positive."),
        "no-picture": ("The words are negative.", "A smile, positive."),
    }
    for name, (text, image) in parts.items():
        add_post(connection, f"x:{name}", created_at=NOON, likes=3)
        if name != "no-picture":
            add_picture(connection, f"x:{name}", sha256=name)
        add_prediction(
            connection, f"x:{name}", NEGATIVE, rationale_status="ok", text_analysis=text,
            image_analysis=image, conflict_resolution="Words count.", contradicts_label=False,
        )  # fmt: skip

    assert read(
        connection,
        "select post_id, label, text_label, image_label, conflict_resolution, count_engagement"
        " from picture_conflicts",
    ) == [("x:other", "negative", "negative", "positive", "Words count.", 3)]
