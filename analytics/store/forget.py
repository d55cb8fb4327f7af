"""Removes a post or an author for good, and keeps them from coming back."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from analytics.store.author_key import hash_author, hash_text
from analytics.store.tombstones import name_ids
from analytics.store.transactions import count_rows, first_row, transaction


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
    """Remove a post, or all posts of an author (platform, stable id).

    Rows, rejects that quote them, memo entries and pictures that nothing else
    uses go; a tombstone (a keyed hash) keeps a later ingest from bringing them
    back.
    """
    now = datetime.now(UTC)
    with transaction(connection):
        connection.execute("create or replace temp table gone (post_id varchar)")
        if post_id is not None:
            kind, key = "post", hash_text(author_key, post_id)
            connection.execute(
                "insert into gone select post_id from posts where post_id = ?", [post_id]
            )
        elif author is not None:
            kind, key = "author", hash_author(author_key, *author)
            connection.execute(
                "insert into gone select post_id from posts where author_key = ?", [key]
            )
        else:
            raise ValueError("forget needs a post or an author")
        connection.execute(
            "insert into tombstones select ?, ?, ? where not exists"
            " (select 1 from tombstones where kind = ? and key = ?)",
            [kind, key, now, kind, key],
        )
        connection.execute(
            "create or replace temp table gone_pictures as select distinct sha256 from media"
            " where sha256 is not null and post_id in (select post_id from gone)"
        )
        connection.execute(
            """
            delete from rejects
            where exists (
                select 1 from posts
                where posts.post_id in (select post_id from gone)
                    and posts.source_file = rejects.source_file
                    and posts.source_line = rejects.line
            )
            -- What media and infer rejects call their post and item.
            or raw in (
                select post_id from gone
                union
                select post_id || ' ' from gone
                union
                select post_id || ' ' || aspect from aspects
                where post_id in (select post_id from gone)
            )
            """
        )
        native = author[1] if author is not None else str(post_id).partition(":")[2]
        _blank_rejects(connection, native)
        count_posts = count_rows(connection, "gone")
        for table in ("posts", "media", "aspects", "source_aspects", "predictions", "gold"):
            connection.execute(f"delete from {table} where post_id in (select post_id from gone)")
        row = first_row(
            connection.execute(
                # Also what was said of earlier versions of edited posts.
                "delete from memo where content_key not in (select content_key from predictions)"
            )
        )
        count_memo = int(row[0]) if row else 0
        connection.execute(
            "delete from deadly_contents"
            " where content_key not in (select content_key from int_items)"
        )
        unused = connection.execute(
            "select sha256 from gone_pictures"
            " where sha256 not in (select sha256 from media where sha256 is not null)"
        ).fetchall()
    for (sha256,) in unused:
        # Also as an earlier version of this program prepared it.
        for path in data_dir.glob(f"pictures*/{sha256[:2]}/{sha256}.jpg"):
            path.unlink(missing_ok=True)
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
