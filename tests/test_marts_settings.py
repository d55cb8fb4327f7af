"""What the configuration says to marts and checks."""

import logging
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest

from analytics.config.loading import load_config
from analytics.config.settings import ChecksConfig, Config, ReportConfig
from analytics.contract.errors import ConfigError
from analytics.marts import make_marts
from tests.sql.rows import add_aspect, add_post, add_prediction, use_model

POSITIVE = (0.1, 0.2, 0.7)
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_time_zone_is_that_of_the_configuration(connection: duckdb.DuckDBPyConnection) -> None:
    add_post(connection, "x:1", created_at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    for zone, day in (("Europe/Berlin", date(2026, 3, 2)), ("America/New_York", date(2026, 3, 1))):
        make_marts(connection, Config(report=ReportConfig(time_zone=zone)))
        assert connection.execute("select sentiment_date from daily_sentiment").fetchall() == [
            (day,)
        ]
        assert connection.execute("select time_zone from mart_settings").fetchall() == [(zone,)]


@pytest.mark.parametrize(
    ("zone", "hint"),
    [("Europe/Berlinn", "Did you mean 'Europe/Berlin'?"), ("here", "IANA name"), ("", "IANA name")],
)
def test_unknown_time_zone_is_refused(zone: str, hint: str) -> None:
    with pytest.raises(ConfigError, match="time_zone") as caught:
        load_config(None, overrides={"report.time_zone": zone})
    assert hint in str(caught.value)


def test_every_time_zone_that_is_accepted_is_known_to_duckdb(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    import pytz

    for zone in pytz.all_timezones:
        connection.execute("select timestamptz '2026-03-01 00:00+00' at time zone ?", [zone])


def failed(connection: duckdb.DuckDBPyConnection, checks: ChecksConfig | None = None) -> list[str]:
    _, found = make_marts(connection, Config(checks=checks or ChecksConfig()))
    return [f"{check.name}: {check.example}" for check in found]


def test_coverage_below_the_floor_fails_and_says_why(
    connection: duckdb.DuckDBPyConnection, caplog: pytest.LogCaptureFixture
) -> None:
    use_model(connection)
    for number in range(10):
        add_post(connection, f"x:{number}", source_line=number)
    for number in range(8):
        add_prediction(connection, f"x:{number}", POSITIVE)
    with caplog.at_level(logging.ERROR):
        found = failed(connection)

    assert [name.partition(":")[0] for name in found] == [
        "items_are_predicted",
        "coverage_above_floor",
    ]
    assert found[1].endswith(
        "coverage = 0.8, min_coverage = 0.9, count_items = 10, count_predicted = 8"
    )
    assert "check coverage_above_floor failed" in caplog.text
    for floor in (0.8, 0.0):
        assert len(failed(connection, ChecksConfig(min_coverage=floor))) == 1


def test_nothing_judged_yet_is_no_lack_of_coverage(connection: duckdb.DuckDBPyConnection) -> None:
    add_post(connection, "x:1")
    assert failed(connection) == []


def add_weeks(connection: duckdb.DuckDBPyConnection, *counts: int, platform: str = "x") -> None:
    """Weeks of posts from 2026-03-02; all are over when they are read on 2026-06-01."""
    for week, count in enumerate(counts):
        add_post(connection, f"{platform}:{week}", created_at=MONDAY + timedelta(days=7 * week),
                 ingested_at=datetime(2026, 6, 1, tzinfo=UTC))  # fmt: skip
        connection.execute(
            "insert into posts select posts.* replace (post_id || '-' || n as post_id) from posts,"
            " range(1, ?) as numbers (n) where post_id = ?",
            [count, f"{platform}:{week}"],
        )


@pytest.mark.parametrize(
    ("counts", "is_bad"),
    [
        ((100, 100, 100, 100, 20), False),
        ((100, 100, 100, 100, 19), True),
        ((100, 100, 100, 100, 500), False),
        ((100, 100, 100, 100, 501), True),
        ((99, 99, 99, 99, 1), False),
        ((100, 100, 100, 1), False),
        ((900, 900, 100, 100, 100, 100, 30), False),
    ],
    ids=["low", "too-low", "high", "too-high", "few-posts", "short-history", "old-weeks"],
)
def test_volume_is_compared_with_the_weeks_before(
    connection: duckdb.DuckDBPyConnection, counts: tuple[int, ...], is_bad: bool
) -> None:
    add_weeks(connection, *counts)
    names = {name.partition(":")[0] for name in failed(connection)}
    assert names == ({"volume_within_bounds"} if is_bad else set())


def test_platform_that_falls_silent_is_found_beside_others(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    add_weeks(connection, *[200] * 5)
    add_weeks(connection, *[200] * 4, platform="reddit")
    assert failed(connection) == [
        "volume_within_bounds: platform = reddit, period_start = 2026-03-30, count_posts = 0,"
        " median_before = 200.0, min_volume = 0.2, max_volume = 5.0"
    ]
    assert failed(connection, ChecksConfig(volume_weeks=0)) == []
    assert failed(connection, ChecksConfig(min_weekly_posts=201)) == []


def test_week_that_was_not_over_is_not_compared(connection: duckdb.DuckDBPyConnection) -> None:
    add_weeks(connection, *[100] * 5, 1)
    connection.execute(
        "update posts set ingested_at = ?", [datetime(2026, 4, 8, tzinfo=UTC)]
    )  # in the last week
    add_aspect(connection, "x:0", "bus")
    assert failed(connection) == []
