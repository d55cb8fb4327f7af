"""Estimates of spans and of their change."""

from datetime import date, timedelta
from typing import Any

import pytest

from reports.estimates import Estimate, estimate_window, make_estimates, subtract
from reports.scope import Window

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
