"""Removes a post or an author for good, and keeps them from coming back."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from analytics.store.author_key import hash_author, hash_text
from analytics.store.removal import remove_pictures, remove_posts, remove_unpacked
from analytics.store.tombstones import Tombstone, name_ids, store_tombstones
from analytics.store.transactions import count_rows, transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was removed."""

    count_posts: int
    count_memo: int
    count_pictures: int


def forget(
    connection: duckdb.DuckDBPyConnection,
    *,
    author_key: bytes,
    data_dir: Path,
    post_id: str | None = None,
    author: tuple[str, str] | None = None,
) -> Forgotten:
    """Remove a post, or all posts of an author (platform, stable id), and reposts of them.

    Rows, rejects that quote them, memo entries, pictures that nothing else
    uses, and unpacked copies of archives go; a tombstone (a keyed hash) keeps a later
    ingest from bringing them back.
    """
    now = datetime.now(UTC)
    with transaction(connection):
        connection.execute("create or replace temp table gone (post_id varchar)")
        found: list[Tombstone]
        if post_id is not None:
            native = post_id.partition(":")[2]
            found = [("post", hash_text(author_key, post_id), "forgotten", None)]
            connection.execute(
                "insert into gone select post_id from posts where post_id = $id or repost_of = $id",
                {"id": post_id},
            )
        elif author is not None:
            native = author[1]
            key = hash_author(author_key, *author)
            own = connection.execute("select post_id from posts where author_key = ?", [key])
            found = [
                ("author", key, "forgotten", None),
                # Not each repost says whose post it is of.
                *(
                    ("post", hash_text(author_key, own_id), "forgotten", None)
                    for (own_id,) in own.fetchall()
                ),
            ]
            connection.execute(
                """
                insert into gone
                with own as (select post_id from posts where author_key = $key)
                select post_id from posts
                where author_key = $key or repost_author_key = $key
                    or repost_of in (select post_id from own)
                """,
                {"key": key},
            )
        else:
            raise ValueError("forget needs a post or an author")
        store_tombstones(connection, found, now=now)
        _blank_rejects(connection, native)
        count_posts = count_rows(connection, "gone")
        before = count_rows(connection, "memo")
        unused = remove_posts(connection)
        for table in ("gold", "gold_unclear", "gold_draw_items"):
            # Also labels that came with a file, of a post that was never read.
            connection.execute(f"delete from {table} where post_id = ?", [post_id])
        # Also what was said of earlier versions of edited posts.
        connection.execute(
            "delete from memo where content_key not in (select content_key from predictions)"
        )
        count_memo = before - count_rows(connection, "memo")
        connection.execute("drop table gone")
    remove_pictures(data_dir, unused)
    remove_unpacked(data_dir)
    return Forgotten(count_posts=count_posts, count_memo=count_memo, count_pictures=len(unused))


def _blank_rejects(connection: duckdb.DuckDBPyConnection, native_id: str) -> None:
    """Empty what rejects quote of records that name an author or post: they have no post."""
    rows = connection.execute(
        "select distinct raw from rejects where stage in ('read', 'parse') and contains(raw, ?)",
        [native_id],
    ).fetchall()
    named = [[raw] for (raw,) in rows if native_id in name_ids(raw)]
    if named:
        connection.executemany("update rejects set raw = '' where raw = ?", named)
