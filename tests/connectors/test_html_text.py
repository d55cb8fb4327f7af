import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.html_text import render_text
from connectors.values import BadRecordError

SHORTENED = (
    '<a href="https://www.inn.example/a/long/way" rel="nofollow"><span class="invisible">'
    'https://www.</span><span class="ellipsis">inn.example/a/lo</span>'
    '<span class="invisible">ng/way</span></a>'
)
MENTION = (
    '<span class="h-card"><a href="https://inn.example/@ann" class="u-url mention">'
    "@<span>ann</span></a></span>"
)
HASHTAG = '<a href="https://inn.example/tags/tea" class="mention hashtag">#<span>tea</span></a>'


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain", "plain"),
        (" a \n b ", "a b"),
        ("<p>Fish &amp; chips &lt;3</p>", "Fish & chips <3"),
        ("<p>one<br>two<br />three</p><p>four</p>", "one\ntwo\nthree\n\nfour"),
        ("<p>one</p>\n\n<p></p>\n<p>two</p>", "one\n\ntwo"),
        ("<p>so <em>very</em> <b>g</b>ood</p>", "so very good"),
        (f"<p>{MENTION} see {SHORTENED}.</p>", "@ann see https://www.inn.example/a/long/way."),
        (f"<p>{HASHTAG} time :kettle:</p>", "#tea time :kettle:"),
        ('<img class="emoji" alt=":kettle:" src="k.png"> on', ":kettle: on"),
        ('<a href="https://inn.example/a">inn.example…</a>', "https://inn.example/a"),
        ('<a href="https://inn.example/a">https://inn.ex…</a>', "https://inn.example/a"),
        ('<a href="https://inn.example/a"></a>', "https://inn.example/a"),
        ('<a href="https://inn.example/a">the <b>menu</b></a>', "the menu (https://inn.example/a)"),
        ('<a href="https://inn.example/menu">menu</a>', "menu (https://inn.example/menu)"),
        ('<a href="https://a.example/a">b.example</a>', "b.example (https://a.example/a)"),
        ('<a href="mailto:a@b.example">write</a>', "write"),
        ('<a href="https://a.example">one<a href="https://b.example">two', None),
        ("<a>no address</a></a>", "no address"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        ("<blockquote>said</blockquote>so", "said\n\nso"),
        ("<pre>a  b\n  c</pre>", "a  b\nc"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<p>a <!-- b --> c", "a <!-- b --> c"),
        ("<p>cut <a href='https://inn", "cut <a href='https://inn"),
        ("<![CDATA[x]]> <?php ?> <!DOCTYPE html>", "<![CDATA[x]]> <?php ?> <!DOCTYPE html>"),
        ("<script>alert(1)</script>", "alert(1)"),
        ("", ""),
    ],
)
def test_render_text(markup: str, text: str | None) -> None:
    found = render_text(markup, "content")
    assert found == (text if text is not None else "one (https://a.example)two (https://b.example)")


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        (None, "content is missing"),
        (5, "content is not a string"),
        ("x" * 400_001, "content has 400,001 characters, the limit is 400,000"),
    ],
)
def test_render_text_names_what_it_cannot_read(markup: object, reason: str) -> None:
    with pytest.raises(BadRecordError, match=reason):
        render_text(markup, "content")


@settings(deadline=None)
@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            [
                "<a ",
                "<a href='",
                '"',
                ">",
                "</a>",
                "<p>",
                "<![",
                "<!--",
                "&#x",
                "&",
                "<script>",
                "x",
            ]
        ),
        max_size=30,
    ).map("".join)
)
def test_render_text_never_fails_and_keeps_plain_text(markup: str) -> None:
    assert isinstance(render_text(markup, "content"), str)
    plain = "".join(char for char in markup if char.isalnum())
    assert render_text(plain, "content") == plain


@pytest.mark.parametrize(
    "piece",
    [
        "<a ",
        "<",
        "<!--",
        "<!-- >",
        '<a b="',
        "<a b='\">",
        "</a",
        "<script>",
        "<![foo>",
        "&#",
        "<a>",
    ],
)
def test_render_text_takes_time_in_proportion_to_the_length(piece: str) -> None:
    """The parser alone takes minutes for some of these."""
    started = time.perf_counter()
    render_text(piece * (400_000 // len(piece)), "content")
    assert time.perf_counter() - started < 20
