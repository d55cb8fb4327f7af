import base64
import hashlib
import os
import re
import stat
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from analytics.contract.errors import StoreError
from analytics.store.sql_files import build_marts
from reports.build import build_report, write_report
from reports.queries import choose_grain
from tests.reports.conftest import GENERATED_AT, Build
from tests.reports.databases import draw_picture, fill_two_weeks, make_hostile, make_two_weeks
from tests.reports.page import Page
from tests.reports.payloads import PAYLOADS
from tests.sql.rows import (
    MODEL_ID,
    NOON,
    add_aspect,
    add_picture,
    add_post,
    add_prediction,
    make_database,
    use_model,
)

TEMPLATES = Path(__file__).resolve().parents[2] / "reports" / "templates"
# A report takes a while to build: as many payloads at a time, each in its own post, as it
# shows aspects with their posts.
_CHUNKS = [list(PAYLOADS)[start : start + 20] for start in range(0, len(PAYLOADS), 20)]
_ALLOWED_TAGS = {
    "html", "head", "meta", "title", "link", "style", "body", "a", "header", "h1", "h2", "h3", "h4",
    "bdi", "p", "time", "nav", "ul", "li", "main", "aside", "strong", "section", "dl", "div", "dt",
    "dd", "figure", "figcaption", "svg", "desc", "line", "text", "path", "circle", "rect", "span",
    "details", "summary", "table", "caption", "thead", "tbody", "tr", "th", "td", "pre", "code",
    "article", "img", "footer", "g", "button", "label", "select", "option", "script",
    "ol",
}  # fmt: skip


def test_two_weeks_report_has_all_sections(two_weeks: str) -> None:
    page = Page(two_weeks)
    ids = [element.attributes["id"] for element in page.elements if "id" in element.attributes]

    assert page.unbalanced == []
    assert len(ids) == len(set(ids))
    sections = [element.attributes["id"] for element in page.find("section")]
    assert sections == [
        "short",
        "filters",
        "sentiment",
        "volume",
        "aspects",
        "voice",
        "drivers",
        "events",
        "posts",
        "conflicts",
        "model",
        "sources",
        "runs",
        "query",
    ]
    anchors = {link.attributes["href"] for link in page.find("a")}
    assert {f"#{name}" for name in sections if name not in ("short", "filters")} <= anchors
    for anchor in anchors:
        assert not anchor.startswith("#") or anchor[1:] in ids
    for element in page.elements:
        for name in element.attributes.get("aria-labelledby", "").split():
            assert name in ids


def test_every_picture_and_chart_has_words(two_weeks: str) -> None:
    page = Page(two_weeks)

    assert page.find("img")
    assert all(image.attributes["alt"] for image in page.find("img"))
    for svg in page.find("svg"):
        is_named = svg.attributes.get("role") in ("img", "group")
        is_named = is_named and "aria-labelledby" in svg.attributes
        assert is_named or svg.attributes.get("aria-hidden") == "true"
    for table in page.find("table"):
        assert "caption" in [e.tag for e in page.elements if e.parents[-1:] == (table.tag,)]


def test_stand_in_model_has_a_banner(build: Build, connection: duckdb.DuckDBPyConnection) -> None:
    use_model(connection, name="small", description="small: not to be trusted.", is_distilled=False)
    build_marts(connection)
    html = build(connection)

    assert "Stand-in model." in html
    assert html.count("small: not to be trusted.") == 2
    connection.execute("update models set is_distilled = true")
    build_marts(connection)
    assert "Stand-in model." not in build(connection)


def test_figures_stand_beside_their_numbers(
    build: Build, connection: duckdb.DuckDBPyConnection
) -> None:
    use_model(connection)
    for number in range(8):
        add_post(connection, f"x:{number}", text=f"post {number}")
        p = (0.1, 0.2, 0.7) if number < 6 else (0.7, 0.2, 0.1)
        add_prediction(connection, f"x:{number}", p)
    build_marts(connection)
    html = build(connection)

    assert "n = 8 labelled posts" in html
    assert "negative 25%, neutral 0%, positive 75% (n = 8)" in html
    assert "+0.50" in html


def test_same_data_give_the_same_bytes(build: Build, two_weeks: str, tmp_path: Path) -> None:
    with make_database() as again:
        fill_two_weeks(again, tmp_path)
        again.execute("set threads = 1")
        again.execute("set TimeZone = 'Asia/Tokyo'")

        assert build(again) == two_weeks


def test_empty_warehouse_gives_a_report(
    build: Build, connection: duckdb.DuckDBPyConnection
) -> None:
    build_marts(connection)
    page = Page(build(connection))

    assert page.unbalanced == []
    assert "There are no posts yet." in "".join(e.text for e in page.find("li"))
    assert page.find("article") == []


def test_posts_without_a_model_give_a_report(
    build: Build, connection: duckdb.DuckDBPyConnection
) -> None:
    add_post(connection, "x:1")
    build_marts(connection)
    html = build(connection)

    assert len(Page(html).find("article")) == 1
    assert "No label." in html
    assert "No model has run yet." in html


@pytest.mark.parametrize("created_at", [NOON, None], ids=["dated", "undated"])
def test_one_post_gives_a_report(
    build: Build, connection: duckdb.DuckDBPyConnection, created_at: datetime | None
) -> None:
    use_model(connection)
    add_post(connection, "x:1", created_at=created_at)
    add_prediction(connection, "x:1", (0.1, 0.2, 0.7))
    build_marts(connection)
    page = Page(build(connection))

    assert page.unbalanced == []
    assert len(page.find("article")) == 1
    assert bool(page.find("svg", "chart")) == (created_at is not None)


def test_hundred_aspects_and_long_names_give_a_report(
    build: Build, connection: duckdb.DuckDBPyConnection
) -> None:
    use_model(connection)
    for number in range(130):
        add_post(connection, f"{'p' * 300}{number % 20}:{number}", text=f"post {number}")
        aspect = f"aspect {number} {'long ' * 200}"
        add_aspect(connection, f"{'p' * 300}{number % 20}:{number}", aspect)
        add_prediction(
            connection, f"{'p' * 300}{number % 20}:{number}", (0.1, 0.2, 0.7), aspect=aspect
        )
    build_marts(connection)
    html = build(connection)

    assert "85 further aspects" in html
    assert "30 aspects with fewer posts are left out here" in html
    assert "8 more platforms are in the table" in html
    html = re.sub(r"<(script|style)\b.*?</\1>", "", html, flags=re.DOTALL)
    assert max(len(word) for word in re.sub("<[^>]*>", " ", html).split()) < 200


def test_max_posts_bounds_the_cards(build: Build, tmp_path: Path) -> None:
    with make_two_weeks(tmp_path) as connection:
        page = Page(build(connection, max_posts=3))
    ids = [element.attributes["id"] for element in page.find("article")]

    assert [name for name in ids if name.startswith("post-")] == ["post-1", "post-2", "post-3"]


def test_many_years_are_shown_by_a_longer_period(
    build: Build, connection: duckdb.DuckDBPyConnection
) -> None:
    add_post(connection, "x:old", created_at=datetime(2010, 5, 5, tzinfo=UTC))
    add_post(connection, "x:new")
    build_marts(connection)

    assert "Net sentiment by quarter" in build(connection)


@pytest.mark.parametrize(
    ("n_days", "grain"),
    [(1, "day"), (100, "day"), (101, "week"), (700, "week"), (701, "month"), (40_000, "year")],
)
def test_choose_grain_keeps_charts_readable(n_days: int, grain: str) -> None:
    first = date(1970, 1, 1)
    assert choose_grain(first, first + timedelta(days=n_days - 1)) == grain


def test_missing_picture_is_noted(build: Build, connection: duckdb.DuckDBPyConnection) -> None:
    add_post(connection, "x:1")
    add_picture(connection, "x:1", path="pictures/gone.jpg")
    build_marts(connection)
    html = build(connection)

    assert "Its picture file is missing." in html
    assert Page(html).find("img") == []


def test_picture_is_shown_small(
    build: Build, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    draw_picture(tmp_path / "pictures/one.jpg", 1)
    add_post(connection, "x:1")
    add_picture(connection, "x:1", alt_text='a "bus" <b>')
    build_marts(connection)
    [image] = Page(build(connection)).find("img")

    assert image.attributes["src"].startswith("data:image/jpeg;base64,")
    assert max(int(image.attributes["width"]), int(image.attributes["height"])) == 160
    assert image.attributes["alt"] == 'Picture of the post: a "bus" <b>'


def test_rationale_parts_that_are_missing_are_said_to_be(
    build: Build, connection: duckdb.DuckDBPyConnection
) -> None:
    use_model(connection)
    add_post(connection, "x:1")
    add_prediction(
        connection,
        "x:1",
        (0.7, 0.2, 0.1),
        text_analysis="It is late again.",
        rationale_label="positive",
        rationale_status="ok",
        contradicts_label=True,
    )
    build_marts(connection)
    html = build(connection)
    page = Page(html)

    # The post shows three times: among the posts to read, those of its day, the contradictions.
    assert [dd.text for dd in page.find("span", "note")] == ["not given"] * 9
    assert len(page.find("p", "flag")) == 3
    assert "It is late again." in html


def test_content_policy_holds_the_hashes_of_the_style_and_the_script(two_weeks: str) -> None:
    page = Page(two_weeks)
    [style] = page.find("style")
    scripts = page.find("script")
    policies = [meta.attributes["content"] for meta in page.find("meta")
                if meta.attributes.get("http-equiv") == "Content-Security-Policy"]  # fmt: skip

    assert [script.attributes for script in scripts] == [
        {"type": "application/json", "id": "cells"},
        {},
    ]
    assert policies == [
        f"default-src 'none'; script-src '{_digest(scripts[1].text)}';"
        f" style-src '{_digest(style.text)}'; img-src data:; base-uri 'none'; form-action 'none'"
    ]
    assert "\\25B2" in style.text
    assert "&" not in style.text


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def test_script_makes_no_markup_of_texts() -> None:
    """All that the script writes goes through textContent, setAttribute and new elements."""
    parts = {path.name: path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.js")}
    for name in parts.keys() - {"report.js"}:
        include = f'{{% include "{name}" %}}'
        assert parts["report.js"].count(include) == 1
        parts["report.js"] = parts["report.js"].replace(include, "")
    text = "".join(parts.values())
    for word in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "Function(",
                 "fetch(", "XMLHttpRequest", "import(", "DOMParser", "srcdoc", "{{", "{%", "{#",
                 "</script", "<!--"):  # fmt: skip
        assert word not in text, word


@pytest.mark.parametrize("names", _CHUNKS, ids=lambda names: names[0])
def test_hostile_text_stays_text(build: Build, tmp_path: Path, names: list[str]) -> None:
    payloads = [PAYLOADS[name] for name in names]
    with make_hostile(tmp_path, payloads) as connection:
        page = Page(build(connection, title=" ".join(payloads)))

    assert page.unbalanced == []
    assert {element.tag for element in page.elements} <= _ALLOWED_TAGS
    assert len(page.find("script")) == 2
    for element in page.elements:
        assert not {a for a in element.attributes if a.startswith("on") or a == "style"}
        for attribute in ("src", "href"):
            address = element.attributes.get(attribute, "#")
            assert address.startswith(("#", "data:image/jpeg;base64,", "https://social.example/",
                                       "data:,"))  # fmt: skip
    cards = page.find("article")
    assert len({card.attributes["id"] for card in cards}) == len(cards)
    # Among the posts to read, by aspect, and among the contradictions.
    n_conflicts = min(12, 2 * len(names))
    assert len(cards) == 2 * len(names) + n_conflicts


def test_hostile_text_is_shown_in_full(build: Build, tmp_path: Path) -> None:
    texts = [
        PAYLOADS["script"],
        PAYLOADS["jinja"],
        PAYLOADS["entity"],
        PAYLOADS["attribute_double"],
    ]
    with make_hostile(tmp_path, texts) as connection:
        page = Page(build(connection))
    shown = [element.text for element in page.find("div", "post-text")]

    for number, text in enumerate(texts):
        assert f"{text} {number}" in shown


def test_links_open_apart_and_tell_nothing(two_weeks: str) -> None:
    page = Page(two_weeks)
    outward = [link for link in page.find("a") if not link.attributes["href"].startswith("#")]

    assert len(outward) > 50
    for link in outward:
        assert link.attributes["href"].startswith("https://social.example/")
        assert link.attributes["rel"] == "noopener noreferrer nofollow"
        assert link.attributes["target"] == "_blank"


def test_templates_turn_escaping_off_nowhere() -> None:
    for path in TEMPLATES.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe\b|autoescape|Markup|\sstyle=|\son\w+=", text), path
        n_scripts = 2 if path.name == "report.html.j2" else 0
        assert text.count("<script") == n_scripts, path
        # Every value inside a tag stands in double quotes.
        for tag in re.findall(r"<[a-z][^<>]*\{\{[^<>]*>", text):
            assert not re.search(r"=\{\{", tag), tag


def test_missing_marts_name_the_command(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(StoreError, match="`analytics marts`"):
        build_report(connection, data_dir=Path(), title="", generated_at=GENERATED_AT)


def test_other_models_than_the_current_one_are_not_shown(
    build: Build, connection: duckdb.DuckDBPyConnection
) -> None:
    use_model(connection)
    add_post(connection, "x:1")
    add_prediction(connection, "x:1", (0.1, 0.2, 0.7), model_id="another-model")
    build_marts(connection)
    html = build(connection)

    assert MODEL_ID in html
    assert "another-model" not in html
    assert "No label." in html


def test_write_report_replaces_the_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.html"
    write_report("<p>one ü</p>", path)
    os.umask(mask := os.umask(0))
    write_report("<p>two</p>", path)

    assert path.read_bytes() == b"<p>two</p>"
    assert [entry.name for entry in path.parent.iterdir()] == ["report.html"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


def test_write_report_leaves_the_old_file_where_it_fails(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report("old", path)
    with pytest.raises(UnicodeEncodeError):
        write_report("lone surrogate \ud800", path)

    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]
