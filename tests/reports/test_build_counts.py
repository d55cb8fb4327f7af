"""What the report says of posts that have no label, by setting or by nature."""

import duckdb

from analytics.store.sql_files import build_marts
from tests.reports.conftest import Build
from tests.reports.page import Page
from tests.sql.rows import (
    add_aspect,
    add_picture,
    add_post,
    add_prediction,
    insert,
    use_model,
)


def test_report_of_many_posts_shows_as_many_as_it_is_told(
    build: Build, connection: duckdb.DuckDBPyConnection
) -> None:
    for number in range(70):
        add_post(connection, f"x:{number}")
    build_marts(connection)
    page = Page(build(connection, max_posts=60))

    assert len(page.find("article")) == 60
    assert "The 60 posts with most engagement" in "".join(e.text for e in page.find("p", "lead"))


def test_report_without_the_post_level_shows_the_posts_and_the_aspects(
    build: Build, connection: duckdb.DuckDBPyConnection
) -> None:
    use_model(connection)
    insert(connection, "settings", key="post_level", value="false")
    for number in range(12):
        aspect = ("bus", "tram")[number % 2]
        add_post(connection, f"x:{number}", text=f"post {number}")
        add_aspect(connection, f"x:{number}", aspect)
        add_prediction(
            connection, f"x:{number}", ((0.1, 0.2, 0.7), (0.7, 0.2, 0.1))[number % 2], aspect=aspect
        )
    build_marts(connection)
    html = build(connection)
    page = Page(html)

    assert page.unbalanced == []
    said = [text for e in page.find("li") if (text := e.text.strip())]
    assert said[:2] == [
        "12 posts from 1 platform, all on 1 Mar 2026.",
        "Posts are judged toward their aspects only, not as a whole.",
    ]
    assert [e.text for e in page.find("bdi", "named")] == ["bus", "tram"]
    assert next(e.text for e in page.find("time")) == "1 Mar 2026"
    assert "No dated posts" not in html
    assert "There are no posts" not in html
    assert "No post has a label" not in html
    tiles = [e.text for e in page.find("dd")]
    assert "12" in tiles
    assert "posts are judged toward aspects only" in tiles
    assert "1 platform" in tiles
    assert "(<code>[infer] post_level</code> is off)" in html


def test_report_says_how_many_posts_have_nothing_to_judge(
    build: Build, connection: duckdb.DuckDBPyConnection
) -> None:
    use_model(connection)
    add_post(connection, "x:1")
    add_prediction(connection, "x:1", (0.1, 0.2, 0.7))
    add_post(connection, "x:remote", text="")
    add_picture(connection, "x:remote", status="not_fetched", path=None, sha256=None)
    build_marts(connection)
    page = Page(build(connection))
    words = [e.text for e in page.elements]

    assert "1 of 2 posts; 1 have nothing to judge" in words
    assert any(
        "1 of 1 items" in text and "1 post has neither text nor usable picture" in text
        for text in words
    )
    headers = [e.text for e in page.find("th")]
    assert {"Known reposts", "With a usable picture", "Nothing to judge"} <= set(headers)
