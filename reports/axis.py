"""The periods that charts span, and the scales of their other axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from reports.display import format_date, format_day, format_month
from reports.records import Counts, Period

_MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """The periods that a chart spans, gaps included."""

    grain: str
    starts: tuple[date, ...]

    def align(self, periods: Sequence[Period]) -> list[Counts | None]:
        """The counts for each period of the axis; None where there is none."""
        by_start = {period.start: period.counts for period in periods}
        return [by_start.get(start) for start in self.starts]

    @property
    def ends(self) -> tuple[date, ...]:
        """The last day of each period."""
        return tuple(_step(self.grain, start) - timedelta(days=1) for start in self.starts)

    def name(self, start: date) -> str:
        """The full name of a period."""
        if self.grain == "day":
            return format_date(start)
        if self.grain == "week":
            return f"week of {format_date(start)}"
        if self.grain == "quarter":
            return f"Q{(start.month + 2) // 3} {start.year}"
        return str(start.year) if self.grain == "year" else format_month(start)

    def tick(self, start: date) -> str:
        """The short name of a period below an axis."""
        if self.grain == "month":
            return format_month(start)
        return format_day(start) if self.grain in ("day", "week") else self.name(start)


def make_axis(grain: str, first: date, last: date) -> Axis:
    """All periods from the first to the last, both being starts of periods."""
    starts = [first]
    while starts[-1] < last:
        starts.append(_step(grain, starts[-1]))
    return Axis(grain=grain, starts=tuple(starts))


def choose_reach(values: Sequence[float | None]) -> float:
    """The end of a symmetric axis for net sentiment: 0.25, 0.5, 0.75 or 1."""
    largest = max((abs(value) for value in values if value is not None), default=1.0)
    return next((reach for reach in (0.25, 0.5, 0.75) if largest <= reach), 1.0)


def round_up(value: int) -> int:
    """The next of 1, 2, 4, 6, 8, 10, 20, 40..."""
    power = 1
    while power * 10 < value:
        power *= 10
    return next((step * power for step in (1, 2, 4, 6, 8, 10) if step * power >= value), 1)


def _step(grain: str, start: date) -> date:
    """The start of the next period; the last day that there is where that is beyond it."""
    try:
        if grain in _MONTHS_IN:
            months = start.year * 12 + start.month - 1 + _MONTHS_IN[grain]
            return date(months // 12, months % 12 + 1, 1)
        return start + timedelta(days=7 if grain == "week" else 1)
    except (ValueError, OverflowError):
        return date.max
