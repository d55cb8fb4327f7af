import hashlib

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.contract.text import clean_text, content_key


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Tom &amp; Jerry &gt; all", "Tom & Jerry > all"),
        ("a\u200bb\u202ec\ufeff", "abc"),
        ("  two   spaces\t\r\n\r\n\n next ", "two spaces\nnext"),
        ("RT @some_one: Hello", "Hello"),
        ("he said RT @some_one: Hello", "he said RT @some_one: Hello"),
        ("e\u0301", "\u00e9"),
        (
            "family \U0001f468\u200d\U0001f469\u200d\U0001f467",
            "family \U0001f468\u200d\U0001f469\u200d\U0001f467",
        ),
        ("bad \ud800 surrogate", "bad \ufffd surrogate"),
        ("nul\x00 bell\x07", "nul bell"),
        ("", ""),
    ],
)
def test_clean_text_examples(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


@given(st.text())
def test_clean_text_never_raises_and_holds_no_separator(text: str) -> None:
    cleaned = clean_text(text)
    assert "\x1f" not in cleaned
    assert "\x00" not in cleaned
    cleaned.encode("utf-8")


@given(st.text(alphabet=st.characters(exclude_characters="&"), max_size=100))
def test_clean_text_is_stable_where_no_entity_or_repost_is_left(text: str) -> None:
    once = clean_text(text)
    if not once.startswith("RT @"):
        assert clean_text(once) == once


def test_content_key_tells_its_parts_apart() -> None:
    keys = {
        content_key("a", None, ""),
        content_key("a", "b", ""),
        content_key("a", None, "b"),
        content_key("ab", None, ""),
        content_key("", "a", "b"),
    }
    assert len(keys) == 5


@settings(deadline=None)  # the first call starts DuckDB
def clean_by_all_steps(text: str) -> str:
    """An entity keeps a text from being left as it is."""
    return clean_text(f"{text}z&lt;").removesuffix("z<")


def test_no_character_is_left_that_cleaning_changes() -> None:
    for code in (*range(0x11000), *range(0xE0000, 0xE0200)):
        text = f"a{chr(code)}b"
        assert clean_text(text) == clean_by_all_steps(text), hex(code)


@given(st.text(alphabet=list("a \n\t\rRT@:e\u0301\xa0\u1100\u1161\u3000\U0001f44d"), max_size=12))
def test_no_text_is_left_that_cleaning_changes(text: str) -> None:
    text = f"{text}a"  # white space at the end goes: the entity would keep it
    assert clean_text(text) == clean_by_all_steps(text)
    assert clean_text(f"RT @me: {text}") == clean_by_all_steps(f"RT @me: {text}")
    assert clean_text(text[::-1]) == clean_text(f" {text[::-1]}\n")


@given(st.text(), st.text())
def test_content_key_in_duckdb_is_the_same(text: str, aspect: str) -> None:
    text, aspect = clean_text(text), clean_text(aspect)
    row = duckdb.execute(
        "select sha256(? || chr(31) || coalesce(?, '') || chr(31) || ?)", [text, None, aspect]
    ).fetchone()
    assert row is not None
    assert row[0] == content_key(text, None, aspect)
    assert row[0] == hashlib.sha256(f"{text}\x1f\x1f{aspect}".encode()).hexdigest()
