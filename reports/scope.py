"""What a report is of: a span of days, an aspect, and the span that it is compared with."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from analytics.contract.errors import AnalyticsError

_UNSEEN = re.compile(
    "([\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The days (both ends included) and the aspect that a report is of; None means all.

    `compares` says that the span is set against the one of the same length before it.
    """

    since: date | None = None
    until: date | None = None
    aspect: str | None = None
    compares: bool = False

    def __post_init__(self) -> None:
        if self.since is not None and self.until is not None and self.until < self.since:
            raise AnalyticsError(
                f"--until {self.until} is before --since {self.since}."
                " Give the earlier day to --since."
            )

    @property
    def is_all(self) -> bool:
        """Whether all days are in it, undated posts too."""
        return self.since is None and self.until is None

    def says_days(self, column: str) -> str:
        """The SQL condition on a column of days; `true` where all are in."""
        parts = []
        if self.since is not None:
            parts.append(f"{column} >= date '{self.since.isoformat()}'")
        if self.until is not None:
            parts.append(f"{column} <= date '{self.until.isoformat()}'")
        return " and ".join(parts) or "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Days from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def n_days(self) -> int:
        """The length in days."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Window":
        """The window of the same length that ends the day before."""
        return Window(
            first=self.first - timedelta(days=self.n_days), last=self.first - timedelta(days=1)
        )

    def holds(self, day: date) -> bool:
        """Whether a day is in it."""
        return self.first <= day <= self.last


def choose_window(first: date | None, last: date | None, scope: Scope) -> Window | None:
    """The span whose change the first screen tells, given the days that have posts.

    With `compares` it is the scope's span, posts or none. Else it is the last 7 days, or the
    last day where there are fewer than 8 days; None where there is at most one day.

    Raises:
        AnalyticsError: there are not as many days before the scope's span.
    """
    if scope.compares:
        first, last = scope.since or first, scope.until or last
        if first is None or last is None:
            return None
        window = Window(first=first, last=last)
        if (first - date.min).days < window.n_days:
            raise AnalyticsError(
                f"--compare previous: the calendar has no {window.n_days:,} days before {first}."
                " Give a later --since, or an earlier --until."
            )
        return window
    if first is None or last is None or first == last:
        return None
    n_days = 7 if (last - first).days >= 7 else 1
    return Window(first=last - timedelta(days=n_days - 1), last=last)


def quote(value: str) -> str:
    """A text as a SQL literal.

    What cannot be seen in a query (control characters, marks of direction) is spelled out as
    `chr(N)`, so that no query reads otherwise than it runs.
    """
    parts: list[str] = []
    for piece in _UNSEEN.split(value):
        if not piece:
            continue
        is_unseen = len(piece) == 1 and _UNSEEN.fullmatch(piece)
        parts.append(f"chr({ord(piece)})" if is_unseen else "'" + piece.replace("'", "''") + "'")
    return "(" + " || ".join(parts) + ")" if len(parts) > 1 else "".join(parts) or "''"
