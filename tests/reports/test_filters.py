"""What the script of the report does, in real Chromium, from a file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from reports.build import build_report, write_report
from reports.display import format_net
from tests.reports.conftest import GENERATED_AT
from tests.reports.databases import add_estimates, make_two_weeks
from tests.reports.devtools import Browser, find_chromium, open_browser

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="Chromium is not installed"),
]

_CHOOSE = """(() => {{
  const select = document.getElementById('{select}');
  const option = [...select.options].find(one => one.text === '{text}');
  select.value = option.value;
  select.dispatchEvent(new Event('change'));
}})()"""
_SHAPES = """[...document.querySelectorAll('svg[data-scale] .marks > *, svg[data-scale] .y > *,'
+ 'svg[data-scale] .events > *')]
.map(one => one.tagName + [...one.attributes].map(a => a.name + '=' + a.value).sort().join(' ')
+ one.textContent)"""
_TITLES = "[...document.querySelectorAll('.hit title')].map(one => one.textContent)"
_SELECTION = "document.getElementById('selection').textContent"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with make_two_weeks(tmp_path_factory.mktemp("data")) as connection:
        connection.execute("update posts set lang = 'de' where native_id like '%7'")
        connection.execute("update posts set detected_lang = 'en' where lang is null")
        add_estimates(connection)
        yield connection


@pytest.fixture(scope="module")
def report(
    database: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory
) -> Path:  # fmt: skip
    folder = tmp_path_factory.mktemp("report")
    html = build_report(database, data_dir=folder, title="City talk", generated_at=GENERATED_AT)
    write_report(html, folder / "report.html")
    return folder / "report.html"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def choose(browser: Browser, select: str, text: str) -> None:
    browser.evaluate(_CHOOSE.format(select=select, text=text))


def shown(browser: Browser, inside: str) -> list[list[int]]:
    """The places of the posts that show in a part of the page."""
    found = browser.evaluate(
        f"[...document.querySelectorAll('{inside} [data-post]')].filter(one => !one.hidden"
        " && !one.closest('[hidden]')).map(one => one.dataset.post)"
    )
    return [[int(place) for place in one.split(" ")] for one in found]


def test_script_draws_as_the_server_did(browser: Browser, report: Path) -> None:
    """A filter that lets all through draws each shape as it was."""
    browser.open(report)
    before = browser.evaluate(_SHAPES), browser.evaluate(_TITLES)
    # The post level has one more value to choose than the aspects: any that adds up to all.
    browser.evaluate(
        """(() => {
          const script = document.scripts[1].textContent;
          const forced = script.replace('if (isSliced()) scales', 'scales');
          if (forced === script) throw new Error('the script has changed');
          Function(forced)();
        })()"""
    )
    after = browser.evaluate(_SHAPES), browser.evaluate(_TITLES)

    assert len(before[0]) > 400
    assert sum("class=band" in one for one in before[0]) >= 4
    assert sum("\u25b2" in one for one in before[0]) >= 3
    assert after == before


@pytest.mark.parametrize(
    ("choices", "condition"),
    [
        ({"by-aspect": "tram line 9"}, "aspect = 'tram line 9'"),
        ({"by-platform": "reddit"}, "aspect = '' and platform = 'reddit'"),
        ({"by-language": "German"}, "aspect = '' and language = 'de'"),
        (
            {"by-since": "5 Mar 2026", "by-until": "9 Mar 2026"},
            "aspect = '' and sentiment_date between '2026-03-05' and '2026-03-09'",
        ),
        (
            {"by-aspect": "#parking", "by-platform": "x", "by-language": "English",
             "by-since": "3 Mar 2026"},
            "aspect = '#parking' and platform = 'x' and language = 'en'"
            " and sentiment_date >= '2026-03-03'",
        ),
    ],
    ids=["aspect", "platform", "language", "period", "all together"],
)  # fmt: skip
def test_selection_counts_what_the_data_hold(
    browser: Browser,
    report: Path,
    database: duckdb.DuckDBPyConnection,
    choices: dict[str, str],
    condition: str,
) -> None:
    browser.visit("about:blank")
    browser.open(report)
    for select, text in choices.items():
        choose(browser, select, text)
    [(n_posts, n_labelled, net)] = database.execute(
        "select count(*), count(label),"
        " (count(*) filter (where label = 'positive') - count(*) filter (where label = 'negative'))"
        f" / count(label) from int_judged_pairs where {condition} and sentiment_date is not null"
    ).fetchall()
    sign = "+" if net > 0.005 else "\u2212" if net < -0.005 else ""
    words = browser.evaluate(_SELECTION)

    assert words.endswith(
        f": {n_posts} posts, counted net {sign}{abs(net):.2f} (n = {n_labelled})."
    )
    # The query of the selection finds the same posts.
    sql = browser.evaluate("document.querySelector('#selection-sql code').textContent")
    found = database.execute(sql).fetchall()
    dated = [row for row in found if row[1] is not None]
    assert len(dated) == n_posts
    # Another reader, who opens the address, sees the same.
    fragment = browser.evaluate("location.hash").removeprefix("#")
    browser.visit("about:blank")
    browser.open(report, fragment=fragment)
    assert browser.evaluate(_SELECTION) == words


def test_selection_shows_its_own_estimates_and_events(
    browser: Browser, report: Path, database: duckdb.DuckDBPyConnection
) -> None:
    browser.visit("about:blank")
    browser.open(report)
    choose(browser, "by-aspect", "tram line 9")
    choose(browser, "by-platform", "reddit")
    rows = database.execute(
        "select low, high from sentiment_estimates where period = 'day' and aspect = 'tram line 9'"
        " and platform = 'reddit' and lang = '*' and view = 'post' and measure = 'net_sentiment'"
        " and estimate is not null"
    ).fetchall()
    chart = "document.querySelector('#sentiment svg.wide')"
    titles = browser.evaluate(
        f"[...{chart}.querySelectorAll('.hit title')].map(one => one.textContent)"
    )
    shown = [one for one in titles if "95% interval" in one]
    low, high = (format_net(round(value, 4)) for value in rows[0])

    assert len(shown) == len(rows)
    assert any(f"95% interval {low} to {high}" in one for one in shown)
    assert browser.evaluate(f"{chart}.querySelectorAll('.band').length") == 1
    marks = browser.evaluate(f"[...{chart}.querySelectorAll('.event')].map(one => one.textContent)")
    assert [mark[0] for mark in marks] == ["\u25c6", "\u25bc"]
    # Events are of all languages.
    choose(browser, "by-language", "German")
    assert browser.evaluate(f"{chart}.querySelectorAll('.event').length") == 0


def test_event_leads_to_its_posts(browser: Browser, report: Path) -> None:
    browser.visit("about:blank")
    browser.open(report)
    browser.evaluate("document.querySelector('#events a[data-event^=\"0 0 \"]').click()")

    assert browser.evaluate("location.hash") == (
        "#posts?platform=x&since=2026-03-12&until=2026-03-12"
    )
    assert {
        (platform, period) for _, platform, _, period in shown(browser, "#by-period-posts")
    } == {(0, 11)}


def test_chart_is_one_tab_stop_and_arrows_move_in_it(browser: Browser, report: Path) -> None:
    browser.visit("about:blank")
    browser.open(report)
    stops = (
        "[...document.querySelectorAll('svg')].map(svg =>"
        " svg.querySelectorAll('a.hit:not([tabindex=\"-1\"])').length)"
    )
    active = "document.activeElement.dataset.i"
    assert max(browser.evaluate(stops)) == 1
    browser.evaluate("document.querySelector('#sentiment svg.wide a.hit[tabindex=\"0\"]').focus()")
    seen = []
    for key in ("ArrowLeft", "ArrowLeft", "Home", "ArrowLeft", "End"):
        browser.call("Input.dispatchKeyEvent", type="rawKeyDown", key=key, code=key)
        browser.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=key)
        seen.append(browser.evaluate(active))

    assert seen == ["12", "11", "0", "0", "13"]
    choose(browser, "by-platform", "reddit")
    browser.evaluate("document.getElementById('clear').click()")
    assert max(browser.evaluate(stops)) == 1


def test_posts_that_show_are_of_the_selection(browser: Browser, report: Path) -> None:
    browser.visit("about:blank")
    browser.open(report)
    assert len(shown(browser, "#top-posts")) == 50
    choose(browser, "by-platform", "reddit")
    for part in ("#posts", "#conflicts"):
        posts = shown(browser, part)
        assert posts
        assert {platform for _, platform, _, _ in posts} == {1}
    assert browser.evaluate("document.querySelectorAll('[data-panel]:not([hidden])').length") == 2

    choose(browser, "by-aspect", "tram line 9")
    aspects = {aspect for aspect, *_ in shown(browser, "#posts")}
    assert len(aspects) == 1
    assert aspects != {0}

    browser.evaluate("document.getElementById('clear').click()")
    assert len(shown(browser, "#top-posts")) == 50
    assert browser.evaluate("location.hash") == "#filters"


@pytest.mark.parametrize("way", ["click", "enter"])
def test_point_leads_to_its_posts(browser: Browser, report: Path, way: str) -> None:
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=1280, height=900, deviceScaleFactor=1, mobile=False,
    )  # fmt: skip
    browser.visit("about:blank")
    browser.open(report)
    point = "document.querySelector('#sentiment svg.wide a.hit[data-i=\"4\"]')"
    if way == "enter":
        browser.evaluate(f"{point}.focus()")
        for kind in ("rawKeyDown", "char", "keyUp"):
            browser.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter",
                         text="\r" if kind == "char" else "", windowsVirtualKeyCode=13)  # fmt: skip
    else:
        browser.evaluate(f"{point}.scrollIntoView({{block: 'center'}})")
        box = browser.evaluate(f"(({point}).getBoundingClientRect()).toJSON()")
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        for kind in ("mousePressed", "mouseReleased"):
            browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left",
                         clickCount=1)  # fmt: skip

    assert browser.evaluate("location.hash") == "#posts?since=2026-03-05&until=2026-03-05"
    assert browser.evaluate("document.activeElement.id") == "posts-head"
    posts = shown(browser, "#by-period-posts")
    assert posts
    assert {period for *_, period in posts} == {4}
    assert browser.evaluate("document.getElementById('period-2026-03-05').open") is True


def test_page_can_be_read_without_script(browser: Browser, report: Path) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.visit("about:blank")
        browser.open(report)
        document = browser.call("DOM.getDocument", depth=-1)["root"]["nodeId"]

        def count(selector: str) -> int:
            found: dict[str, Any] = browser.call(
                "DOM.querySelectorAll", nodeId=document, selector=selector
            )
            return len(found["nodeIds"])

        assert count("#top-posts > article") == 50
        assert count("#filters[hidden]") == count("#theme[hidden]") == 1
        assert count("a.hit[href^='#period-2026-03-']") > 20
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)


def test_theme_is_chosen_by_its_button(browser: Browser, report: Path) -> None:
    browser.visit("about:blank")
    browser.open(report)
    browser.call(
        "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "light"}]
    )
    seen = []
    for _ in range(3):
        browser.evaluate("document.getElementById('theme').click()")
        seen.append(
            browser.evaluate(
                "[document.getElementById('theme').textContent,"
                " getComputedStyle(document.body).backgroundColor]"
            )
        )

    light, dark = "rgb(251, 251, 249)", "rgb(19, 22, 25)"
    assert seen == [["Theme: light", light], ["Theme: dark", dark], ["Theme: system", light]]


def test_print_opens_folds_and_leaves_controls_out(browser: Browser, report: Path) -> None:
    browser.visit("about:blank")
    browser.open(report)
    browser.call("Emulation.setEmulatedMedia", media="print", features=[])
    try:
        browser.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        closed = "[...document.querySelectorAll('details:not([open])')].map(one => one.className)"
        # Data and SQL are left out, or they were most of the pages.
        assert set(browser.evaluate(closed)) == {"data"}
        visible = (
            "[...document.querySelectorAll('button, select, nav')]"
            ".filter(one => one.getClientRects().length).length"
        )
        assert browser.evaluate(visible) == 0
        assert browser.evaluate("getComputedStyle(document.body).backgroundColor") == (
            "rgb(255, 255, 255)"
        )
        assert len(browser.call("Page.printToPDF")["data"]) > 50_000
    finally:
        browser.call("Emulation.setEmulatedMedia", media="", features=[])
