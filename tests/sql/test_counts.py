"""What the marts count: all posts, judged or not."""

import duckdb

from analytics.config.settings import BOUNDS
from analytics.store.sql_files import build_marts
from tests.sql.rows import (
    NOON,
    add_aspect,
    add_picture,
    add_post,
    add_prediction,
    insert,
    use_model,
)

NEGATIVE = (0.7, 0.2, 0.1)
POSITIVE = (0.1, 0.2, 0.7)


def test_post_with_nothing_to_judge_is_counted_and_said(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    use_model(connection)
    add_post(connection, "x:1")
    add_prediction(connection, "x:1", POSITIVE)
    for post_id in ("x:remote", "x:remote-too"):
        add_post(connection, post_id, text="", likes=9)
        add_aspect(connection, post_id, "bus")
        add_picture(connection, post_id, status="not_fetched", path=None, sha256=None)
    add_post(connection, "x:seen", text="")
    add_picture(connection, "x:seen")

    build_marts(connection)
    counts = "count_posts, count_predicted, count_contents, count_empty"
    for query, expected in (
        (f"select {counts} from daily_sentiment", [(4, 1, 2, 2)]),
        (f"select {counts} from aspect_daily", [(2, 0, 0, 2)]),
        (f"select {counts} from aspect_totals order by aspect", [(4, 1, 2, 2), (2, 0, 0, 2)]),
        ("select count_items, count_predicted, count_empty from model_quality", [(2, 1, 2)]),
        ("select count_posts, count_with_picture, count_empty from dump_facts", [(4, 1, 2)]),
        ("select post_id from top_posts order by all", [("x:1",), ("x:seen",)]),
        ("select post_id from int_items order by all", [("x:1",), ("x:seen",)]),
    ):
        assert connection.execute(query).fetchall() == expected, query


def test_marts_hold_all_posts_when_only_aspects_are_judged(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    use_model(connection)
    insert(connection, "settings", key="post_level", value="false")
    for number in range(3):
        add_post(connection, f"x:{number}", created_at=None if number == 2 else NOON)
    add_aspect(connection, "x:0", "bus")
    add_prediction(connection, "x:0", NEGATIVE, aspect="bus")

    build_marts(connection)
    for query, expected in (
        ("select count_posts, count_predicted, net_sentiment from daily_sentiment", [(2, 0, None)]),
        (
            "select aspect, count_posts, count_predicted, count_undated, net_sentiment"
            " from aspect_totals order by aspect",
            [("", 3, 0, 1, None), ("bus", 1, 1, 0, -1.0)],
        ),
        (
            "select aspect, post_id, label from top_posts order by aspect, rank",
            [("", "x:0", None), ("", "x:1", None), ("", "x:2", None), ("bus", "x:0", "negative")],
        ),
        (
            "select count_items, count_predicted, count_undated, is_post_level from model_quality",
            [(1, 1, 1, False)],
        ),
        ("select post_id, aspect from int_items", [("x:0", "bus")]),
    ):
        assert connection.execute(query).fetchall() == expected, query


def test_top_posts_hold_what_a_report_may_show(connection: duckdb.DuckDBPyConnection) -> None:
    _, most = BOUNDS["report", "max_posts"]
    add_post(connection, "x:0", likes=0)
    add_aspect(connection, "x:0", "bus")
    for table in ("posts", "aspects"):
        connection.execute(
            f"insert into {table} select {table}.* replace ('x:' || n as post_id)"
            f" from {table}, range(1, {most + 10:.0f}) as numbers (n)"
        )
    connection.execute(
        "update posts set clean_text = post_id, likes = split_part(post_id, ':', 2)::bigint"
    )

    build_marts(connection)
    rows = connection.execute(
        "select aspect, count(*), min(likes) from top_posts group by all order by all"
    ).fetchall()

    assert rows == [("", most, 10), ("bus", 50, most - 40)]


def test_dump_facts_know_reposts_of_x_by_their_text(connection: duckdb.DuckDBPyConnection) -> None:
    add_post(connection, "x:1", text="RT @ann: Hello")
    add_post(connection, "x:2", text="RT @ann: Hello", repost_of="x:0")
    add_post(connection, "x:3", text="They write RT @ann: Hello")
    add_post(connection, "reddit:1", text="RT @ann: Hello")
    add_post(connection, "reddit:2", repost_of="reddit:1")

    build_marts(connection)
    rows = connection.execute(
        "select platform, count_reposts from dump_facts order by platform"
    ).fetchall()

    assert rows == [("reddit", 1), ("x", 2)]
