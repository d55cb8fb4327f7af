"""Hostile texts from ingest to the report in real Chromium: no script, no request, no take-over."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reports.build import build_report, write_report
from tests.reports.conftest import GENERATED_AT
from tests.reports.devtools import Browser, find_chromium, open_browser
from tests.reports.hostile import Listener, ingest_corpus, listening
from tests.reports.payloads import CORPUS, EVIL

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="Chromium is not installed"),
]

# Everything inside a card or a row, and where it lies.
_OUTSIDE = """
[...document.querySelectorAll('article, li.line')].flatMap(card => {
  const frame = card.getBoundingClientRect();
  const isLoose = getComputedStyle(card).overflowX === 'visible';
  const runsOver = isLoose && card.scrollWidth > card.clientWidth + 1 ? [card] : [];
  return [...runsOver, ...[...card.querySelectorAll('*')].filter(one => {
    const style = getComputedStyle(one), box = one.getBoundingClientRect();
    if (!['static', 'relative'].includes(style.position) || style.float !== 'none') return true;
    for (let up = one.parentElement; up !== card.parentElement; up = up.parentElement) {
      // What a box between clips or scrolls is not seen outside of it.
      const overflow = getComputedStyle(up);
      if (up !== card && overflow.overflowX !== 'visible') return false;
    }
    return box.width > 0 && (box.left < frame.left - 1 || box.right > frame.right + 1);
  })].map(one => card.id + ': ' + one.outerHTML.slice(0, 200));
})"""
# Text with marks of direction that no element around it isolates.
_UNISOLATED = """
(() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!/[\\u202a-\\u202e\\u2066-\\u2069]/.test(node.data)) continue;
    if (node.parentElement.closest('script')) continue;
    const unicode = getComputedStyle(node.parentElement).unicodeBidi;
    if (!['isolate', 'isolate-override', 'plaintext'].includes(unicode)) {
      found.push(node.parentElement.outerHTML.slice(0, 200));
    }
  }
  return found;
})()"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with listening() as started:
        yield started


@pytest.fixture(scope="module")
def hostile_report(tmp_path_factory: pytest.TempPathFactory, listener: Listener) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    connection, n_posts = ingest_corpus(folder, CORPUS, listener.address)
    with connection:
        assert n_posts == len(CORPUS)
        html = build_report(
            connection,
            data_dir=folder,
            title=CORPUS[0].text,
            generated_at=GENERATED_AT,
            max_posts=len(CORPUS),
        )
    path = folder / "report.html"
    write_report(html, path)
    return path


def test_corpus_is_large_and_says_what_for() -> None:
    assert len(CORPUS) >= 100
    assert len({payload.name for payload in CORPUS}) == len(CORPUS)
    assert all(payload.purpose and payload.text for payload in CORPUS)
    assert {payload.kind for payload in CORPUS} == {
        "script", "attribute", "url", "svg", "css", "vega", "bidi", "json", "request", "layout",
        "sql", "template",
    }  # fmt: skip


def test_listener_counts_what_a_page_asks_for(
    browser: Browser, listener: Listener, tmp_path: Path
) -> None:
    """Proof that the tests below can fail: the same texts in a page that does not guard itself."""
    path = tmp_path / "open.html"
    payloads = [payload for payload in CORPUS if payload.name in ("img_request", "script")]
    texts = [payload.text.replace(EVIL, listener.address) for payload in payloads]
    path.write_text("<!doctype html>" + "".join(texts), encoding="utf-8")
    visit = browser.open(path)

    assert "/a.png" in listener.requests
    assert visit.requests == [f"{listener.address}/a.png"]
    assert browser.evaluate("window.hacked") == 1
    listener.requests.clear()


def test_checks_notice_take_overs(browser: Browser, hostile_report: Path, tmp_path: Path) -> None:
    """Proof that the checks below can fail: the same page with its guards taken away."""
    html = hostile_report.read_text(encoding="utf-8")
    path = tmp_path / "loose.html"
    policy = html[html.index('<meta http-equiv="Content-Security-Policy"') :]
    html = html.replace(policy[: policy.index(">") + 1], "")
    loose = (
        ".card, li.line { overflow: visible; contain: none }"
        ".post-text { overflow: visible; overflow-wrap: normal; contain: none; max-height: none;"
        " unicode-bidi: normal !important }"
        "#post-1 .meta { position: fixed }"
    )
    path.write_text(html.replace("</style>", f"{loose}</style>"), encoding="utf-8")
    _set_width(browser, 1280)
    browser.open(path)
    outside = browser.evaluate(_OUTSIDE)

    assert any(one.startswith('post-1: <p class="meta"') for one in outside)
    assert len({one.partition(":")[0] for one in outside}) > 1
    assert browser.evaluate(_UNISOLATED)


@pytest.mark.parametrize("width", [1280, 390])
def test_hostile_texts_do_nothing(
    browser: Browser, listener: Listener, hostile_report: Path, width: int
) -> None:
    listener.requests.clear()
    _set_width(browser, width)
    visit = browser.open(hostile_report, wait_s=1)
    # Ours is the one script; JSON is none.
    assert visit.scripts == [hostile_report.resolve().as_uri()]
    assert visit.faults == []
    _check_quiet(browser, width)
    n_cards = "document.querySelectorAll('#top-posts > article').length"
    assert browser.evaluate(n_cards) == len(CORPUS)

    # With folds open, and with each filter set, nothing else happens.
    browser.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    _check_quiet(browser, width)
    for select in ("by-aspect", "by-platform", "by-language", "by-since"):
        browser.evaluate(
            f"""(() => {{
              const select = document.getElementById('{select}');
              for (const option of [...select.options].reverse()) {{
                select.value = option.value;
                select.dispatchEvent(new Event('change'));
              }}
              document.getElementById('clear').click();
            }})()"""
        )
    _check_quiet(browser, width)
    assert visit.faults == []
    assert listener.requests == []


def test_links_of_hostile_posts_are_web_addresses_that_tell_nothing(
    browser: Browser, hostile_report: Path
) -> None:
    browser.open(hostile_report)
    links = browser.evaluate(
        "[...document.querySelectorAll('a:not([href^=\"#\"])')]"
        ".map(one => [one.protocol || one.href.baseVal, one.rel, one.target])"
    )
    assert len(links) > 50
    for protocol, rel, target in links:
        assert protocol in ("http:", "https:")
        assert rel == "noopener noreferrer nofollow"
        assert target == "_blank"


def test_forged_address_changes_nothing(browser: Browser, hostile_report: Path) -> None:
    """The state in the address comes from whoever sent the link."""
    for fragment in (
        "<img src=x onerror=window.hacked=1>",
        "posts?aspect=<script>window.hacked=1</script>&platform=x&since=__proto__",
        "?aspect=%E0%A4%A",
        "posts?" + "platform=x&" * 500,
    ):
        browser.visit("about:blank")
        visit = browser.open(hostile_report, fragment=fragment)
        assert len(visit.scripts) == 1
        assert visit.faults == [], fragment
        assert browser.evaluate("window.hacked") is None
        assert browser.evaluate("document.getElementById('filters').hidden") is False


def _set_width(browser: Browser, width: int) -> None:
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=width, height=900, deviceScaleFactor=1, mobile=False,
    )  # fmt: skip


def _check_quiet(browser: Browser, width: int) -> None:
    assert browser.evaluate("window.hacked") is None
    assert browser.evaluate("document.scripts.length") == 2
    assert browser.evaluate("document.styleSheets.length") == 1
    strange = "iframe,object,embed,form,template,plaintext,base,math,foreignObject,image,video"
    assert browser.evaluate(f"document.querySelectorAll('{strange}').length") == 0
    assert browser.evaluate(_OUTSIDE) == []
    assert browser.evaluate(_UNISOLATED) == []
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.evaluate("document.querySelectorAll('footer.foot').length") == 1
