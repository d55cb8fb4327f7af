from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.values import (
    BadRecordError,
    TimeWindow,
    clean_string,
    make_reject,
    read_count,
    read_id,
    read_lang,
    read_optional_id,
    read_text,
)
from tests.connectors.helpers import NOW, utc

WINDOW = TimeWindow(NOW)
MOMENT = utc(2024, 5, 1, 10)
SECONDS = 1714557600


@pytest.mark.parametrize(
    "value",
    [
        SECONDS,
        float(SECONDS),
        SECONDS * 10**3,
        SECONDS * 10**6,
        SECONDS * 10**9,
        str(SECONDS),
        str(SECONDS * 10**3),
        "2024-05-01T10:00:00Z",
        "2024-05-01 10:00:00",
        "2024-05-01T12:00:00+02:00",
        "2024-05-01T10:00:00.000000000Z",
        "Wed, 01 May 2024 12:00:00 +0200",
        datetime(2024, 5, 1, 12, tzinfo=timezone(timedelta(hours=2))),
        datetime(2024, 5, 1, 10),  # noqa: DTZ001 - a time without a zone is the case
    ],
    ids=str,
)
def test_read_any_known_form_gives_utc(value: object) -> None:
    read = WINDOW.read_any(value, "created_at")
    assert read == MOMENT
    assert read.tzinfo is UTC


def test_read_any_eight_digits_is_a_date() -> None:
    assert WINDOW.read_any("20240501", "created_at") == utc(2024, 5, 1)


@pytest.mark.parametrize(
    "value",
    ["9999-01-01", "1899-12-31", 0, -1, 10**30, float("nan"), float("inf"), "2025-01-04"],
    ids=str,
)
def test_read_any_absurd_time_is_refused(value: object) -> None:
    with pytest.raises(BadRecordError, match="created_at out of range"):
        WINDOW.read_any(value, "created_at")


def test_read_any_within_two_days_ahead_is_taken() -> None:
    assert WINDOW.read_any("2025-01-02T23:00:00Z", "created_at") == utc(2025, 1, 2, 23)


@pytest.mark.parametrize("value", ["yesterday", True, [], {}, "2024-13-45"], ids=str)
def test_read_any_other_value_is_no_time(value: object) -> None:
    with pytest.raises(BadRecordError, match="created_at is not a time"):
        WINDOW.read_any(value, "created_at")


def test_read_any_none_is_missing() -> None:
    with pytest.raises(BadRecordError, match="created_at is missing"):
        WINDOW.read_any(None, "created_at")


def test_read_x_reads_its_form_and_refuses_a_bad_day() -> None:
    assert WINDOW.read_x("Wed May 01 10:00:00 +0000 2024", "created_at") == MOMENT
    with pytest.raises(BadRecordError, match="not a time"):
        WINDOW.read_x("Wed May 33 10:00:00 +0000 2024", "created_at")


def test_read_id_large_integer_stays_exact() -> None:
    assert read_id(2**60 + 1) == str(2**60 + 1)
    assert read_id(3.0) == "3"


@pytest.mark.parametrize("value", [1e18, 1.5, "1.23457E+18", "1,2E18", True, [], "x" * 1025])
def test_read_id_damaged_is_refused(value: object) -> None:
    with pytest.raises(BadRecordError):
        read_id(value)


def test_read_optional_id_empty_is_none() -> None:
    assert [read_optional_id(v) for v in (None, "", "  ", float("nan"))] == [None] * 4


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, 5),
        ("7", 7),
        ("-3", -3),
        (4.0, 4),
        ("4.0", 4),
        (4.5, None),
        (True, None),
        (None, None),
        ("", None),
        ("many", None),
        (float("nan"), None),
        (float("inf"), None),
        (2**70, None),
    ],
)
def test_read_count_is_tolerant(value: object, expected: int | None) -> None:
    assert read_count(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("en", "en"),
        ("EN-us", "en"),
        ("pt_BR", "pt"),
        ("iw", "he"),
        ("in", "id"),
        ("fil", "fil"),
        ("und", None),
        ("zxx", None),
        ("qme", None),
        ("qam", None),
        ("", None),
        ("English", None),
        (None, None),
        (7, None),
    ],
)
def test_read_lang_gives_primary_code(value: object, expected: str | None) -> None:
    assert read_lang(value) == expected


def test_read_text_undoes_entities_once() -> None:
    assert read_text("a &amp;gt; b", unescape=True) == "a &gt; b"
    assert read_text("a &gt; b") == "a &gt; b"


def test_read_text_too_long_is_refused() -> None:
    assert len(read_text("x" * 100_000)) == 100_000
    with pytest.raises(BadRecordError, match="100,001 characters, the limit is 100,000"):
        read_text("x" * 100_001)


def test_make_reject_keeps_the_start_of_raw() -> None:
    reject = make_reject(3, "why", "ü".encode() * 3000)
    assert reject.raw == "ü" * 2000


@settings(deadline=None)
@given(st.text(st.characters(), max_size=20) | st.text(st.characters(categories=["Cs"])))
def test_clean_string_can_always_be_encoded(text: str) -> None:
    assert len(clean_string(text).encode("utf-8")) >= len(text)


@settings(deadline=None)
@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none()))
def test_read_any_gives_a_plausible_time_or_a_reason(value: object) -> None:
    try:
        read = WINDOW.read_any(value, "created_at")
    except BadRecordError as exc:
        reason = str(exc)
    else:
        assert utc(1990, 1, 1) <= read <= WINDOW.latest
        return
    assert reason.startswith("created_at ")
