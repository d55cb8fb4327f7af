from datetime import date, timedelta

import duckdb
import numpy as np
import pytest

from analytics.events import EventSettings, build_events, find_events
from analytics.store.events import DailySeries, read_daily
from analytics.store.sql_files import build_marts
from tests.scripted import rows
from tests.sql.rows import add_aspect, add_post

FIRST = date(2026, 1, 1)


def _series(aspect: str, counts: list[int], *, net: float = 0.1) -> DailySeries:
    """A series of the days that have posts, as the warehouse gives it."""
    days = [i for i, n in enumerate(counts) if n]
    return DailySeries(
        aspect=aspect,
        platform="test",
        days=[FIRST + timedelta(days=i) for i in days],
        counts=[counts[i] for i in days],
        contents=[counts[i] for i in days],
        net=[net for _ in days],
        opinionated=[0.5 for _ in days],
    )


def test_gap_of_a_platform_is_silence_at_the_post_level_alone() -> None:
    """On days 70 to 72 the dump has nothing; only the post level says so."""
    rng = np.random.default_rng(1)
    posts, tram = rng.poisson(200, 90).tolist(), rng.poisson(60, 90).tolist()
    posts[70:73] = tram[70:73] = [0, 0, 0]
    whole = _series("", posts)
    last = FIRST + timedelta(days=89)

    (silence,) = find_events(whole, whole, last, EventSettings())
    assert (silence.kind, silence.direction, silence.value) == ("spike", "down", 0)
    assert silence.period_start == FIRST + timedelta(days=70)
    assert silence.period_end == FIRST + timedelta(days=72)
    quiet = EventSettings(false_alarms_per_year=0.1)
    assert find_events(_series("tram", tram), whole, last, quiet) == []
    # With posts of others on those days, nobody spoke of the tram.
    covered = _series("", rng.poisson(200, 90).tolist())
    (event,) = find_events(_series("tram", tram), covered, last, quiet)
    assert (event.aspect, event.period_start) == ("tram", FIRST + timedelta(days=70))


def test_step_of_volume_has_a_relative_size_and_a_day() -> None:
    rng = np.random.default_rng(2)
    counts = [*rng.poisson(40, 100).tolist(), *rng.poisson(80, 70).tolist()]
    whole = _series("", counts)
    found = find_events(whole, whole, FIRST + timedelta(days=169), EventSettings())
    (step,) = [e for e in found if e.kind == "step"]

    assert (step.measure, step.direction) == ("count_posts", "up")
    assert abs((step.period_start - FIRST).days - 100) <= 2
    assert step.size_low is not None
    assert step.size_high is not None
    assert 0.7 < step.size_low < step.size < step.size_high < 1.3
    assert (step.detected_on - step.period_start).days <= 28


def test_more_false_alarms_allowed_are_more_events_and_the_same_ids() -> None:
    rng = np.random.default_rng(3)
    whole = _series("", rng.poisson(20, 700).tolist())
    last = FIRST + timedelta(days=699)
    few = find_events(whole, whole, last, EventSettings(false_alarms_per_year=0.5))
    many = find_events(whole, whole, last, EventSettings(false_alarms_per_year=20))
    assert len(few) < len(many)
    assert {e.alert_id for e in few if e.kind == "spike"} <= {e.alert_id for e in many}


def test_newest_day_and_days_after_the_ingest_are_left_out(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    for day in ("2026-03-01", "2026-03-02", "2026-03-03", "2031-01-01"):
        add_post(connection, f"x:{day}", created_at=f"{day} 12:00:00+00")
        add_aspect(connection, f"x:{day}", "tram")
    build_marts(connection)
    found = build_events(connection, EventSettings(max_series=3))

    assert found.last_day == date(2026, 3, 2)
    assert found.count_series == 0  # two days are too few
    series = read_daily(connection, date(2026, 1, 1), date(2026, 3, 2), max_series=3)
    assert [(one.aspect, one.platform) for one in series] == [("", "*"), ("", "x"), ("tram", "*")]
    assert rows(connection, "from sentiment_events") == []


@pytest.mark.parametrize("table", ["sentiment_events", "model_seam", "input_drift"])
def test_tables_are_made_anew_each_time(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    build_marts(connection)
    build_events(connection, EventSettings())
    build_events(connection, EventSettings())
    assert rows(connection, f"from {table}") == []
