"""Merges staged records into the warehouse: one transaction a file, any order.

The version of a post that wins does not depend on the order of files: the
newest edit first, then the later retrieval, then what the same file says now,
then fixed tie-breaks. Engagement counts come from the latest retrieval.
"""

from dataclasses import dataclass
from datetime import datetime

import duckdb

from analytics.store.aspects import AspectRule, match_aspects, merge_source_aspects
from analytics.store.collisions import reject_collisions
from analytics.store.rejects import insert_new_rejects
from analytics.store.staging import STAGED_TABLES
from analytics.store.tombstones import blank_forgotten_rejects, collect_forgotten
from analytics.store.transactions import count_rows, first_row, transaction

_CONTENT = (
    "platform, native_id, author_key, reply_to, repost_of, quote_of, text, clean_text, lang, url,"
    " created_at, edited_at, count_media"
)
_COUNTS = "likes, reposts, replies, views, retrieved_at"
# Temporary tables, beside the staged ones, that a merge makes.
_WORKING_TABLES = (
    "collisions",
    "forgotten",
    "found_pictures",
    "winners",
    "touched",
    "dropped_aspects",
)

# The reject of a file or folder that could not be read at all.
_WHOLE_SOURCE = "line = 0 and stage = 'read' and raw = 'source'"

# Staged rows and stored rows of the same posts, with one ranking for content
# and one for counts. `ordinal` is null for the stored row.
_CANDIDATES = f"""
create or replace temp table candidates as
with
    staged as (
        select stage_posts.*
        from stage_posts
        where post_id not in (select post_id from forgotten)
    ),
    stored as (
        select posts.*, coalesce(pictures.count_media, 0) as count_media
        from posts
        left join (
            select post_id, count(*)::integer as count_media from media group by all
        ) as pictures on posts.post_id = pictures.post_id
        where posts.post_id in (select post_id from staged)
    ),
    together as (
        select ordinal, post_id, source_line, {_CONTENT}, {_COUNTS},
            retrieved_at as content_retrieved_at, null as source_file,
        from staged
        union all
        select null, post_id, source_line, {_CONTENT}, {_COUNTS}, content_retrieved_at, source_file
        from stored
    )
select
    *,
    row_number() over (
        partition by post_id
        order by
            coalesce(edited_at, created_at) desc nulls last,
            content_retrieved_at desc nulls last,
            -- What this file said before it was corrected.
            coalesce(source_file = $file, false),
            count_media desc,
            author_key desc nulls last,
            text desc,
            clean_text desc,
            hash({_CONTENT}) desc,
            ordinal nulls first
    ) as content_rank,
    row_number() over (
        partition by post_id
        order by
            retrieved_at desc nulls last,
            likes desc nulls last,
            reposts desc nulls last,
            replies desc nulls last,
            views desc nulls last,
            ordinal nulls first
    ) as counts_rank,
from together
"""

_WINNERS = f"""
create or replace temp table winners as
with
    content as (
        select ordinal, post_id, source_file, source_line, {_CONTENT}, content_retrieved_at,
            row({_CONTENT}) as version,
        from candidates
        where content_rank = 1
    ),
    counts as (
        select post_id, {_COUNTS}, row({_COUNTS}) as version
        from candidates
        where counts_rank = 1
    ),
    before as (
        select post_id, row({_CONTENT}) as content, row({_COUNTS}) as counts,
            content_retrieved_at,
        from candidates
        where ordinal is null
    )
select
    content.* exclude (version),
    counts.* exclude (post_id, version),
    before.post_id is null as is_new,
    before.post_id is not null and content.version is distinct from before.content
        as is_changed,
    before.post_id is not null and (
        counts.version is distinct from before.counts
        or content.content_retrieved_at is distinct from before.content_retrieved_at
    ) as is_recounted,
from content
inner join counts on content.post_id = counts.post_id
left join before on content.post_id = before.post_id
"""

_FOUND_PICTURES = """
create or replace temp table found_pictures as
select stage_posts.post_id, stage_media.position,
    any_value(stage_media.source_path) as source_path,
from stage_media
inner join stage_posts on stage_media.ordinal = stage_posts.ordinal
where stage_media.source_path is not null
group by all
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeCounts:
    """What became of a file: read = stored + updated + duplicates + ignored + rejects."""

    count_read: int
    count_stored: int
    count_updated: int
    count_duplicates: int
    count_ignored: int
    count_rejects: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file as it is remembered: same name, content and way of reading are skipped.

    Its pictures are looked for in `folder`, an absolute path.
    """

    name: str
    folder: str
    content_digest: str
    reading_digest: str
    connector: str
    n_bytes: int


def is_known(connection: duckdb.DuckDBPyConnection, file: SourceFile) -> bool:
    """Whether this is what the file held when it was last read, in the same way.

    What it held before that is read again: its rejects went when it changed.
    """
    found = first_row(
        connection.execute(
            "select content_digest from source_files"
            " where source_file = ? and reading_digest = ?"
            " order by read_at desc, rowid desc limit 1",
            [file.name, file.reading_digest],
        )
    )
    return found == (file.content_digest,)


def merge_staged(
    connection: duckdb.DuckDBPyConnection,
    *,
    file: SourceFile,
    rules: tuple[AspectRule, ...],
    author_key: bytes,
    run_id: str,
    now: datetime,
    count_read: int,
    count_ignored: int,
    count_rejects: int,
    is_whole: bool = True,
    clears_rejects: bool = True,
) -> MergeCounts:
    """Merge the staged records of one file and remember the file.

    With `clears_rejects`, earlier rejects and aspects of the file that were not met
    again go.
    A file that is not whole, since reading it was stopped, keeps them and is not
    remembered: it is read again. The staged tables are gone afterwards.
    """
    # These write temporary tables only, and the writer is alone. A table that is dropped in
    # a transaction takes its memory until the commit, so that each copy goes before it.
    collect_forgotten(connection, author_key)
    blank_forgotten_rejects(connection, author_key, connector=file.connector)
    count_rejects += reject_collisions(connection, file.name)
    count_ignored += count_rows(
        connection, "stage_posts where post_id in (select post_id from forgotten)"
    )
    connection.execute(_CANDIDATES, {"file": file.name})
    connection.execute(_FOUND_PICTURES)
    connection.execute("drop table stage_posts")
    connection.execute(_WINNERS)
    connection.execute("drop table candidates")
    with transaction(connection):
        stored = count_rows(connection, "winners where is_new")
        updated = count_rows(connection, "winners where is_changed or is_recounted")
        connection.execute(
            "delete from media where post_id in (select post_id from winners where is_changed)"
        )
        connection.execute(
            "delete from posts where post_id in"
            " (select post_id from winners where is_changed or is_recounted)"
        )
        connection.execute(
            f"""
            insert into posts by name
            select post_id, source_line, {_CONTENT.replace(", count_media", "")}, {_COUNTS},
                content_retrieved_at, coalesce(source_file, $file) as source_file,
                $run_id as run_id,
                $now as ingested_at
            from winners where is_new or is_changed or is_recounted
            """,
            {"file": file.name, "run_id": run_id, "now": now},
        )
        connection.execute(
            """
            insert into media by name
            select winners.post_id, stage_media.position, stage_media.url, stage_media.kind,
                stage_media.source_path, $folder as source_folder, stage_media.alt_text,
                'pending' as status
            from winners
            inner join stage_media on winners.ordinal = stage_media.ordinal
            where winners.is_new or winners.is_changed
            """,
            {"folder": file.folder},
        )
        # A dump that moved, or whose pictures came later, finds them now.
        connection.execute(
            """
            update media set source_path = found.source_path, source_folder = $folder,
                status = 'pending'
            from found_pictures as found
            where media.post_id = found.post_id and media.position = found.position
                and media.status in ('missing', 'not_fetched', 'outside_folder')
            """,
            {"folder": file.folder},
        )
        connection.execute(
            "create or replace temp table touched as"
            " select post_id from winners where is_new or is_changed"
        )
        merge_source_aspects(connection, file.name, replaces=is_whole and clears_rejects)
        match_aspects(connection, rules, only_touched=True)
        if is_whole and clears_rejects:
            connection.execute(
                """
                delete from rejects
                where source_file = ? and stage in ('read', 'parse')
                    and (line, stage, reason, raw) not in (
                        select (line, stage, reason, raw) from stage_rejects
                    )
                """,
                [file.name],
            )
        insert_new_rejects(
            connection,
            "select $file as source_file, line, stage, reason, raw from stage_rejects",
            run_id=run_id,
            now=now,
            values={"file": file.name},
        )
        if is_whole:
            connection.execute(
                "insert into source_files values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    file.name,
                    file.content_digest,
                    file.reading_digest,
                    file.connector,
                    file.n_bytes,
                    count_read,
                    count_rejects,
                    run_id,
                    now,
                ],
            )
    for table in (*STAGED_TABLES, *_WORKING_TABLES):
        connection.execute(f"drop table if exists {table}")
    return MergeCounts(
        count_read=count_read,
        count_stored=stored,
        count_updated=updated,
        count_duplicates=count_read - count_ignored - count_rejects - stored - updated,
        count_ignored=count_ignored,
        count_rejects=count_rejects,
    )


def reject_source(
    connection: duckdb.DuckDBPyConnection,
    *,
    source_file: str,
    reason: str,
    run_id: str,
    now: datetime,
) -> None:
    """Store that a file or folder as a whole could not be read: once, with the last reason."""
    connection.execute(
        f"delete from rejects where {_WHOLE_SOURCE} and source_file = ? and reason <> ?",
        [source_file, reason],
    )
    insert_new_rejects(
        connection,
        "select $file as source_file, 0 as line, 'read' as stage, $reason as reason,"
        " 'source' as raw",
        run_id=run_id,
        now=now,
        values={"file": source_file, "reason": reason},
    )


def read_source_rejects(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """The files and folders that could not be read as a whole."""
    rows = connection.execute(f"select source_file from rejects where {_WHOLE_SOURCE}").fetchall()
    return frozenset(name for (name,) in rows)


def clear_source_reject(connection: duckdb.DuckDBPyConnection, source_file: str) -> None:
    """Forget that a source could not be read before: now it can."""
    connection.execute(
        f"delete from rejects where {_WHOLE_SOURCE} and source_file = ?", [source_file]
    )
