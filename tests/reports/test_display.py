from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import display
from reports.display import (
    check_link,
    cut_text,
    format_count,
    format_date,
    format_iso,
    format_name,
    format_net,
    format_seconds,
    format_share,
    format_time,
    printable,
)


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "\u2013"), (0.0, "0%"), (0.0001, "0.1%"), (0.004, "0.4%"), (0.336, "34%"),
     (0.9996, "99.9%"), (1.0, "100%")],
)  # fmt: skip
def test_format_share_never_rounds_to_none_or_all(share: float | None, text: str) -> None:
    assert format_share(share) == text


@pytest.mark.parametrize(
    ("net", "text"), [(None, "\u2013"), (0.0, "0.00"), (-0.001, "0.00"), (0.1234, "+0.12"),
                      (-0.3, "\u22120.30"), (1.0, "+1.00")]
)  # fmt: skip
def test_format_net_has_a_sign(net: float | None, text: str) -> None:
    assert format_net(net) == text


def test_format_count_groups_digits() -> None:
    assert [format_count(n) for n in (None, 0, 1234567)] == ["\u2013", "0", "1,234,567"]


def test_times_are_said_in_utc() -> None:
    moment = datetime(2026, 3, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert format_time(moment) == "28 Feb 2026, 23:30"
    assert format_iso(moment) == "2026-02-28T23:30:00Z"
    assert format_iso(date(2026, 3, 1)) == "2026-03-01"
    assert (format_time(None), format_date(None)) == ("\u2013", "\u2013")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59, "59 s"), (200, "3 min 20 s"), (7_380, "2 h 3 min")]
)
def test_format_seconds_says_how_long(seconds: float, text: str) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    assert format_seconds(start, start + timedelta(seconds=seconds)) == text
    assert format_seconds(start, None) == "\u2013"


@pytest.mark.parametrize(
    "url", ["https://a.example/b?c=d#e", "http://a.example", "HTTPS://A.example/"]
)
def test_check_link_takes_web_addresses(url: str) -> None:
    link = check_link(f" {url} ")
    assert link is not None
    assert link.is_safe
    assert (link.url, link.host) == (url, "a.example")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "JAVASCRIPT:alert(1)", "java\tscript:alert(1)", "data:text/html,x",
        "vbscript:x", "file:///etc/passwd", "//a.example/x", "/x", "a.example", "https://",
        "https://a@b.example/", "https://a.example/ b", 'https://a.example/"x', "http://[::1",
        "https://a.example/\u202ex", "https://a.example/" + "x" * 3000, "\x01https://a.example/",
        "https://a.example\\@b.example/", "https://a.example:99999/", "https://a.example:x/",
    ],
)  # fmt: skip
def test_check_link_leaves_others_unlinked(url: str) -> None:
    link = check_link(url)
    assert link is not None
    assert not link.is_safe


def test_check_link_shows_lookalike_hosts_in_ascii() -> None:
    link = check_link("https://\u0430pple.example/")
    assert link is not None
    assert link.host == "xn--pple-43d.example"


@pytest.mark.parametrize("url", [None, "", "  "])
def test_check_link_without_address_is_none(url: str | None) -> None:
    assert check_link(url) is None


def test_cut_text_keeps_short_texts() -> None:
    cut = cut_text(" short\r\ntext ")
    assert (cut.start, cut.whole, cut.n_left_out) == ("short\ntext", "", 0)


def test_cut_text_folds_long_texts() -> None:
    cut = cut_text("word " * 300)
    assert len(cut.start) <= 481
    assert cut.start.endswith("\u2026")
    assert len(cut.whole) == 1499


def test_cut_text_folds_many_lines() -> None:
    assert cut_text("a\n" * 100).start.count("\n") == 7


def test_cut_text_says_what_it_leaves_out() -> None:
    cut = cut_text("x" * 10_000)
    assert (len(cut.whole), cut.n_left_out) == (4000, 6000)


def test_cut_text_does_not_cut_joined_emoji() -> None:
    family = "\U0001f469\u200d\U0001f467"
    assert cut_text(family * 200, max_start=100).start.endswith(f"{family}\u2026")


@given(st.text())
def test_cut_text_loses_nothing_unsaid(text: str) -> None:
    cut = cut_text(text, max_start=20, max_lines=2, max_whole=60)
    plain = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if cut.whole:
        assert plain.startswith(cut.whole)
        assert len(cut.whole) + cut.n_left_out == len(plain)
    else:
        assert cut.start == plain
        assert cut.n_left_out == 0


def test_format_name_hides_no_direction_and_stacks_no_accents() -> None:
    assert format_name("a\u202eb\u200bc\n d") == "a b c d"
    assert format_name("Z" + "\u0315" * 400) == "Z" + "\u0315" * 4
    assert format_name("caf\u0065\u0301") == "caf\u0065\u0301"
    assert format_name(" \u202e ") == "\u2013"


@given(st.text(max_size=400))
def test_format_name_is_one_short_line(text: str) -> None:
    name = format_name(text)
    assert 1 <= len(name) <= 61
    assert "\n" not in name


def test_printable_marks_control_characters() -> None:
    assert printable("a\x00b\ud800c\td\n") == "a\ufffdb\ufffdc\td\n"
    assert printable(7) == 7


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0"), (5, "5"), (9_999, "9,999"), (10_000, "10k"), (12_500, "12.5k"), (1_500_000, "1.5M")],
)
def test_format_tick_has_room_beside_an_axis(count: int, words: str) -> None:
    assert display.format_tick(count) == words
