"""Spikes and steps: a sentence each, and their marks on the charts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from reports.axis import Axis
from reports.display import (
    format_count,
    format_date,
    format_name,
    format_net,
    format_share,
    format_span,
)
from reports.filters import Filters
from reports.parts import Part
from reports.records import ReportData
from reports.scope import Window

# How an event is marked: by a shape and by its number in the list.
_SHAPES = {("spike", "up"): "\u25b2", ("spike", "down"): "\u25bc"}
_STEP = "\u25c6"
_CHARTS = {"count_posts": "volume", "net_sentiment": "sentiment"}
_FEWEST_ODDS = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What stands on a chart: in which period, and as what."""

    index: int
    text: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """An event in the list. `places` are its aspect and platform among the filters (-1: all of
    them); `posts` is the id of its posts in the page, '' where it has none."""

    number: int
    parts: tuple[Part, ...]
    row: Mapping[str, Any]
    chart: str
    index: int
    places: tuple[int, int]
    posts: str

    @property
    def mark(self) -> Mark:
        """The mark of the event on a chart."""
        shape = _SHAPES.get((self.row["kind"], self.row["direction"]), _STEP)
        return Mark(
            index=self.index,
            text=f"{shape}{self.number}",
            name=f"{self.row['kind']} {self.number}",
        )


def make_events(data: ReportData, axis: Axis | None, filters: Filters) -> tuple[EventRow, ...]:
    """The events of the report, numbered, the latest first."""
    with_posts = {row.day for row in data.daily_posts}
    level = data.scope.aspect or ""
    events = []
    for number, row in enumerate(data.optional.get("events", ()), 1):
        index = _find_period(axis, row["period_start"])
        start = axis.starts[index] if axis is not None and index >= 0 else None
        aspect = 0 if row["aspect"] == level else _find(filters.aspects, row["aspect"])
        platform = -1 if row["platform"] == "*" else _find(filters.platforms, row["platform"])
        events.append(
            EventRow(
                number=number,
                parts=describe_event(row),
                row=row,
                chart=_CHARTS.get(row["measure"], "sentiment"),
                index=index,
                places=(aspect, platform),
                posts=f"period-{start}" if start in with_posts else "",
            )
        )
    return tuple(events)


def choose_marks(
    events: Sequence[EventRow], chart: str, *, aspect: int = 0, platform: int = -1
) -> tuple[Mark, ...]:
    """The marks of the events of one chart and slice; -1 is all platforms."""
    return tuple(
        one.mark
        for one in events
        if one.chart == chart and one.places == (aspect, platform) and one.index >= 0
    )


def choose_recent(
    rows: Sequence[Mapping[str, Any]], window: Window, limit: int
) -> list[Mapping[str, Any]]:
    """The least likely of the events that are of a span, or were first seen in it."""
    found = [
        row
        for row in rows
        if row["period_start"] <= window.last
        and (window.holds(row["period_end"]) or window.holds(row["detected_on"]))
    ]
    # An aspect tells more than the platform that it is on, and all posts more than either.
    found.sort(key=lambda row: (row["platform"] != "*", row["p_value"], row["aspect"]))
    return found[:limit]


def describe_event(row: Mapping[str, Any]) -> tuple[Part, ...]:
    """What came, what was expected, and how unlikely that is."""
    is_count = row["measure"] == "count_posts"
    what = "posts" if is_count else "net sentiment of contents"
    say = format_volume if is_count else format_net
    when = format_span(row["period_start"], row["period_end"])
    expected = say(row["expected"])
    if row["kind"] == "spike":
        one_day = row["period_start"] == row["period_end"]
        most = "" if one_day else "up to " if row["direction"] == "up" else "down to "
        came = (
            f"{most}{say(row['value'])} posts" if is_count else f"{what} {most}{say(row['value'])}"
        )
        between = _say_between(row["expected_low"], row["expected_high"], is_count=is_count)
        odds = 1 / max(float(row["p_value"]), _FEWEST_ODDS)
        text = (
            f": {came} on {when}, where {expected}{between} {'were' if is_count else 'was'}"
            f" expected; such a day comes by chance once in {format_count(odds)} days."
        )
    else:
        size, low, high = (_say_size(row[k], is_count) for k in ("size", "size_low", "size_high"))
        is_back = row["size_low"] is not None and row["size_low"] <= 0 <= row["size_high"]
        stayed = "; what came after took it back" if is_back else " and stayed there"
        text = (
            f": {what} a day went from {expected} to {say(row['value'])}{stayed},"
            f" from about {format_date(row['period_start'])}: a step of {size}"
            f" (95% interval {low} to {high}), seen by {format_date(row['detected_on'])}."
        )
        if not is_count:
            text = text.replace(" a day went", " went")
    name = Part(text=format_name(row["aspect"]), is_name=True) if row["aspect"] else None
    parts = [name or Part(text="All posts")]
    if row["platform"] != "*":
        parts += [Part(text=" on "), Part(text=format_name(row["platform"], 40), is_name=True)]
    return (*parts, Part(text=text))


def format_volume(value: float) -> str:
    """A number of posts, which may be expected in parts."""
    return format_count(value) if value >= 10 else f"{value:.1f}".removesuffix(".0")


def _say_between(low: float | None, high: float | None, *, is_count: bool) -> str:
    if low is None or high is None:
        return ""
    say = format_volume if is_count else format_net
    return f" ({say(low)} to {say(high)})"


def _say_size(value: float | None, is_count: bool) -> str:
    if value is None:
        return "not known"
    if not is_count:
        return format_net(value)
    sign = "+" if value >= 0 else "\u2212"
    return f"{sign}{format_share(abs(value))}"


def _find_period(axis: Axis | None, day: date) -> int:
    if axis is None:
        return -1
    found = [n for n, start in enumerate(axis.starts) if start <= day]
    return found[-1] if found and day <= axis.ends[found[-1]] else -1


def _find(values: Sequence[str], value: str) -> int:
    """The place of a value; -2 where it is not told apart, so that no slice has it."""
    return values.index(value) if value in values else -2
