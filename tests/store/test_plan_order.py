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
    chunks = [read_chunk(connection, first, first + 999, Path()) for first in range(0, 5_994, 999)]
    contents = [planned for chunk in chunks for planned in chunk]
    assert [planned.position for planned in contents] == list(range(n_posts))
    assert [planned.item.text for planned in contents] == [f"{n:06} x" for n in range(n_posts)]
