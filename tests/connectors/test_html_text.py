import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.html_text import read_html_text
from connectors.values import BadRecordError


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Tea &amp; cake", "Tea & cake"),
        ("  so \n\t what ", "so what"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("one<br><br><br><br>two", "one\n\ntwo"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("one<p>two<p>three", "one\n\ntwo\n\nthree"),
        ("<b>so</b> <i>it</i> goes", "so it goes"),
        ("<ul><li>a</li><li>b</li></ul>", "a\n\nb"),
        ("<p>code:<p><pre><code>a  =  1\nb</code></pre>", "code:\n\na  =  1\nb"),
        ("a &lt;b&gt; &#39;c&#x27; &quot;d&quot;", "a <b> 'c' \"d\""),
        ("I <3 you, 1 < 2 > 0", "I <3 you, 1 < 2 > 0"),
        ("a<!-- b <b>c</b> -->d<!DOCTYPE x>e<?f?>g", "adeg"),
        ("a<script>b<br>c</script>d<style>e</style>f", "adf"),
        ("a<script>b", "a"),
        ("</script>a</pre> <b", "a\n\n<b"),
        ("a<!--b", "a"),
        ('nice <img src="x" alt="kettle"> here<img>', "nice kettle here"),
    ],
)
def test_read_html_text(html: str, text: str) -> None:
    assert read_html_text(html) == text


@pytest.mark.parametrize(
    ("link", "text"),
    [
        (
            '<a href="https://a.example/x?b=1&amp;c=2">this</a>',
            "this (https://a.example/x?b=1&c=2)",
        ),
        ("<a class=u href='https://a.example'>this</a>", "this (https://a.example)"),
        ("<a href=https://a.example/b>this</a>", "this (https://a.example/b)"),
        ('<A HREF="https://a.example/b">a.example/b</A>', "https://a.example/b"),
        ('<a href="https://www.a.example/">https://a.example</a>', "https://www.a.example/"),
        (
            '<a href="https://a.example/long/way">https://a.example/lo...</a>',
            "https://a.example/long/way",
        ),
        ('<a href="https://a.example/long">well…</a>', "well… (https://a.example/long)"),
        ('<a href="https://a.example/long">...</a>', "... (https://a.example/long)"),
        ('<a href="https://a.example"></a>', "https://a.example"),
        ('<a href="https://a.example/tag">#tea</a>', "#tea"),
        ('<a href="https://a.example/ann">@ann</a>', "@ann"),
        ('<a href="https://a.example/watch?t=83">1:23</a>', "1:23"),
        ('<a href="javascript:alert(1)">this</a>', "this"),
        ("<a>this</a>", "this"),
        ('<a href="https://a.example">open', "open (https://a.example)"),
        (
            '<a href="https://a.example/long"><span class="invisible">https://</span>'
            '<span>a.example/lo</span><span class="invisible">ng</span></a>',
            "https://a.example/long",
        ),
    ],
)
def test_read_html_text_keeps_the_addresses_of_links(link: str, text: str) -> None:
    assert read_html_text(f"see {link}") == f"see {text}"


def test_read_html_text_too_long_is_refused() -> None:
    with pytest.raises(BadRecordError, match="text has 800,001 characters of HTML"):
        read_html_text("x" * 800_001)


@given(
    st.text()
    | st.lists(st.sampled_from(["<", "a", "/", ">", '"', " href=", "!--", "&"])).map("".join)
)
def test_read_html_text_takes_anything(html: str) -> None:
    read_html_text(html)


@given(st.text(st.characters(exclude_characters="<&\r\f", exclude_categories=["Cs"])))
def test_read_html_text_of_plain_text_is_that_text(text: str) -> None:
    assert read_html_text(text).split() == text.split()


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<!--",
        "<a ",
        '<a href="',
        "<?",
        "</",
        "<pre> ",
        "<script></",
        "<a href='https://x'>",
        "&",
    ],
)
def test_read_html_text_needs_linear_time(piece: str) -> None:
    """The standard library's parser takes more than a minute for some of these."""
    html = piece * (400_000 // len(piece))
    start = time.process_time()
    read_html_text(html)
    read_html_text("<pre>" + " " * 400_000 + "x")
    assert time.process_time() - start < 10
