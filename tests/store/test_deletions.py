"""Notices of deletion: what goes, what stays, what does not come back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from PIL import Image

from analytics.contract.records import Deletion, Media, Post, Reject
from analytics.infer import InferSettings, infer
from analytics.media import prepare_media
from analytics.store.author_key import hash_text
from analytics.store.forget import forget
from analytics.store.gold import GoldLabel, store_gold
from analytics.store.sql_files import load_sql_files
from analytics.store.staging import Staging
from tests.scripted import KEY, ScriptedEngine, make_post, new_run, rows, scalar, store_posts
from tests.sql.rows import add_post


def day(number: int) -> datetime:
    return datetime(2026, 3, number, tzinfo=UTC)


def delete(native_id: str | None = None, **values: Any) -> Deletion:
    return Deletion(platform="test", native_id=native_id, line=1, **values)


def texts(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [text for (text,) in rows(connection, "select text from posts order by all")]


def test_deletion_removes_all_of_a_post_but_what_others_share(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    for name, color in (("own.png", "red"), ("shared.png", "blue")):
        Image.new("RGB", (8, 8), color).save(tmp_path / name)
    own, shared = (
        (Media(kind="image", source_path=tmp_path / name),) for name in ("own.png", "shared.png")
    )
    store_posts(
        connection,
        [
            make_post("1", "mine", line=1, media=own, aspects=("tram",)),
            make_post("2", "copied", line=2, media=shared),
            make_post("3", "copied", line=3, media=shared),
            Reject(line=1, reason="odd", raw="mine"),
            Reject(line=9, reason="odd", raw="other"),
        ],
        folder=tmp_path,
    )
    data_dir = tmp_path / "data"
    prepare_media(connection, data_dir=data_dir, run_id="r")
    settings = InferSettings(model_id="m", result_digest="r", data_dir=data_dir)
    infer(connection, ScriptedEngine, new_run(connection), settings)
    gold = GoldLabel(post_id="test:1", aspect="", label="neutral", annotator="a")
    store_gold(connection, [gold])
    assert scalar(connection, "select count(*) from memo") == 3  # with an aspect of the first
    assert len(list(data_dir.rglob("*.jpg"))) == 2

    counts = store_posts(
        connection, [delete("1"), delete("2"), delete("9")], name="notices", data_dir=data_dir
    )
    assert (counts.count_read, counts.count_deletions, counts.count_posts_deleted) == (3, 3, 2)
    for table in ("posts", "media", "predictions"):
        assert rows(connection, f"select distinct post_id from {table}") == [("test:3",)]
    for table in ("aspects", "source_aspects", "gold"):
        assert rows(connection, f"from {table}") == []
    assert scalar(connection, "select count(*) from memo") == 1
    assert rows(connection, "select raw from rejects") == [("other",)]
    assert len(list(data_dir.rglob("*.jpg"))) == 1


def test_deleted_post_does_not_come_back_from_an_older_dump(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    old = make_post("1", "old", created_at=day(1))
    store_posts(connection, [old, make_post("2", "other")], name="a")
    store_posts(connection, [delete("1", deleted_at=day(3))], name="b")
    edited = make_post("1", "edited", created_at=day(1), edited_at=day(2))
    for name, post in (("a", old), ("c", edited)):
        counts = store_posts(connection, [post], name=name)
        assert (counts.count_ignored, counts.count_stored) == (1, 0)
    assert texts(connection) == ["other"]


def test_notice_may_come_before_its_post(connection: duckdb.DuckDBPyConnection) -> None:
    store_posts(connection, [delete("1", deleted_at=day(3))], name="a")
    counts = store_posts(connection, [make_post("1", created_at=day(1))], name="b")
    assert (counts.count_ignored, texts(connection)) == (1, [])
    counts = store_posts(
        connection, [delete("2", deleted_at=day(3)), make_post("2", created_at=day(1))], name="c"
    )
    assert (counts.count_deletions, counts.count_ignored, texts(connection)) == (1, 1, [])


@pytest.mark.parametrize(
    ("version", "is_stored"),
    [
        ({"created_at": day(4)}, True),
        ({"created_at": day(3)}, False),
        ({"created_at": day(1), "edited_at": day(4)}, True),
        ({"created_at": day(1), "retrieved_at": day(4)}, True),
        # The client's clock may be ahead; what the server saw counts.
        ({"created_at": day(4), "retrieved_at": day(2)}, False),
        ({"created_at": None}, False),
    ],
)
def test_what_was_seen_after_the_deletion_is_stored(
    connection: duckdb.DuckDBPyConnection, version: dict[str, Any], is_stored: bool
) -> None:
    notice, post = delete("1", deleted_at=day(3)), make_post("1", **version)
    for order in ([notice, post], [post, notice]):
        for number, record in enumerate(order):
            store_posts(connection, [record], name=str(number))
        assert bool(texts(connection)) is is_stored
        connection.execute("delete from posts")
        connection.execute("delete from tombstones")


def test_notice_without_a_time_holds_for_good_and_the_latest_time_counts(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    for at in (day(5), None, day(2)):
        store_posts(connection, [delete("1", deleted_at=at)], name=str(at))
    store_posts(connection, [delete("2", deleted_at=at) for at in (day(5), day(2))])
    store_posts(connection, [make_post("1", created_at=day(9))])
    store_posts(connection, [make_post("2", created_at=day(4))])
    assert texts(connection) == []
    assert scalar(connection, "select count(*) from tombstones") == 2


def test_post_that_was_made_again_has_no_counts_of_before(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    store_posts(connection, [make_post("1", "old", created_at=day(1), likes=90)], name="a")
    store_posts(connection, [make_post("1", "new", created_at=day(4))], name="b")
    assert rows(connection, "select text, likes from posts") == [("new", 90)]
    store_posts(connection, [delete("1", deleted_at=day(3))], name="c")
    assert rows(connection, "select text, likes from posts") == [("new", None)]


def test_deleted_account_takes_its_posts_and_reposts_of_them(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    posts: list[Post] = [
        make_post("1", "by j", author="j", created_at=day(1)),
        make_post("2", "by j, later", author="j", created_at=day(4)),
        make_post("3", "by j", author="k", repost_of="test:1", created_at=day(2)),
        make_post("4", "by j", author="k", repost_of="test:9", repost_author="j"),
        make_post("5", "by k", author="k", repost_of="test:8", repost_author="l"),
    ]
    kept = ["by j, later", "by k"]
    notices = [delete(author="j", deleted_at=day(3)), delete("1", deleted_at=day(3))]
    store_posts(connection, posts, name="a")
    counts = store_posts(connection, notices, name="b")
    assert (counts.count_posts_deleted, texts(connection)) == (3, kept)
    counts = store_posts(connection, posts, name="c")
    assert (counts.count_ignored, counts.count_duplicates, texts(connection)) == (3, 2, kept)


def test_account_and_post_of_one_id_are_two_things(connection: duckdb.DuckDBPyConnection) -> None:
    store_posts(connection, [delete("12", deleted_at=day(9)), delete(author="13")], name="a")
    store_posts(connection, [make_post("13", "post"), make_post("1", "account", author="12")])
    assert texts(connection) == ["account", "post"]


def test_tombstone_of_a_deletion_names_nobody(connection: duckdb.DuckDBPyConnection) -> None:
    store_posts(connection, [delete("secret", deleted_at=day(3)), delete(author="jane")])
    found = rows(connection, "select kind, key, reason, deleted_at from tombstones order by kind")
    assert found == [
        ("author", hash_text(KEY, "test:jane"), "deleted", None),
        ("post", hash_text(KEY, "test:secret"), "deleted", day(3)),
    ]


def test_forgotten_post_stays_so_whatever_notices_say(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """What was deleted may come back if it is made again; what was forgotten may not."""
    forget(connection, author_key=KEY, data_dir=tmp_path, post_id="test:1")
    store_posts(connection, [delete("1", deleted_at=day(3))], name="a")
    counts = store_posts(connection, [make_post("1", created_at=day(5))], name="b")
    assert (counts.count_ignored, texts(connection)) == (1, [])


def test_deletion_that_is_read_again_changes_nothing(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    for _ in range(2):
        store_posts(connection, [make_post("1"), delete("1"), delete(author="j")])
    found = rows(connection, "select kind, reason, forgotten_at from tombstones")
    assert len(found) == 2
    assert texts(connection) == []


def test_merge_without_tombstones_hashes_no_ids(connection: duckdb.DuckDBPyConnection) -> None:
    """Hashing costs as much as reading where no id can be found by it."""
    for has_tombstone in (False, True):
        staging = Staging(connection, KEY)
        staging.add(make_post("1", repost_of="test:2"))
        staging.flush()
        found = rows(connection, "select post_key, repost_key from _staging.stage_posts")
        hashed = (hash_text(KEY, "test:1"), hash_text(KEY, "test:2"))
        assert found == [hashed if has_tombstone else (None, None)]
        store_posts(connection, [delete("1")])


def test_warehouse_from_before_deletions_keeps_what_it_knew() -> None:
    schema = load_sql_files("schema")
    number = next(file.number for file in schema if file.name == "deletions")
    with duckdb.connect() as connection:
        for file in schema:
            if file.number < number:
                connection.execute(file.text)
        connection.execute("insert into tombstones values ('post', 'key', now())")
        for post_id, likes in (("a:1", 3), ("a:2", None)):
            add_post(connection, post_id, likes=likes, edited_at=day(2), source_file="a.jsonl")
        for file in schema:
            if file.number >= number:
                connection.execute(file.text)
        tombstones = rows(connection, "select kind, key, reason, deleted_at from tombstones")
        assert tombstones == [("post", "key", "forgotten", None)]
        connection.execute("set TimeZone = 'UTC'")
        counted = "select likes, counts_seen_at, counts_source_file from posts order by post_id"
        assert rows(connection, counted) == [(3, day(2), "a.jsonl"), (None, None, None)]
