"""Ids that mean one post in one table file and another post in the next."""

import duckdb

from analytics.contract.records import NO_PLATFORM
from analytics.store.transactions import count_rows


def reject_collisions(connection: duckdb.DuckDBPyConnection, source_file: str) -> int:
    """Turn staged posts into staged rejects where their id is taken; how many.

    Only a table without a platform: its ids are scoped by the file's name alone, so
    two files of one name meet. A post of another file with the same id and another
    text or time is another post, not a newer version.
    """
    connection.execute(
        """
        create or replace temp table collisions as
        select stage_posts.ordinal, stage_posts.post_id, stage_posts.source_line,
            stage_posts.text, posts.source_file,
        from _staging.stage_posts
        inner join posts on stage_posts.post_id = posts.post_id
        where stage_posts.platform = $no_platform and posts.source_file <> $file
            and (
                stage_posts.clean_text <> posts.clean_text
                or stage_posts.created_at is distinct from posts.created_at
            )
        """,
        {"no_platform": NO_PLATFORM, "file": source_file},
    )
    count = count_rows(connection, "collisions")
    if count:
        connection.execute(
            """
            insert into _staging.stage_rejects by name
            select source_line as line, 'parse' as stage,
                'the id is that of another post, of ' || source_file
                || ': give each of the two files a platform, or rename one' as reason,
                left(text, 2000) as raw,
            from collisions
            """
        )
        connection.execute(
            "delete from _staging.stage_aspects where post_id in (select post_id from collisions)"
        )
        connection.execute(
            "delete from _staging.stage_posts where ordinal in (select ordinal from collisions)"
        )
    return count
