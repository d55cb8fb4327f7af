"""Estimates of spans and of their change."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from reports.estimates import Estimate, estimate_window, make_estimates, subtract
from reports.scope import Window
from tests.reports.conftest import Build
from tests.reports.databases import add_estimates
from tests.reports.page import Page
from tests.sql.rows import add_post, add_prediction, use_model

MONDAY = date(2026, 3, 2)


def row(
    period: str, start: date, value: float, reach: float, n: int, **more: Any
) -> dict[str, Any]:
    return {
        "period": period, "period_start": start, "aspect": "", "platform": "*", "lang": "*",
        "estimate": value, "low": value - reach, "high": value + reach, "method": "ppi",
        "count_posts": n, "count_gold": 5,
    } | more  # fmt: skip


def test_whole_week_has_the_estimate_of_the_week() -> None:
    rows = [row("week", MONDAY, 0.3, 0.1, 70)]
    rows += [row("day", MONDAY + timedelta(days=n), 0.1, 0.3, 10) for n in range(7)]
    week = Window(first=MONDAY, last=MONDAY + timedelta(days=6))

    assert estimate_window(make_estimates(rows), week, "", 70) == make_estimates(rows).find(
        "week", MONDAY, ""
    )


def test_other_spans_have_the_mean_of_their_days() -> None:
    rows = [row("day", MONDAY, 0.1, 0.3, 10), row("day", MONDAY + timedelta(days=2), 0.5, 0.2, 30,
                                                  method="count")]  # fmt: skip
    span = Window(first=MONDAY, last=MONDAY + timedelta(days=2))
    found = estimate_window(make_estimates(rows), span, "", 40)

    assert found is not None
    assert found.value == pytest.approx(0.4)
    reach = ((10 * 0.3) ** 2 + (30 * 0.2) ** 2) ** 0.5 / 40
    assert (found.low, found.high) == pytest.approx((0.4 - reach, 0.4 + reach))
    assert found.method == "count"  # the weakest


def test_span_with_a_day_that_has_no_estimate_has_none() -> None:
    rows = [row("day", MONDAY, 0.1, 0.3, 10)]
    span = Window(first=MONDAY, last=MONDAY + timedelta(days=1))
    assert estimate_window(make_estimates(rows), span, "", 11) is None


def test_change_has_the_interval_of_both_ends() -> None:
    """By hand: each end brings the side of its interval that widens the change."""
    change = subtract(
        Estimate(value=0.4, low=0.1, high=0.5), Estimate(value=0.1, low=-0.1, high=0.5)
    )
    assert change.value == pytest.approx(0.3)
    assert change.low == pytest.approx(0.3 - (0.3**2 + 0.4**2) ** 0.5)
    assert change.high == pytest.approx(0.3 + (0.1**2 + 0.2**2) ** 0.5)


def test_change_stays_within_what_is_possible() -> None:
    wide = Estimate(value=1.0, low=-1.0, high=1.0)
    assert subtract(wide, Estimate(value=-1.0, low=-1.0, high=1.0)).high == 2.0


def test_chart_by_month_says_why_it_has_no_band(
    build: Build, connection: duckdb.DuckDBPyConnection
) -> None:
    """Estimates are by day and week; a span of 100 weeks has its band, one day more has not."""
    use_model(connection)
    first = datetime(2022, 1, 3, 12, tzinfo=UTC)
    for number, n_days in enumerate((0, 699)):
        add_post(connection, f"x:{number}", created_at=first + timedelta(days=n_days))
        add_prediction(connection, f"x:{number}", (0.1, 0.2, 0.7))
    add_estimates(connection)
    why = "They do not add up to those of a month"
    text = Page(build(connection)).text
    assert "Net sentiment by week" in text
    assert "the band its 95% interval" in text
    assert why not in text

    add_post(connection, "x:last", created_at=first + timedelta(days=700))
    add_estimates(connection)
    text = Page(build(connection)).text
    assert "Net sentiment by month" in text
    assert why in text
    assert "A span of at most 100 weeks (analytics report --since) is drawn by week" in text
    assert "95% interval, of a selection" not in text


def test_report_says_where_the_comparison_of_models_ends(two_weeks: str) -> None:
    said = Page(two_weeks).text
    assert "One model or contract before these two is not compared" in said
    assert "the comparison ends at the last change" in said
