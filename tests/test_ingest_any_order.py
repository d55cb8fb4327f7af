"""Real files, read in any order, again and again, as they grow: the same posts are stored."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.store.migrations import migrate
from analytics.store.sql_files import build_models
from tests.ingesting import (
    START_S,
    comment,
    read_sources,
    repost_by,
    skeet,
    unaccount,
    unskeet,
    view,
    write_lines,
)
from tests.scripted import rows

_TABLES = ("posts", "media", "aspects", "source_aspects", "tombstones", "rejects", "source_files")


@pytest.fixture(scope="module")
def fresh() -> Iterator[Callable[[], duckdb.DuckDBPyConnection]]:
    """Gives one warehouse again and again, emptied: making it is what takes the time."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        migrate(connection)
        build_models(connection)

        def empty() -> duckdb.DuckDBPyConnection:
            for table in _TABLES:
                connection.execute(f"delete from {table}")
            return connection

        yield empty


def _dump(connection: duckdb.DuckDBPyConnection) -> list[Any]:
    """All but when a row was written, by which run."""
    return [
        rows(connection, "select * exclude (run_id, ingested_at) from posts order by post_id"),
        rows(connection, "from media order by all"),
        rows(connection, "select * exclude (forgotten_at) from tombstones order by all"),
        rows(connection, "select * exclude (run_id, rejected_at) from rejects order by all"),
    ]


_TEXTS = st.sampled_from(["good", "better"])
_AT = st.integers(1, 6)
_KEYS = st.sampled_from(["k1", "k2"])

_EVENTS = (
    st.builds(skeet, _KEYS, _TEXTS, _AT)
    | st.builds(skeet, _KEYS, _TEXTS, _AT, operation=st.just("update"))
    | st.builds(skeet, _KEYS, _TEXTS, _AT)
    | st.builds(unskeet, _KEYS, _AT)
    | st.builds(unaccount, _AT)
)
_VIEWS = st.builds(view, _KEYS, _TEXTS, likes=st.integers(0, 3)) | st.builds(
    view, _KEYS, _TEXTS, likes=st.just(9), reason=st.just(repost_by("did:plc:z"))
)
_COMMENTS = st.builds(
    comment,
    st.sampled_from(["c1", "c2"]),
    _TEXTS | st.just("[deleted]"),
    score=st.integers(-1, 2),
    edited=st.sampled_from([False, START_S + 60, START_S + 120]),
    retrieved_on=st.sampled_from([None, START_S + 90, START_S + 150]),
    created_utc=st.sampled_from([START_S, START_S + 1, "never"]),
)
_FILES = st.fixed_dictionaries(
    {
        "jetstream-1.jsonl": st.lists(_EVENTS, min_size=1, max_size=4),
        "jetstream-2.jsonl": st.lists(_EVENTS, min_size=1, max_size=4),
        "feed.jsonl": st.lists(_VIEWS, min_size=1, max_size=3),
        "RC_1.ndjson": st.lists(_COMMENTS, min_size=1, max_size=4),
        "RC_2.ndjson": st.lists(_COMMENTS, min_size=1, max_size=3),
    }
)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(files=_FILES, data=st.data())
def test_files_in_any_order_read_again_and_grown_give_the_same_posts(
    fresh: Callable[[], duckdb.DuckDBPyConnection],
    tmp_path: Path,
    files: dict[str, list[Any]],
    data: st.DataObject,
) -> None:
    names = data.draw(st.permutations(sorted(files)))[:3]
    paths = [write_lines(tmp_path / name, files[name]) for name in names]
    connection = fresh()
    read_sources(connection, paths)
    expected = _dump(connection)

    fresh()
    early = data.draw(st.sampled_from(paths))
    records = files[early.name]
    write_lines(early, records[: data.draw(st.integers(1, len(records)))])
    order = data.draw(st.permutations(paths))
    read_sources(connection, order[:2])
    write_lines(early, records)
    read_sources(connection, order)
    read_sources(connection, order[:1], rereads=True)
    assert _dump(connection) == expected


def test_post_counts_as_that_of_the_first_file_by_name(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    second = write_lines(tmp_path / "RC_2.ndjson", [comment("z", "new"), comment("a", "good")])
    first = write_lines(tmp_path / "RC_1.ndjson", [comment("a", "good")])
    place = "select source_file, source_line from posts where native_id = 't1_a'"
    read_sources(connection, [second])
    assert rows(connection, place) == [(str(second), 2)]
    _, counts = read_sources(connection, [first])
    assert (counts.count_updated, counts.count_duplicates) == (0, 1)
    assert rows(connection, place) == [(str(first), 1)]
    write_lines(first, [comment("b", "before"), comment("a", "good")])
    _, counts = read_sources(connection, [first])
    assert (counts.count_stored, counts.count_duplicates) == (1, 1)
    assert rows(connection, place) == [(str(first), 2)]


def test_counts_of_a_file_without_times_are_those_that_it_has_now(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Likes may be taken back; they were the highest ever seen."""
    path = tmp_path / "feed.jsonl"
    for likes in (50, 48):
        write_lines(path, [view("k", "good", likes=likes)])
        read_sources(connection, [path])
    assert rows(connection, "select likes from posts") == [(48,)]
    other = write_lines(tmp_path / "again.jsonl", [view("k", "good", likes=49)])
    _, counts = read_sources(connection, [other])
    assert counts.count_updated == 1
    assert rows(connection, "select likes from posts") == [(49,)]


def test_event_without_counts_leaves_those_that_are_known(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    feed = write_lines(tmp_path / "feed.jsonl", [view("k", "good", likes=5)])
    events = write_lines(tmp_path / "events.jsonl", [skeet("k", "better", 9, operation="update")])
    for order in ([feed, events], [events, feed]):
        read_sources(connection, order)
        assert rows(connection, "select text, likes from posts") == [("better", 5)]
        connection.execute("delete from posts")
        connection.execute("delete from source_files")
