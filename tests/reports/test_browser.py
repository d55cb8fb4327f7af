"""The report in real Chromium: no request, no script but its own, no complaint."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from analytics.store.sql_files import build_marts
from reports.build import write_report
from tests.reports.conftest import Build
from tests.reports.databases import make_hostile
from tests.reports.devtools import Browser, find_chromium, open_browser
from tests.reports.payloads import PAYLOADS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="Chromium is not installed"),
]

_HALF = 40


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def test_harness_notices_what_a_page_does(browser: Browser, tmp_path: Path) -> None:
    """Proof that the tests below can fail."""
    path = tmp_path / "loud.html"
    path.write_text(
        "<!doctype html><script>window.hacked=1;console.error('ouch');alert('hi')</script>"
        "<img src='https://evil.invalid/a.png'>",
        encoding="utf-8",
    )
    visit = browser.open(path)

    assert visit.requests == ["https://evil.invalid/a.png"]
    assert "error: ouch" in visit.console
    assert visit.dialogs == ["alert: hi"]
    assert visit.scripts == [path.as_uri()]
    assert browser.evaluate("window.hacked") == 1


def test_harness_notices_violations_of_the_policy(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "bound.html"
    path.write_text(
        "<!doctype html><meta http-equiv='Content-Security-Policy' content=\"default-src 'none'\">"
        "<img src='https://evil.invalid/a.png'><p style='color: red'>x</p>"
        "<script>window.hacked=1</script>",
        encoding="utf-8",
    )
    visit = browser.open(path)

    assert len(visit.violations) == 3
    assert len(visit.console) == 3
    assert browser.evaluate("window.hacked") is None


@pytest.mark.parametrize(
    "payloads",
    [list(PAYLOADS.values())[:_HALF], list(PAYLOADS.values())[_HALF:]],
    ids=["first half", "second half"],
)
@pytest.mark.parametrize("width", [1280, 390])
def test_hostile_report_is_quiet(
    browser: Browser, build: Build, tmp_path: Path, payloads: list[str], width: int
) -> None:
    path = tmp_path / "report.html"
    with make_hostile(tmp_path, payloads) as connection:
        write_report(build(connection, title=payloads[0], max_posts=1000), path)
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=900,
        deviceScaleFactor=1,
        mobile=False,
    )
    visit = browser.open(path)

    assert visit.faults == []
    assert visit.scripts == [path.resolve().as_uri()]
    assert browser.evaluate("window.hacked") is None
    assert browser.evaluate("document.scripts.length") == 2
    assert browser.evaluate("document.querySelectorAll('#top-posts > article').length") == len(
        payloads
    )
    assert browser.evaluate("document.querySelectorAll('iframe,object,embed,form').length") == 0
    tallest = (
        "Math.max(...[...document.querySelectorAll('article')].map("
        "one => one.getBoundingClientRect().height))"
    )
    assert browser.evaluate(tallest) < 1200
    # Folds opened, still nothing is wider than the window or endlessly tall.
    browser.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.evaluate(tallest) < 6000
    style = "getComputedStyle(document.querySelector('.headline')).display"
    assert browser.evaluate(style) == "block"


def test_two_weeks_report_is_quiet(browser: Browser, two_weeks: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(two_weeks, path)
    visit = browser.open(path)

    assert visit.faults == []
    assert visit.scripts == [path.resolve().as_uri()]
    assert browser.evaluate("document.querySelectorAll('#top-posts > article').length") == 50
    broken = "[...document.images].filter(one => one.complete && !one.naturalWidth).length"
    assert browser.evaluate("document.images.length") > 10
    assert browser.evaluate(broken) == 0
    # The stylesheet was let in by its hash.
    assert browser.evaluate("document.styleSheets.length") == 1
    assert path.stat().st_size < 3_000_000


def test_empty_report_is_quiet(
    browser: Browser, build: Build, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    build_marts(connection)
    path = tmp_path / "report.html"
    write_report(build(connection), path)

    assert browser.open(path).faults == []
    assert browser.evaluate("document.querySelectorAll('article').length") == 0


def test_dark_mode_changes_the_paper(browser: Browser, two_weeks: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(two_weeks, path)
    browser.open(path)
    colours = []
    for scheme in ("light", "dark"):
        browser.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )
        colours.append(browser.evaluate("getComputedStyle(document.body).backgroundColor"))

    assert colours == ["rgb(251, 251, 249)", "rgb(19, 22, 25)"]


def test_tables_that_are_read_at_once_fit_a_phone(
    browser: Browser, two_weeks: str, tmp_path: Path
) -> None:
    """The number is the last column: it must not lie beyond the edge."""
    path = tmp_path / "report.html"
    write_report(two_weeks, path)
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=400,
        height=800,
        deviceScaleFactor=1,
        mobile=True,
    )
    browser.open(path)
    wider = (
        "[...document.querySelectorAll('table.aspects, table.drivers')].filter(one =>"
        " one.offsetParent && one.parentElement.scrollWidth > one.parentElement.clientWidth + 1)"
        ".map(one => one.caption.textContent)"
    )
    assert browser.evaluate("document.querySelectorAll('table.drivers').length") == 2
    assert browser.evaluate(wider) == []
