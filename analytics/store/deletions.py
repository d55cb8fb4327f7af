"""Honours notices that posts and accounts were deleted, whatever is read first.

A notice counts against all that was seen until its time: versions of the post, of all posts
of the account, and reposts of them. When a version was seen says `SEEN_AT`. What was seen
later may stay: the post was made again. A notice without a time counts against everything.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from analytics.store.author_key import hash_text
from analytics.store.removal import remove_pictures, remove_posts
from analytics.store.tombstones import Tombstone, store_tombstones
from analytics.store.transactions import count_rows, transaction

_BATCH = 10_000

# When a staged and a stored version were seen. The rank of versions begins with it: if a
# notice strikes the version that is kept, it strikes all others, too.
SEEN_AT = "coalesce(retrieved_at, edited_at, created_at)"
STORED_SEEN_AT = "coalesce(content_retrieved_at, edited_at, created_at)"

# The notices of this file: ids of posts as they are, authors as their keys.
_NOTICES = """
create or replace temp table notices as
select
    if(post_id is null, 'author', 'post') as kind,
    coalesce(post_id, author_key) as name,
    max(coalesce(deleted_at, timestamptz 'infinity')) as until,
from _staging.stage_deletions
group by all
"""

# All by which a row of posts can be named.
_NAMES = """
    {'kind': 'post', 'name': post_id},
    {'kind': 'post', 'name': repost_of},
    {'kind': 'author', 'name': author_key},
    {'kind': 'author', 'name': repost_author_key}
"""

# Staged rows that a notice of this file, or of one before, strikes.
_DEAD = f"""
create or replace temp table dead as
with
    named as (
        select ordinal, {SEEN_AT} as seen_at,
            unnest(
                [
                    {_NAMES},
                    {{'kind': 'post', 'name': post_key}},
                    {{'kind': 'post', 'name': repost_key}}
                ],
                recursive := true
            ),
        from _staging.stage_posts
    ),
    known as (
        select kind, name, until from notices
        union all
        select kind, key, coalesce(deleted_at, timestamptz 'infinity') from tombstones
    )
select distinct ordinal
from named
inner join known using (kind, name)
where coalesce(seen_at <= until, true)
"""

# Stored posts that a notice of this file is about; those of before were heard before.
_STRUCK = f"""
create or replace temp table struck as
with
    named as (
        select post_id, unnest([{_NAMES}], recursive := true)
        from posts
    )
select post_id, max(until) as until
from named
inner join notices using (kind, name)
group by all
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionCounts:
    """What notices did: staged posts that are not stored, and stored ones that went."""

    count_dropped: int = 0
    count_removed: int = 0


def apply_deletions(
    connection: duckdb.DuckDBPyConnection,
    *,
    author_key: bytes,
    data_dir: Path | None,
    now: datetime,
) -> DeletionCounts:
    """Drop staged posts, and remove stored ones, that are deleted or forgotten.

    The notices in `stage_deletions` become tombstones, in a transaction of their own: should
    the file's merge fail, it is read again, and what it deletes is gone already. Prepared
    pictures that nothing uses any more are removed from `data_dir`.
    """
    has_notices = bool(count_rows(connection, "_staging.stage_deletions"))
    if not has_notices and not count_rows(connection, "tombstones"):
        return DeletionCounts()
    connection.execute(_NOTICES)
    connection.execute(_DEAD)
    count_dropped = count_rows(connection, "dead")
    if count_dropped:
        for table in ("stage_posts", "stage_media", "stage_aspects"):
            connection.execute(
                f"delete from _staging.{table} where ordinal in (select ordinal from dead)"
            )
    count_removed = _hear_notices(connection, author_key, data_dir, now) if has_notices else 0
    for table in ("notices", "dead"):
        connection.execute(f"drop table {table}")
    return DeletionCounts(count_dropped=count_dropped, count_removed=count_removed)


def _hear_notices(
    connection: duckdb.DuckDBPyConnection, author_key: bytes, data_dir: Path | None, now: datetime
) -> int:
    """Store the notices and remove the posts that they strike; how many."""
    connection.execute(_STRUCK)
    connection.execute(
        f"""
        create or replace temp table gone as
        select post_id from posts inner join struck using (post_id)
        where coalesce({STORED_SEEN_AT} <= until, true)
        """
    )
    tombstones = _make_tombstones(connection, author_key)
    count_removed = count_rows(connection, "gone")
    with transaction(connection):
        store_tombstones(connection, tombstones, now=now)
        unused = remove_posts(connection) if count_removed else []
        # A post that was made again keeps no counts of its first life.
        connection.execute(
            """
            update posts set likes = null, reposts = null, replies = null, views = null,
                retrieved_at = content_retrieved_at, counts_seen_at = null,
                counts_source_file = null
            from struck
            where posts.post_id = struck.post_id
                and coalesce(likes, reposts, replies, views) is not null
                and coalesce(counts_seen_at <= until, true)
            """
        )
    if data_dir is not None:
        remove_pictures(data_dir, unused)
    for table in ("gone", "struck"):
        connection.execute(f"drop table {table}")
    return count_removed


def _make_tombstones(connection: duckdb.DuckDBPyConnection, author_key: bytes) -> list[Tombstone]:
    found = connection.execute(
        "select kind, name, nullif(until, timestamptz 'infinity') from notices"
    )
    made: list[Tombstone] = []
    while rows := found.fetchmany(_BATCH):
        made += [
            (kind, hash_text(author_key, name) if kind == "post" else name, "deleted", at)
            for kind, name, at in rows
        ]
    return made
