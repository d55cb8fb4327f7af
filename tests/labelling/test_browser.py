"""The page for labelling in a real Chromium: keys, phones, and texts that attack it."""

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from analytics.labelling.session import LabelSession
from analytics.labelling.web import LabelServer
from analytics.store.draws import DrawDesign, make_draw
from analytics.store.gold import read_gold
from tests.labelling.serving import serve
from tests.reports.devtools import Browser, Visit, find_chromium, open_browser
from tests.reports.payloads import CORPUS, PAYLOADS
from tests.scripted import make_post, store_posts

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="Chromium is not installed"),
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def press(browser: Browser, key: str) -> Visit:
    """Press a key and wait for the page that comes of it."""
    return browser.follow(
        f"document.dispatchEvent(new KeyboardEvent('keydown', {{key: {json.dumps(key)}}}))"
    )


def own_requests(server: LabelServer, visit: Visit) -> list[str]:
    return [url for url in visit.requests if not url.startswith(server.url)]


def violations(visit: Visit) -> list[str]:
    """But for what Chromium says of pages that are left without a hand on the keyboard."""
    return [issue for issue in visit.violations if "NavigationEntryMarkedSkippable" not in issue]


def test_keys_answer_and_take_back(
    browser: Browser, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    store_posts(connection, [make_post(str(i), f"text {i}") for i in range(4)])
    session = LabelSession(connection, make_draw(connection, DrawDesign()), "a", tmp_path)
    with serve(session) as server:
        visit = browser.visit(server.url)
        for key in ("n", "e", "b", "p", "s"):
            press(browser, key)
        assert [label.label for label in read_gold(connection)].count("unclear") == 1
        assert sorted(label.label for label in read_gold(connection)) == [
            "negative", "positive", "unclear",
        ]  # fmt: skip
        assert browser.evaluate("document.title") == "4 of 4 - analytics label"
        browser.evaluate(
            "document.dispatchEvent(new KeyboardEvent('keydown', {key: 'n', ctrlKey: true}))"
        )
        assert session.n_passed == 3
        press(browser, "u")
        assert "Done" in browser.evaluate("document.querySelector('h1').textContent")
        browser.follow("document.querySelector('button[value=stop]').click()")
        assert "close this page" in browser.evaluate("document.querySelector('h1').textContent")
        assert (own_requests(server, visit), visit.console, violations(visit)) == ([], [], [])


_PAGE = """({
  hacked: window.hacked === undefined ? null : String(window.hacked),
  scripts: document.scripts.length,
  strange: document.querySelectorAll('iframe,object,embed,base,main img').length,
  text: document.querySelector('.text').textContent,
  marks: [...document.querySelectorAll('.text mark')].map(one => one.textContent),
  aspect: document.querySelector('h1 .aspect')?.textContent ?? '',
})"""


def test_hostile_texts_stay_texts(
    browser: Browser, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Each is on a page as the text, its address, the aspect asked for and a marked mention."""
    payloads = list(PAYLOADS.values())
    others = [*payloads[1:], payloads[0]]
    numbered = list(enumerate(zip(payloads, others, strict=True), start=1))
    store_posts(
        connection,
        [make_post(str(i), f"{text} {aspect}", url=text, line=i) for i, (text, aspect) in numbered],
    )
    for i, (_, aspect) in numbered:
        connection.execute("insert into aspects values (?, ?, 'source')", [f"test:{i}", aspect])
    draw = make_draw(connection, DrawDesign(n=1000))
    # Of the pages about a whole post, which hold no more than these, one for each kind of text.
    alone = {payload.kind: i for i, payload in enumerate(CORPUS, start=1)}
    connection.execute(
        "delete from gold_draw_items where aspect = '' and not list_contains(?, post_id)",
        [[f"test:{i}" for i in alone.values()]],
    )
    session = LabelSession(connection, draw, PAYLOADS["script"], tmp_path)
    n_seen = n_marked = 0
    aspects = set()
    with serve(session) as server:
        visit = browser.visit(server.url)
        while (item := session.current) is not None:
            page = browser.evaluate(_PAGE)
            assert (page["hacked"], page["scripts"], page["strange"]) == (None, 1, 0)
            assert page["text"].split() == item.text.replace("\x00", "\ufffd").split()
            # HTML leaves NUL out.
            assert page["aspect"].split() == item.aspect.replace("\x00", "").split()
            n_marked += bool(item.aspect) and item.aspect in page["marks"]
            assert own_requests(server, visit) == []
            assert (visit.console, violations(visit), visit.dialogs) == ([], [], [])
            aspects.add(item.aspect)
            visit = press(browser, "n")
            n_seen += 1
    assert n_seen > len(payloads)
    assert len(aspects) == len(set(payloads)) + 1
    # But for the one with a NUL, which the text is stored without.
    assert n_marked == len(payloads) - 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 400, 1200])
def test_page_fits_and_can_be_read(
    browser: Browser,
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    scheme: str,
    width: int,
) -> None:
    store_posts(connection, [make_post("1", "word " * 400 + "x" * 500)])
    connection.execute("insert into aspects values ('test:1', ?, 'source')", ["word" * 40])
    draw = make_draw(connection, DrawDesign(aspect="word" * 40))
    session = LabelSession(connection, draw, "a", tmp_path)
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=800,
                 deviceScaleFactor=1, mobile=False)  # fmt: skip
    browser.call(
        "Emulation.setEmulatedMedia",
        features=[{"name": "prefers-color-scheme", "value": scheme}],
    )
    with serve(session) as server:
        browser.visit(server.url)
        assert browser.evaluate("document.documentElement.scrollWidth") <= width
        # The answers are in reach however long the post is, and large enough for a thumb.
        box = browser.evaluate(
            "JSON.stringify(document.querySelector('button').getBoundingClientRect())"
        )
        assert json.loads(box)["bottom"] <= 800
        assert json.loads(box)["height"] >= 44
        dark = browser.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (dark == "rgb(20, 23, 26)") == (scheme == "dark")
