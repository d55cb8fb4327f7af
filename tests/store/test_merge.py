from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from analytics.contract.records import Ignored, Media, Reject
from analytics.store.author_key import hash_author, hash_text
from tests.scripted import KEY, Listening, make_post, rows, scalar, store_posts


def test_read_is_the_sum_of_what_became_of_it(connection: duckdb.DuckDBPyConnection) -> None:
    counts = store_posts(
        connection,
        [
            make_post("1"),
            make_post("1"),
            make_post("2"),
            Reject(line=4, reason="bad", raw="{"),
            Ignored(line=5, reason="a like"),
        ],
    )
    assert (counts.count_stored, counts.count_duplicates) == (2, 1)
    assert (counts.count_rejects, counts.count_ignored, counts.count_updated) == (1, 1, 0)
    assert rows(connection, "select source_file, line, stage, reason, raw from rejects") == [
        ("dump.jsonl", 4, "parse", "bad", "{")
    ]


def test_same_file_twice_changes_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    posts = [
        make_post("1", media=(Media(kind="image", url="https://a.example/1.jpg"),), aspects=("a",)),
        make_post("2"),
        Reject(line=3, reason="bad"),
    ]
    store_posts(connection, posts)
    tables = ("posts", "media", "aspects", "rejects")
    before = {table: rows(connection, f"from {table} order by all") for table in tables}
    counts = store_posts(connection, posts, run_id="run-2")
    assert counts.count_duplicates == 2
    assert {table: rows(connection, f"from {table} order by all") for table in tables} == before


def test_edited_post_keeps_the_newest(connection: duckdb.DuckDBPyConnection) -> None:
    edited = datetime(2026, 3, 3, tzinfo=UTC)
    store_posts(connection, [make_post("1", "old", media=(Media(kind="image", url="u"),))])
    counts = store_posts(connection, [make_post("1", "new", edited_at=edited)])
    assert counts.count_updated == 1
    assert scalar(connection, "select text from posts") == "new"
    assert scalar(connection, "select count(*) from media") == 0
    counts = store_posts(connection, [make_post("1", "old")])
    assert (counts.count_updated, counts.count_duplicates) == (0, 1)
    assert scalar(connection, "select text from posts") == "new"


def test_counts_come_from_the_latest_retrieval(connection: duckdb.DuckDBPyConnection) -> None:
    early, late = datetime(2026, 3, 4, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC)
    store_posts(connection, [make_post("1", likes=9, retrieved_at=late)])
    store_posts(connection, [make_post("1", likes=50, retrieved_at=early)])
    assert scalar(connection, "select likes from posts") == 9


def test_recounted_post_keeps_its_file_and_line(connection: duckdb.DuckDBPyConnection) -> None:
    store_posts(connection, [make_post("1", line=16, likes=1)], name="a.csv")
    store_posts(connection, [make_post("1", line=2, likes=5)], name="b.csv")
    found = rows(connection, "select source_file, source_line, likes from posts")
    assert found == [("a.csv", 16, 5)]


def test_reading_that_was_stopped_does_not_take_back_what_the_file_says_further_on(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Read again, up to a stop, the file does not say all that it says."""
    lines = [make_post("1", "first", line=1), make_post("1", "second", line=2)]
    store_posts(connection, lines)
    store_posts(connection, lines[:1], is_whole=False)
    assert rows(connection, "select text, source_line from posts") == [("second", 2)]
    store_posts(connection, lines[:1])  # whole, and corrected
    assert rows(connection, "select text, source_line from posts") == [("first", 1)]


def test_picture_of_another_version_is_not_taken_for_a_missing_one(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """At the same place in the post, but another picture."""
    old = Media(kind="image", source_path=Path("/a/old.png"))
    new = Media(kind="image", source_path=Path("/b/new.png"))
    edited = datetime(2026, 3, 3, tzinfo=UTC)
    store_posts(connection, [make_post("1", edited_at=edited, media=(new,))])
    connection.execute("update media set status = 'missing'")
    store_posts(connection, [make_post("1", media=(old,))], name="old.jsonl")
    assert rows(connection, "select source_path, status from media") == [("/b/new.png", "missing")]
    moved = Media(kind="image", source_path=Path("/c/new.png"))
    store_posts(connection, [make_post("1", media=(moved,))], name="moved.jsonl")
    assert rows(connection, "select source_path, status from media") == [("/c/new.png", "pending")]


def test_picture_whose_file_another_dump_has_is_found_before_it_was_looked_for(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    url = "https://a.example/1.png"
    store_posts(connection, [make_post("1", media=(Media(kind="image", url=url),))])
    local = Media(kind="image", url=url, source_path=Path("/a/1.png"))
    store_posts(connection, [make_post("1", media=(local,))], name="with-pictures.jsonl")
    assert rows(connection, "select source_path from media") == [("/a/1.png",)]


def test_author_is_stored_as_keyed_hash(connection: duckdb.DuckDBPyConnection) -> None:
    store_posts(connection, [make_post("1", author="jane")])
    assert scalar(connection, "select author_key from posts") == hash_author(KEY, "test", "jane")
    assert not rows(connection, "select 1 from posts where posts::varchar like '%jane%'")


def test_forgotten_post_and_author_do_not_come_back(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    for kind, key in (
        ("post", hash_text(KEY, "test:1")),
        ("author", hash_author(KEY, "test", "j")),
    ):
        connection.execute(
            "insert into tombstones (kind, key, forgotten_at) values (?, ?, now())", [kind, key]
        )
    counts = store_posts(
        connection, [make_post("1", aspects=("a",)), make_post("2", author="j"), make_post("3")]
    )
    assert rows(connection, "select post_id from posts") == [("test:3",)]
    assert scalar(connection, "select count(*) from aspects") == 0
    assert (counts.count_stored, counts.count_ignored) == (1, 2)


def test_several_aspects_of_one_post_are_joined(connection: duckdb.DuckDBPyConnection) -> None:
    store_posts(connection, [make_post("1", aspects=("a",)), make_post("1", aspects=("b",))])
    assert rows(connection, "select aspect from aspects order by all") == [("a",), ("b",)]


def test_hostile_text_is_storable(connection: duckdb.DuckDBPyConnection) -> None:
    store_posts(connection, [make_post("1\x00\ud800", "nul \x00 and \udfff", likes=2**80)])
    text, likes = rows(connection, "select text, likes from posts")[0]
    assert text == "nul \ufffd and ?"
    assert likes == 2**63 - 1


def test_failed_merge_leaves_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("drop table source_files")
    with pytest.raises(duckdb.Error):
        store_posts(connection, [make_post("1")])
    assert scalar(connection, "select count(*) from posts") == 0


def test_staged_copies_go_before_the_transaction_and_at_the_end(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """What is dropped within a transaction takes its memory until the commit."""
    listening = Listening(connection)
    store_posts(listening, [make_post("1")])  # type: ignore[arg-type]
    before = listening.statements[: listening.statements.index("begin")]
    assert "drop table candidates" in before
    assert rows(connection, "select table_name from duckdb_tables() where temporary") == []
    assert scalar(connection, "select count(*) from posts") == 1
