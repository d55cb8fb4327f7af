"""The report under axe-core in real Chromium: no serious finding, light, dark, wide, narrow."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from analytics.store.sql_files import build_marts
from reports.build import write_report
from tests.reports.conftest import Build
from tests.reports.devtools import Browser, find_chromium, open_browser

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(find_chromium() is None, reason="Chromium is not installed"),
]

_AXE = "axe-core@4"
_RUN = """axe.run(document, {resultTypes: ['violations']}).then(found => found.violations.map(
one => ({id: one.id, impact: one.impact, nodes: one.nodes.slice(0, 3).map(node => node.html)})))"""


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The text of axe-core: of the file that AXE_CORE names, else from npm."""
    named = os.environ.get("AXE_CORE")
    if named:
        return Path(named).read_text(encoding="utf-8")
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed, and AXE_CORE names no axe.min.js")
    folder = tmp_path_factory.mktemp("npm")
    done = subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder, _AXE],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"npm cannot install {_AXE}: {done.stderr.strip()[:200]}")
    return (folder / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def run_axe(browser: Browser, axe: str) -> list[dict[str, object]]:
    """The findings that are serious or critical. What a debugger evaluates no policy forbids."""
    browser.evaluate(axe)
    reply = browser.call("Runtime.evaluate", expression=_RUN, awaitPromise=True, returnByValue=True)
    assert "exceptionDetails" not in reply, reply
    return [one for one in reply["result"]["value"] if one["impact"] in ("serious", "critical")]


def test_axe_finds_what_is_wrong(browser: Browser, axe: str, tmp_path: Path) -> None:
    """Proof that the test below can fail."""
    path = tmp_path / "bad.html"
    path.write_text("<p style='color:#ccc;background:#fff'>pale</p><img src='data:,'>")
    browser.open(path)
    found = {one["id"] for one in run_axe(browser, axe)}

    assert {"color-contrast", "image-alt", "html-has-lang"} <= found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1262, 400])
@pytest.mark.parametrize("state", ["as opened", "folds open", "filtered"])
def test_report_has_no_serious_finding(
    browser: Browser, axe: str, two_weeks: str, tmp_path: Path, scheme: str, width: int, state: str
) -> None:
    path = tmp_path / "report.html"
    write_report(two_weeks, path)
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=width, height=900, deviceScaleFactor=1, mobile=False,
    )  # fmt: skip
    browser.call(
        "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
    )
    fragment = "posts?aspect=tram line 9&since=2026-03-05" if state == "filtered" else ""
    browser.open(path, fragment=fragment)
    if state == "folds open":
        browser.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = run_axe(browser, axe)

    assert found == [], json.dumps(found, indent=1)


def test_empty_report_has_no_serious_finding(
    browser: Browser, axe: str, build: Build, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    build_marts(connection)
    write_report(build(connection), tmp_path / "report.html")
    browser.open(tmp_path / "report.html")

    assert run_axe(browser, axe) == []
