"""The marts of the posts that the report shows behind its charts."""

from datetime import timedelta

import duckdb

from analytics.store.sql_files import build_marts
from tests.sql.rows import NOON, add_aspect, add_post, add_prediction, use_model

POSITIVE, NEGATIVE = (0.1, 0.2, 0.7), (0.7, 0.2, 0.1)


def test_daily_posts_hold_the_first_of_each_day(connection: duckdb.DuckDBPyConnection) -> None:
    use_model(connection)
    for number in range(9):
        add_post(connection, f"x:{number}", likes=number, replies=1)
        add_aspect(connection, f"x:{number}", "tram")
        add_prediction(connection, f"x:{number}", POSITIVE)
        add_prediction(connection, f"x:{number}", NEGATIVE, aspect="tram")
    for copy in range(3):  # one content: once, as the one with most engagement
        add_post(connection, f"x:copy-{copy}", text="the same", likes=100 + copy)
    add_post(connection, "x:next", created_at=NOON + timedelta(days=1))
    add_post(connection, "x:undated", created_at=None, likes=999)
    add_post(connection, "x:empty", text="", likes=999)
    build_marts(connection)
    rows = connection.execute(
        "select sentiment_date::varchar, aspect, rank, post_id, count_engagement, count_copies,"
        " label::varchar from daily_posts order by all"
    ).fetchall()

    assert rows == [
        ("2026-03-01", "", 1, "x:copy-2", 102, 3, None),
        ("2026-03-01", "", 2, "x:8", 9, 1, "positive"),
        ("2026-03-01", "", 3, "x:7", 8, 1, "positive"),
        ("2026-03-01", "", 4, "x:6", 7, 1, "positive"),
        ("2026-03-01", "", 5, "x:5", 6, 1, "positive"),
        ("2026-03-01", "tram", 1, "x:8", 9, 1, "negative"),
        ("2026-03-01", "tram", 2, "x:7", 8, 1, "negative"),
        ("2026-03-02", "", 1, "x:next", 0, 1, None),
    ]


def test_ties_of_a_day_go_to_the_later_post_and_then_by_name(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    for name, minutes in (("c", 0), ("b", 0), ("a", 0), ("late", 5)):
        add_post(connection, f"x:{name}", created_at=NOON + timedelta(minutes=minutes), likes=3)
    build_marts(connection)
    rows = connection.execute("select post_id from daily_posts order by rank").fetchall()

    assert [row[0] for row in rows] == ["x:late", "x:a", "x:b", "x:c"]


def test_post_tags_name_language_day_and_aspects(connection: duckdb.DuckDBPyConnection) -> None:
    use_model(connection)
    add_post(connection, "x:1", lang="en-GB")
    add_post(connection, "x:2", lang=None, detected_lang="de", created_at=None)
    for aspect, p in (("tram", NEGATIVE), ("bus", POSITIVE)):
        add_aspect(connection, "x:1", aspect)
        add_prediction(connection, "x:1", p, aspect=aspect)
    add_aspect(connection, "x:1", "ferry")
    build_marts(connection)
    rows = connection.execute(
        "select post_id, lang, sentiment_date::varchar, aspects from post_tags order by post_id"
    ).fetchall()

    assert rows == [
        (
            "x:1",
            "en",
            "2026-03-01",
            [
                {"aspect": "bus", "label": "positive"},
                {"aspect": "ferry", "label": None},
                {"aspect": "tram", "label": "negative"},
            ],
        ),
        ("x:2", "de", None, []),
    ]


def test_every_post_of_the_marts_has_its_tags(connection: duckdb.DuckDBPyConnection) -> None:
    use_model(connection)
    for number in range(30):
        add_post(connection, f"x:{number}", created_at=NOON + timedelta(days=number))
        add_prediction(
            connection, f"x:{number}", POSITIVE, contradicts_label=True, rationale_label="negative"
        )
    build_marts(connection)
    for mart in ("top_posts", "daily_posts", "conflicts", "surprising_posts"):
        missing = connection.execute(
            f"select count(*) from {mart} where post_id not in (select post_id from post_tags)"
        ).fetchall()
        assert missing == [(0,)]
