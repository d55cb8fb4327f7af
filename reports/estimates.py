"""Estimates of net sentiment with their intervals: by slice, against each other, in words.

The first screen and the charts show these, and counts alone where there are none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from typing import Any

from reports.axis import Axis
from reports.records import Counts
from reports.scope import Window

# What the methods of `sentiment_estimates` are, for readers.
METHODS = {
    "ppi": "the model's labels, corrected by human labels",
    "ppi_pooled": "the model's labels, corrected by human labels of other slices as well",
    "count_model_error": "the model's labels counted; the interval holds its errors as measured"
    " on other posts",
    "count": "the model's labels counted; the interval holds chance alone",
}
# What has to be said beside those of them that rest on no human label.
WARNINGS = {
    "count_model_error": "No human label has checked these posts: the model may err here"
    " otherwise than where it was measured.",
    "count": "No human label has checked these posts: the model's own errors are in none of these"
    " intervals, so the truth may well lie outside.",
}

Key = tuple[str, date | None, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Net sentiment of a slice with its 95 % interval; `count_posts` are those it is of."""

    value: float
    low: float
    high: float
    method: str = ""
    count_posts: int = 0
    count_gold: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """Estimates by period, first day, aspect, platform and language."""

    by_slice: Mapping[Key, Estimate]

    def find(
        self, period: str, start: date | None, aspect: str, platform: str = "*", lang: str = "*"
    ) -> Estimate | None:
        """The estimate of a slice, if there is one."""
        return self.by_slice.get((period, start, aspect, platform, lang))

    def align(
        self, axis: Axis, aspect: str, platform: str = "*", lang: str = "*"
    ) -> list[Estimate | None]:
        """The estimate of each period of the axis."""
        return [self.find(axis.grain, start, aspect, platform, lang) for start in axis.starts]

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that are in use, the weakest last."""
        used = {one.method for one in self.by_slice.values()}
        return tuple(name for name in METHODS if name in used)


def make_estimates(*tables: Iterable[Mapping[str, Any]]) -> Estimates:
    """Rows of `sentiment_estimates` (net sentiment, one view) by slice."""
    found: dict[Key, Estimate] = {}
    for row in (row for rows in tables for row in rows):
        if row["estimate"] is None or row["low"] is None:
            continue
        key = (row["period"], row["period_start"], row["aspect"], row["platform"], row["lang"])
        found[key] = Estimate(
            value=float(row["estimate"]),
            low=float(row["low"]),
            high=float(row["high"]),
            method=str(row["method"]),
            count_posts=int(row["count_posts"]),
            count_gold=int(row["count_gold"]),
        )
    return Estimates(by_slice=found)


def select_net(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of rows of several measures and views, those of net sentiment of posts."""
    return [row for row in rows if (row["view"], row["measure"]) == ("post", "net_sentiment")]


def take_values(
    counts: Sequence[Counts | None], estimates: Sequence[Estimate | None] = ()
) -> list[float | None]:
    """What a line shows: the estimate, or the counted net sentiment where there is none."""
    values = []
    for index, one in enumerate(counts):
        net = one.net_sentiment if one is not None else None
        estimate = estimates[index] if estimates else None
        values.append(estimate.value if estimate is not None and net is not None else net)
    return values


def estimate_window(
    estimates: Estimates, window: Window, aspect: str, n_predicted: int
) -> Estimate | None:
    """Net sentiment of a span: that of the week if it is one, else the mean of its days.

    Days weigh by their labelled posts; None where the days that have an estimate do not make up
    all `n_predicted`. The interval of the mean takes the errors of days as independent (see
    `subtract`).
    """
    if window.n_days == 7 and window.first.weekday() == 0:
        week = estimates.find("week", window.first, aspect)
        if week is not None and week.count_posts == n_predicted:
            return week
    days = (window.first + timedelta(days=n) for n in range(window.n_days))
    found = (estimates.find("day", day, aspect) for day in days)
    parts = [(one.count_posts, one) for one in found if one is not None]
    n_all = sum(n for n, _ in parts)
    if not n_all or n_all != n_predicted:
        return None
    if len(parts) == 1:
        return parts[0][1]
    value = sum(n * one.value for n, one in parts) / n_all
    below = sqrt(sum((n * (one.value - one.low)) ** 2 for n, one in parts)) / n_all
    above = sqrt(sum((n * (one.high - one.value)) ** 2 for n, one in parts)) / n_all
    used = {one.method for _, one in parts}
    return Estimate(
        value=value,
        low=max(-1.0, value - below),
        high=min(1.0, value + above),
        method=[name for name in METHODS if name in used][-1] if used & set(METHODS) else "",
        count_posts=n_all,
        count_gold=sum(one.count_gold for _, one in parts),
    )


def subtract(now: Estimate, before: Estimate) -> Estimate:
    """The change between two spans with its 95 % interval (MOVER, Zou and Donner 2008,
    Statistics in Medicine 27:1693, for independent estimates).

    An error of the model that both spans share cancels in a change, so taking them as independent
    makes the interval too wide rather than too narrow; posts of one author or content in
    several days of one span make it too narrow.
    """
    value = now.value - before.value
    below = sqrt((now.value - now.low) ** 2 + (before.high - before.value) ** 2)
    above = sqrt((now.high - now.value) ** 2 + (before.value - before.low) ** 2)
    return Estimate(value=value, low=max(-2.0, value - below), high=min(2.0, value + above))
