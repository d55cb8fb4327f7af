"""From a dump's raw values to times, numbers, ids and texts; bad ones are named."""

import html
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Literal

from analytics.contract.record_checks import EARLIEST, LATEST_AFTER_NOW
from analytics.contract.records import Reject

MAX_TEXT_CHARACTERS = 100_000
MAX_ID_CHARACTERS = 1_024
MAX_RAW_CHARACTERS = 2_000

_MAX_BIGINT = 2**63 - 1
_EXACT_FLOAT = 2**53
_SURROGATE = re.compile("[\ud800-\udfff]")
_ROUNDED_ID = re.compile(r"^[+-]?\d(?:[.,]\d+)?[eE]\+?\d+$")
_LANG = re.compile(r"^[a-z]{2,3}$")
# No language (und, zxx, mis, mul) and X's codes for "only a link, a picture...".
_NO_LANG = frozenset({"und", "zxx", "mis", "mul", "art"})
_OLD_LANG = {"in": "id", "iw": "he", "ji": "yi"}
_NUMBER = re.compile(r"^[+-]?\d+(?:\.\d+)?$")
_X_TIME = re.compile(
    r"^[A-Z][a-z]{2} (?P<month>[A-Z][a-z]{2}) (?P<day>\d\d) "
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d) \+0000 (?P<year>\d{4})$"
)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}


class BadRecordError(Exception):
    """A record cannot be a post; the message is the reason of its reject."""


def show(value: object, limit: int = 60) -> str:
    """A value as it stands in a reason, cut at `limit` characters."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


class TimeWindow:
    """Reads times and refuses those before 1990 or two days after `now`."""

    def __init__(self, now: datetime) -> None:
        self.latest = now + LATEST_AFTER_NOW
        self._low_s = EARLIEST.timestamp()
        self._high_s = self.latest.timestamp()

    def check(self, moment: datetime, name: str, raw: object) -> datetime:
        """The moment in UTC.

        Raises:
            BadRecordError: it is not in the window.
        """
        try:
            if EARLIEST <= moment <= self.latest:
                return moment.astimezone(UTC)
        except OverflowError:
            pass
        raise BadRecordError(f"{name} out of range: {show(raw)}")

    def read_epoch(self, value: object, name: str, *, per_second: float = 1) -> datetime:
        """A time from seconds (or parts of it) since 1970, a number or its digits.

        Raises:
            BadRecordError: missing, not a number, or not in the window.
        """
        number = value
        if isinstance(value, str):
            if not _NUMBER.match(value.strip()):
                raise BadRecordError(f"{name} is not a time: {show(value)}")
            number = float(value)
        if isinstance(number, bool) or not isinstance(number, int | float):
            if number is None:
                raise BadRecordError(f"{name} is missing")
            raise BadRecordError(f"{name} is not a time: {show(value)}")
        if not self._low_s * per_second <= number <= self._high_s * per_second:
            raise BadRecordError(f"{name} out of range: {show(value)}")
        return datetime.fromtimestamp(number / per_second if per_second != 1 else number, UTC)

    def read_iso(self, value: object, name: str) -> datetime:
        """A time from ISO 8601; without a zone it is UTC.

        Raises:
            BadRecordError: missing, not ISO 8601, or not in the window.
        """
        if not isinstance(value, str) or not value.strip():
            if value is None or value == "":
                raise BadRecordError(f"{name} is missing")
            raise BadRecordError(f"{name} is not a time: {show(value)}")
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            raise BadRecordError(f"{name} is not a time: {show(value)}") from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return self.check(moment, name, value)

    def read_x(self, value: object, name: str) -> datetime:
        """A time as X writes it: `Sat May 13 17:20:09 +0000 2023`.

        Raises:
            BadRecordError: missing, of another form, or not in the window.
        """
        match = _X_TIME.match(value) if isinstance(value, str) else None
        if match is None:
            return self.read_any(value, name)
        try:
            moment = datetime(
                int(match["year"]),
                _MONTHS[match["month"]],
                int(match["day"]),
                int(match["hour"]),
                int(match["minute"]),
                int(match["second"]),
                tzinfo=UTC,
            )
        except (ValueError, KeyError):
            raise BadRecordError(f"{name} is not a time: {show(value)}") from None
        return self.check(moment, name, value)

    def read_any(self, value: object, name: str) -> datetime:
        """A time in any form that tables hold.

        ISO 8601, seconds, milliseconds, microseconds or nanoseconds since 1970,
        RFC 2822; without a zone it is UTC.

        Raises:
            BadRecordError: missing, of no such form, or not in the window.
        """
        if isinstance(value, datetime):
            moment = value if value.tzinfo else value.replace(tzinfo=UTC)
            return self.check(moment, name, str(value))
        if isinstance(value, str):
            text = value.strip()
            if _NUMBER.match(text) and not (len(text) == 8 and text.isdigit()):
                return self.read_epoch(value, name, per_second=_guess_unit(float(text)))
            try:
                return self.read_iso(text, name)
            except BadRecordError as not_iso:
                return self._read_rfc_2822(text, name, not_iso)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self.read_epoch(value, name, per_second=_guess_unit(value))
        return self.read_iso(value, name)

    def _read_rfc_2822(self, text: str, name: str, not_iso: BadRecordError) -> datetime:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            raise not_iso from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return self.check(moment, name, text)


def _guess_unit(number: float) -> float:
    """How many of the unit make a second, from the size of a number of our age."""
    size = abs(number)
    if size < 1e11:
        return 1
    if size < 1e14:
        return 1e3
    if size < 1e17:
        return 1e6
    return 1e9


def clean_string(value: str) -> str:
    """The string with lone surrogates replaced: no file or table can hold them."""
    if value.isascii():
        return value
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", value)
    return value


def read_text(value: object, name: str = "text", *, unescape: bool = False) -> str:
    """A post's text, with HTML entities undone if asked.

    Raises:
        BadRecordError: it is missing, no string, or too long.
    """
    if not isinstance(value, str):
        if value is None:
            raise BadRecordError(f"{name} is missing")
        raise BadRecordError(f"{name} is not a string: {show(value)}")
    if unescape and "&" in value:
        value = html.unescape(value)
    if len(value) > MAX_TEXT_CHARACTERS:
        raise BadRecordError(
            f"{name} has {len(value):,} characters, the limit is {MAX_TEXT_CHARACTERS:,}"
        )
    return clean_string(value)


def read_id(value: object, name: str = "id") -> str:
    """An id as a string; integers of any size stay exact.

    Raises:
        BadRecordError: it is missing, too long, or was rounded.
    """
    found = read_optional_id(value, name)
    if found is None:
        raise BadRecordError(f"{name} is missing")
    return found


def read_optional_id(value: object, name: str = "id") -> str | None:
    """An id as a string, None if there is none.

    Raises:
        BadRecordError: it is too long, of another type, or was rounded.
    """
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        if len(text) > MAX_ID_CHARACTERS:
            raise BadRecordError(f"{name} has {len(text):,} characters: {show(text)}")
        if _ROUNDED_ID.match(text):
            raise BadRecordError(f"{name} was rounded by a spreadsheet: {show(text)}")
        return clean_string(text)
    if value is None:
        return None
    if isinstance(value, bool):
        raise BadRecordError(f"{name} is not an id: {value}")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if value != value:  # NaN stands for missing in tables
            return None
        if value.is_integer() and abs(value) <= _EXACT_FLOAT:
            return str(int(value))
        raise BadRecordError(f"{name} was rounded, as a number with a point: {value}")
    raise BadRecordError(f"{name} is not an id: {show(value)}")


def read_count(value: object) -> int | None:
    """A number of likes and the like; None if it is none."""
    if type(value) is int:
        return value if -_MAX_BIGINT <= value <= _MAX_BIGINT else None
    if isinstance(value, str):
        text = value.strip()
        if not _NUMBER.match(text) or len(text) > 20:
            return None
        value = float(text) if "." in text else int(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not -_MAX_BIGINT <= value < _MAX_BIGINT or value != int(value):
        return None
    return int(value)


@lru_cache(maxsize=1024)
def _normalize_lang(value: str) -> str | None:
    code = value.strip().lower().replace("_", "-").partition("-")[0]
    code = _OLD_LANG.get(code, code)
    if not _LANG.match(code) or code in _NO_LANG or (len(code) == 3 and code[0] == "q"):
        return None
    return code


def read_lang(value: object) -> str | None:
    """The primary language code; None for none, unknown or reserved ones."""
    return _normalize_lang(value) if isinstance(value, str) and len(value) <= 35 else None


def read_optional_string(value: object) -> str | None:
    """The string, None if it is empty or none."""
    return clean_string(value) if isinstance(value, str) and value else None


def make_reject(
    line: int,
    reason: str,
    raw: bytes | str = "",
    stage: Literal["read", "parse"] = "parse",
) -> Reject:
    """A reject with the first 2,000 characters of its record."""
    if isinstance(raw, bytes):
        raw = raw[: 4 * MAX_RAW_CHARACTERS].decode("utf-8", "replace")
    raw = clean_string(raw[:MAX_RAW_CHARACTERS].rstrip("\r\n"))
    return Reject(line=line, reason=reason, raw=raw, stage=stage)
