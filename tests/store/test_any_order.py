"""What is stored of the same files is the same, in whatever order and however often they come."""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.contract.records import Deletion, Media, Post
from analytics.store.migrations import migrate
from analytics.store.sql_files import build_models
from tests.scripted import make_post, rows, store_posts

Record = Post | Deletion
Files = dict[str, list[Record]]


def day(number: int) -> datetime:
    return datetime(2026, 3, number, tzinfo=UTC)


@pytest.fixture(scope="module")
def fresh() -> Iterator[Callable[[], duckdb.DuckDBPyConnection]]:
    """Gives one warehouse again and again, emptied: making it is what takes the time."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        migrate(connection)
        build_models(connection)

        def empty() -> duckdb.DuckDBPyConnection:
            for table in ("posts", "media", "aspects", "source_aspects", "tombstones", "rejects"):
                connection.execute(f"delete from {table}")
            return connection

        yield empty


def _dump(connection: duckdb.DuckDBPyConnection) -> list[Any]:
    """All but when a row was written, by which run."""
    return [
        rows(connection, "select * exclude (run_id, ingested_at) from posts order by post_id"),
        rows(connection, "select * exclude (source_folder) from media order by all"),
        rows(connection, "select * exclude (forgotten_at) from tombstones order by all"),
    ]


def _store(connection: duckdb.DuckDBPyConnection, files: Files, order: list[str]) -> None:
    for name in order:
        counts = store_posts(connection, files[name], name=name)
        assert (
            counts.count_read
            == len(files[name])
            == (
                counts.count_stored
                + counts.count_updated
                + counts.count_duplicates
                + counts.count_deletions
                + counts.count_ignored
                + counts.count_rejects
            )
        )
        assert min(counts.count_duplicates, counts.count_stored, counts.count_updated) >= 0


_TIMES = st.sampled_from([None, *map(day, (1, 2, 3, 4))])
_IDS = st.sampled_from(["1", "2"])
_AUTHORS = {"1": "x", "2": "y", "re": "z"}
_MEDIA = st.sampled_from(
    [(), (Media(kind="image", url="https://a.example/1.jpg"),), (Media(kind="image", url="u"),)]
)


@st.composite
def _posts(draw: Callable[..., Any]) -> Post:
    native_id = draw(st.sampled_from(["1", "2", "re"]))
    return make_post(
        native_id,
        draw(st.sampled_from(["a", "b"])),
        author=_AUTHORS[native_id],
        repost_of="test:1" if native_id == "re" else None,
        repost_author="x" if native_id == "re" else None,
        created_at=draw(_TIMES),
        edited_at=draw(_TIMES),
        retrieved_at=draw(_TIMES),
        likes=draw(st.sampled_from([None, 1, 2])),
        replies=draw(st.sampled_from([None, 5])),
        media=draw(_MEDIA),
        line=draw(st.integers(1, 3)),
    )


_DELETIONS = st.builds(
    Deletion, platform=st.just("test"), line=st.just(9), native_id=_IDS, deleted_at=_TIMES
) | st.builds(
    Deletion,
    platform=st.just("test"),
    line=st.just(9),
    author=st.sampled_from(["x", "z"]),
    deleted_at=_TIMES,
)


@settings(max_examples=15, deadline=None)
@given(
    contents=st.lists(
        st.lists(_posts() | _posts() | _posts() | _DELETIONS, max_size=4), min_size=2, max_size=4
    ),
    data=st.data(),
)
def test_order_and_repetition_of_files_do_not_matter(
    fresh: Callable[[], duckdb.DuckDBPyConnection],
    contents: list[list[Record]],
    data: st.DataObject,
) -> None:
    files = {f"{number}.jsonl": content for number, content in enumerate(contents)}
    connection = fresh()
    _store(connection, files, list(files))
    expected = _dump(connection)
    again = data.draw(st.lists(st.sampled_from(list(files)), max_size=2))
    order = data.draw(st.permutations([*files, *again]))
    _store(fresh(), files, order)
    assert _dump(connection) == expected


@settings(max_examples=8, deadline=None)
@given(
    contents=st.lists(
        st.lists(_posts() | _posts() | _DELETIONS, min_size=1, max_size=4), min_size=2, max_size=3
    ),
    data=st.data(),
)
def test_files_that_were_read_before_they_had_grown_make_no_difference(
    fresh: Callable[[], duckdb.DuckDBPyConnection],
    contents: list[list[Record]],
    data: st.DataObject,
) -> None:
    files = {f"{number}.jsonl": content for number, content in enumerate(contents)}
    connection = fresh()
    _store(connection, files, list(files))
    expected = _dump(connection)
    lengths = {name: data.draw(st.integers(0, len(content))) for name, content in files.items()}
    fresh()
    early = {name: content[: lengths[name]] for name, content in files.items()}
    _store(connection, early, data.draw(st.permutations(list(files))))
    _store(connection, files, data.draw(st.permutations(list(files))))
    assert _dump(connection) == expected


def test_every_order_of_a_post_its_edit_its_deletion_and_its_return(
    fresh: Callable[[], duckdb.DuckDBPyConnection],
) -> None:
    files: Files = {
        "post": [make_post("1", "first", created_at=day(1), likes=9)],
        "edit": [make_post("1", "edited", created_at=day(1), edited_at=day(2), likes=7)],
        "notice": [Deletion(platform="test", native_id="1", deleted_at=day(3), line=1)],
        "return": [make_post("1", "again", created_at=day(4))],
    }
    for order in itertools.permutations(("edit", "notice", "return")):
        connection = fresh()
        _store(connection, files, list(order))
        assert rows(connection, "select text, likes from posts") == [("again", None)], order
    for order in itertools.permutations(("post", "edit", "notice")):
        connection = fresh()
        _store(connection, files, list(order))
        assert rows(connection, "from posts") == [], order
