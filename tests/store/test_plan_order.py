"""The plan's order: contents of like texts and pictures are neighbours."""

from pathlib import Path

import duckdb

from analytics.contract.policy import ALL_RATIONALES
from analytics.store.plan import make_plan, read_chunk
from analytics.store.predictions import ResultKey
from tests.scripted import make_post, store_posts


def test_contents_are_numbered_in_the_order_of_their_texts(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    n_posts = 5_000
    store_posts(
        connection, [make_post(str(n), f"{n * 7919 % n_posts:06} x") for n in range(n_posts)]
    )
    key = ResultKey(model_id="m", result_digest="r", run_id="x")
    plan = make_plan(connection, key, post_level=True, rationales=ALL_RATIONALES)
    assert plan.count_contents == n_posts
    chunks = [
        read_chunk(connection, first, first + 999, data_dir=Path())
        for first in range(0, 5_994, 999)
    ]
    contents = [planned for chunk in chunks for planned in chunk]
    assert [planned.position for planned in contents] == list(range(n_posts))
    assert [planned.item.text for planned in contents] == [f"{n:06} x" for n in range(n_posts)]


def test_contents_of_one_picture_are_neighbours(connection: duckdb.DuckDBPyConnection) -> None:
    # A prompt begins with the picture, so these share what an engine has kept.
    store_posts(connection, [make_post(str(n), f"text {n}") for n in range(6)])
    connection.execute(
        """
        insert into media by name
        select post_id, 0 as position, 'image' as kind, 'ok' as status,
            if(native_id::int % 2 = 0, 'aa', 'bb') as sha256, 'pictures/x.jpg' as path,
        from posts where native_id <> '5'
        """
    )
    key = ResultKey(model_id="m", result_digest="r", run_id="x")
    make_plan(connection, key, post_level=True, rationales=ALL_RATIONALES)
    texts = [planned.item.text for planned in read_chunk(connection, 0, 6, data_dir=Path())]
    assert texts == [f"text {n}" for n in (5, 0, 2, 4, 1, 3)]
