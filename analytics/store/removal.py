"""Removes posts with all that belongs to them: for `forget`, and for notices of deletion."""

import shutil
from collections.abc import Iterable
from pathlib import Path

import duckdb

from analytics.store.fetches import prune_fetches
from analytics.store.sql_files import load_sql_files
from analytics.store.transactions import count_rows
from analytics.store.unpacked import ARCHIVES


def remove_posts(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Remove the posts of the table `gone(post_id)`, inside the caller's transaction.

    Their media, aspects, predictions, gold labels and places in draws go with them, the rejects
    that came of them, and of the memo and the fetched addresses what no other post has; tables
    that quote no post stay. Given are the sha256 of the pictures that nothing uses now, for
    `remove_pictures` after the commit.
    """
    connection.execute(
        "create or replace temp table gone_pictures as select distinct sha256 from media"
        " where sha256 is not null and post_id in (select post_id from gone)"
    )
    connection.execute(
        "create or replace temp table gone_contents as select distinct content_key"
        " from predictions where post_id in (select post_id from gone)"
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
    for table in (
        *("posts", "media", "aspects", "source_aspects", "predictions"),
        *("gold", "gold_unclear", "gold_draw_items"),
    ):
        connection.execute(f"delete from {table} where post_id in (select post_id from gone)")
    connection.execute(
        "delete from memo where content_key in (select content_key from gone_contents)"
        " and content_key not in (select content_key from predictions)"
    )
    if count_rows(connection, "deadly_contents"):  # the view hashes every content
        connection.execute(
            "delete from deadly_contents"
            " where content_key not in (select content_key from int_items)"
        )
    unfetched = prune_fetches(connection)
    unused = connection.execute(
        """
        select sha256 from gone_pictures
        where sha256 not in (select sha256 from media where sha256 is not null)
            and sha256 not in (select sha256 from fetches where sha256 is not null)
        """
    ).fetchall()
    for table in ("gone_pictures", "gone_contents"):
        connection.execute(f"drop table {table}")
    return sorted({*unfetched, *(str(sha256) for (sha256,) in unused)})


def prune_marts(connection: duckdb.DuckDBPyConnection) -> None:
    """Remove from the marts the posts that are no more, until the marts are made anew.

    Marts quote posts, and a report may be written before the next marts. What they count stays.
    """
    marts = [file.name for file in load_sql_files("marts")]
    found = connection.execute(
        "select table_name from duckdb_columns() where column_name = 'post_id'"
        " and database_name = current_database() and list_contains(?, table_name)"
        " order by all",
        [marts],
    ).fetchall()
    for (mart,) in found:
        # Joined, so that the few posts of the mart are held in memory, and not all posts.
        connection.execute(
            f"delete from {mart} where post_id not in (select {mart}.post_id from {mart}"
            f" inner join posts on {mart}.post_id = posts.post_id)"
        )


def remove_pictures(data_dir: Path, sha256s: Iterable[str]) -> None:
    """Remove prepared pictures, also as an earlier version of this program prepared them."""
    for sha256 in sha256s:
        for path in data_dir.glob(f"pictures*/{sha256[:2]}/{sha256}.jpg"):
            path.unlink(missing_ok=True)


def remove_unpacked(data_dir: Path) -> None:
    """Remove what archives were unpacked to; one that is read again is unpacked again."""
    shutil.rmtree(data_dir / ARCHIVES, ignore_errors=True)
