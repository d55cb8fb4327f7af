"""How values look in the report: numbers, times, names, links, cut texts.

Post texts, names and addresses come from strangers. Nothing here makes markup;
the templates escape whatever these functions return.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

_MINUS = "\u2212"
_MISSING = "\u2013"
# Format controls (bidi overrides among them) and control characters.
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2028\u2029\u2060-\u206f\ufeff]"
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_MAX_MARKS = 4
_MAX_URL = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class CutText:
    """A text as the report shows it: the start, and the whole behind a fold.

    `whole` is '' where `start` is all of it; `n_left_out` counts the characters
    at the end that not even `whole` holds.
    """

    start: str
    whole: str = ""
    n_left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An address; `is_safe` says that it may be put into a link."""

    url: str
    host: str
    is_safe: bool


def printable(value: object) -> object:
    """Strings with control characters and lone surrogates replaced by U+FFFD."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return _CONTROL.sub("\ufffd", value)
    return value


def cut_text(
    text: str, *, max_start: int = 480, max_lines: int = 8, max_whole: int = 4000
) -> CutText:
    """Cut a text for display; nothing is hidden without a word."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    whole = _take(text, max_whole)
    start = _take("\n".join(whole.split("\n")[:max_lines]), max_start).rstrip()
    n_left_out = len(text) - len(whole)
    if start == whole.rstrip() and not n_left_out:
        return CutText(start=start)
    return CutText(start=start + "\u2026", whole=whole, n_left_out=n_left_out)


def format_name(name: str, max_length: int = 60) -> str:
    """A name on one line, without invisible characters and piled-up accents."""
    name = " ".join(_INVISIBLE.sub(" ", name).split())
    characters, n_marks = [], 0
    for character in name:
        n_marks = n_marks + 1 if unicodedata.combining(character) else 0
        if n_marks <= _MAX_MARKS:
            characters.append(character)
        if len(characters) > max_length + 16:
            break
    kept = "".join(characters)
    short = _take(kept, max_length)
    return (short if short == kept else short.rstrip() + "\u2026") or _MISSING


def check_link(url: str | None) -> Link | None:
    """What to do with the address of a post: only plain http(s) is linked."""
    if not url or not url.strip():
        return None
    url = url.strip()
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port  # raises where it is none
        shown = host.encode("idna").decode("ascii") if not host.isascii() else host
    except (ValueError, UnicodeError):
        return Link(url=url, host="", is_safe=False)
    is_safe = (
        parts.scheme in ("http", "https")
        and bool(host)
        and parts.username is None
        and len(url) <= _MAX_URL
        and not any(character.isspace() or character in "<>\"'`\\" for character in url)
        and not _INVISIBLE.search(url)
    )
    return Link(url=url, host=shown, is_safe=is_safe)


def format_count(count: int | float | None) -> str:
    """`12,345`, or a dash for nothing."""
    return _MISSING if count is None else f"{count:,.0f}"


def format_tick(count: float) -> str:
    """A count beside an axis, where there is room for five characters: `9,999`, `20k`, `1.5M`."""
    for size, name in ((1_000_000, "M"), (1_000, "k")):
        if count >= 10_000 and count >= size:
            return f"{count / size:.1f}".removesuffix(".0") + name
    return format_count(count)


def format_share(share: float | None) -> str:
    """`34%`, `0.4%`, or a dash for nothing; never 0% or 100% for what is not."""
    if share is None:
        return _MISSING
    if 0 < share < 0.01 or 0.99 < share < 1:
        return f"{max(0.1, min(99.9, share * 100)):.1f}%"
    return f"{share * 100:.0f}%"


def format_points(change: float) -> str:
    """A change of a share in percentage points: `+2.1 pp`."""
    rounded = round(change * 100, 1)
    sign = "+" if rounded > 0 else _MINUS if rounded < 0 else ""
    return f"{sign}{abs(rounded):.1f} pp"


def format_net(net: float | None) -> str:
    """`+0.12`, `0.00` or a negative with a true minus sign, or a dash for nothing."""
    if net is None:
        return _MISSING
    rounded = round(net, 2)
    if rounded == 0:
        return "0.00"
    return f"{'+' if rounded > 0 else _MINUS}{abs(rounded):.2f}"


def format_part(part: float | None) -> str:
    """A part of a change of net sentiment, with three decimals: `+0.012`."""
    if part is None:
        return _MISSING
    rounded = round(part, 3)
    sign = "+" if rounded > 0 else _MINUS if rounded < 0 else ""
    return f"{sign}{abs(rounded):.3f}"


def format_p(p: float | None) -> str:
    """`0.93`, or a dash for nothing."""
    return _MISSING if p is None else f"{p:.2f}"


def format_date(day: date | None) -> str:
    """`14 Mar 2026`, or a dash for nothing."""
    if day is None:
        return _MISSING
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def format_span(first: date, last: date) -> str:
    """`9-15 Mar 2026` with a true dash, as short as it can be."""
    if first == last:
        return format_date(last)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}\u2013{format_date(last)}"
    start = format_day(first) if first.year == last.year else format_date(first)
    return f"{start} \u2013 {format_date(last)}"


def format_days(since: date | None, until: date | None) -> str:
    """`9-15 Mar 2026`, `9 Mar 2026 or later`, `15 Mar 2026 or before`; `any day` without ends."""
    if since is None or until is None:
        one = since or until
        return f"{format_date(one)} or {'later' if since else 'before'}" if one else "any day"
    return format_span(since, until)


def format_day(day: date) -> str:
    """`14 Mar`: for axes whose years are said elsewhere."""
    return f"{day.day} {_MONTHS[day.month - 1]}"


def format_month(day: date) -> str:
    """`Mar 2026`."""
    return f"{_MONTHS[day.month - 1]} {day.year}"


def format_time(moment: datetime | None) -> str:
    """`14 Mar 2026, 09:30` in UTC, or a dash for nothing."""
    if moment is None:
        return _MISSING
    moment = moment.astimezone(UTC)
    return f"{format_date(moment.date())}, {moment:%H:%M}"


def format_seconds(started: datetime, ended: datetime | None) -> str:
    """`3 min 20 s` between two moments, or a dash where it has not ended."""
    if ended is None:
        return _MISSING
    seconds = max(0.0, (ended - started).total_seconds())
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def format_cell(value: object) -> str:
    """A value of any column of a table of data."""
    if value is None:
        return _MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return format_count(value)
    if isinstance(value, float):
        return f"{value:.4f}".replace("-", _MINUS)
    if isinstance(value, datetime):
        return format_iso(value)
    return str(value)


def format_iso(moment: datetime | date) -> str:
    """The machine-readable form for `<time>`."""
    if isinstance(moment, datetime):
        return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return moment.isoformat()


# Month names are ours: strftime's depend on the machine's locale.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _take(text: str, length: int) -> str:
    """The first characters of a text, not ending within a joined sequence."""
    if len(text) <= length:
        return text
    end = length
    while end > max(0, length - 16) and (
        unicodedata.combining(text[end]) or "\u200d" in text[end - 1 : end + 1]
    ):
        end -= 1
    return text[:end]
