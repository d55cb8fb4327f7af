"""Merges staged records into the warehouse, file by file, in any order of the files.

`versions` says which version of a post is kept, `deletions` what notices do.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from analytics.store.aspects import AspectRule, match_aspects, merge_source_aspects
from analytics.store.collisions import reject_collisions
from analytics.store.deletions import apply_deletions
from analytics.store.rejects import insert_new_rejects
from analytics.store.staging import Staging, drop_staged
from analytics.store.tombstones import blank_forgotten_rejects
from analytics.store.transactions import count_rows, first_row, transaction
from analytics.store.versions import CANDIDATES, CONTENT, COUNTS, FRESH, IS_FRESH, REPEATED, WINNERS

# Temporary tables, beside the staged ones, that a merge makes.
_WORKING_TABLES = (
    "collisions",
    "found_pictures",
    "repeated",
    "winners",
    "touched",
    "dropped_aspects",
)

# The reject of a file or folder that could not be read at all, or of which nothing was stored.
_WHOLE_SOURCE = "line = 0 and stage = 'read' and raw = 'source'"

# So few rejects do not make a file suspect, whatever their share.
_MIN_REJECTS = 20

# What a file has of the pictures of its posts, as those of the same media elsewhere.
_FOUND_PICTURES = """
create or replace temp table found_pictures as
select
    stage_posts.post_id,
    stage_media.position,
    stage_media.kind,
    stage_media.url,
    regexp_extract(stage_media.source_path, '[^/]*$') as name,
    min(stage_media.source_path) as source_path,
from _staging.stage_media
inner join _staging.stage_posts on stage_media.ordinal = stage_posts.ordinal
where stage_media.source_path is not null
group by all
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeCounts:
    """What became of the records of a file.

    count_read = stored + updated + duplicates + deletions + ignored + rejects. Deletions are
    notices; count_posts_deleted are the stored posts that went by them. A file that is
    refused has too many rejects: its other records are ignored.
    """

    count_read: int
    count_stored: int = 0
    count_updated: int = 0
    count_duplicates: int = 0
    count_deletions: int = 0
    count_ignored: int = 0
    count_rejects: int = 0
    count_posts_deleted: int = 0
    is_refused: bool = False


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


def remember_file(
    connection: duckdb.DuckDBPyConnection,
    file: SourceFile,
    count_read: int,
    count_rejects: int,
    run_id: str,
    now: datetime,
) -> None:
    """Remember that a file was read: as it is, it is skipped from now on."""
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


def merge_staged(
    connection: duckdb.DuckDBPyConnection,
    staging: Staging,
    *,
    file: SourceFile,
    rules: tuple[AspectRule, ...],
    author_key: bytes,
    run_id: str,
    now: datetime,
    data_dir: Path | None = None,
    is_whole: bool = True,
    clears_rejects: bool = True,
    max_reject_share: float = 1.0,
) -> MergeCounts:
    """Merge the staged records of one file, all flushed, and remember the file.

    With `clears_rejects`, earlier rejects and aspects of the file that were not met
    again go.
    A file that is not whole, since reading it was stopped, keeps them and is not
    remembered: it is read again. Nor is one that is refused, since a larger share than
    `max_reject_share` of its records, and at least 20, are rejects: of it these alone are
    stored. Prepared pictures of deleted posts are removed from `data_dir`, where it is given.
    The staged tables are gone afterwards.
    """
    # What is not in a transaction writes temporary tables only, but for deletions, and the
    # writer is alone. A table that is dropped in a transaction takes its memory until the
    # commit, so that copies of posts with several versions go before it.
    blank_forgotten_rejects(connection, author_key, connector=file.connector)
    count_rejects = staging.count_rejects + reject_collisions(connection, file.name)
    replaces = is_whole and clears_rejects
    if count_rejects >= _MIN_REJECTS and count_rejects > max_reject_share * staging.count_read:
        with transaction(connection):
            _store_rejects(connection, file.name, run_id=run_id, now=now, replaces=replaces)
        _drop_tables(connection)
        return MergeCounts(
            count_read=staging.count_read,
            count_ignored=staging.count_read - count_rejects,
            count_rejects=count_rejects,
            is_refused=True,
        )
    gone = apply_deletions(connection, author_key=author_key, data_dir=data_dir, now=now)
    count_ignored = staging.count_ignored + gone.count_dropped
    connection.execute(_FOUND_PICTURES)
    connection.execute(REPEATED)
    connection.execute(CANDIDATES, {"file": file.name, "restates": replaces})
    connection.execute(WINNERS)
    connection.execute("drop table candidates")
    with transaction(connection):
        stored = count_rows(connection, "winners where is_new") + count_rows(
            connection, f"_staging.stage_posts where {IS_FRESH}"
        )
        updated = count_rows(connection, "winners where is_changed or is_recounted")
        _store_winners(connection, file, run_id=run_id, now=now)
        merge_source_aspects(connection, file.name, replaces=replaces)
        match_aspects(connection, rules, only_touched=True)
        _store_rejects(connection, file.name, run_id=run_id, now=now, replaces=replaces)
        if is_whole:
            remember_file(connection, file, staging.count_read, count_rejects, run_id, now)
    _drop_tables(connection)
    others = stored + updated + staging.count_deletions + count_ignored + count_rejects
    return MergeCounts(
        count_read=staging.count_read,
        count_stored=stored,
        count_updated=updated,
        count_duplicates=staging.count_read - others,
        count_deletions=staging.count_deletions,
        count_ignored=count_ignored,
        count_rejects=count_rejects,
        count_posts_deleted=gone.count_removed,
    )


def _store_winners(
    connection: duckdb.DuckDBPyConnection, file: SourceFile, *, run_id: str, now: datetime
) -> None:
    """Write fresh posts and those of `winners`, and their media.

    The table `touched` names what to match.
    """
    connection.execute(
        "delete from media where post_id in (select post_id from winners where is_changed)"
    )
    connection.execute(
        "delete from posts where post_id in"
        " (select post_id from winners where is_changed or is_recounted)"
    )
    # In one insert: DuckDB 2.0 hides a full row group that follows an insert without rows into
    # the same table in the same transaction, until the next checkpoint.
    connection.execute(
        f"""
        insert into posts by name
        select *, $run_id as run_id, $now as ingested_at
        from (
            select post_id, source_file, source_line, {CONTENT}, {COUNTS}, content_retrieved_at
            from winners where is_new or is_changed or is_recounted
            union all by name
            select * exclude (ordinal) from ({FRESH})
        )
        """,
        {"file": file.name, "run_id": run_id, "now": now},
    )
    if count_rows(connection, "winners where is_moved"):
        connection.execute(
            """
            update posts set source_file = moved.source_file, source_line = moved.source_line,
                counts_source_file = moved.counts_source_file
            from (from winners where is_moved) as moved
            where posts.post_id = moved.post_id
            """
        )
    connection.execute(
        f"""
        insert into media by name
        with kept as (
            select ordinal, post_id from winners where is_new or is_changed
            union all
            select ordinal, post_id from _staging.stage_posts where {IS_FRESH}
        )
        select kept.post_id, stage_media.position, stage_media.url, stage_media.kind,
            stage_media.source_path, $folder as source_folder, stage_media.alt_text,
            'pending' as status
        from _staging.stage_media
        inner join kept on stage_media.ordinal = kept.ordinal
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
            and media.kind = found.kind and media.url is not distinct from found.url
            and (
                media.url is not null
                or found.name = regexp_extract(media.source_path, '[^/]*$')
            )
            and (
                media.status in ('missing', 'outside_folder')
                or media.status <> 'ok' and media.source_path is null
            )
        """,
        {"folder": file.folder},
    )
    connection.execute(
        "create or replace temp table touched as"
        " select post_id from winners where is_new or is_changed"
        f" union all select post_id from _staging.stage_posts where {IS_FRESH}"
    )


def _store_rejects(
    connection: duckdb.DuckDBPyConnection,
    source_file: str,
    *,
    run_id: str,
    now: datetime,
    replaces: bool,
) -> None:
    if replaces:
        connection.execute(
            """
            delete from rejects
            where source_file = ? and stage in ('read', 'parse')
                and (line, stage, reason, raw) not in (
                    select (line, stage, reason, raw) from _staging.stage_rejects
                )
            """,
            [source_file],
        )
    insert_new_rejects(
        connection,
        "select $file as source_file, line, stage, reason, raw from _staging.stage_rejects",
        run_id=run_id,
        now=now,
        values={"file": source_file},
    )


def _drop_tables(connection: duckdb.DuckDBPyConnection) -> None:
    for table in _WORKING_TABLES:
        connection.execute(f"drop table if exists {table}")
    drop_staged(connection)


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


def read_reasons(
    connection: duckdb.DuckDBPyConnection, source_file: str, *, n: int
) -> list[tuple[str, int]]:
    """The `n` most frequent reasons why records of a file are rejects, up to their values."""
    return connection.execute(
        f"""
        select trim(regexp_replace(reason, '(:|\\. [A-Z]).*', '', 's')) as cause, count(*) as n
        from rejects
        where source_file = ? and stage in ('read', 'parse') and not ({_WHOLE_SOURCE})
        group by all
        order by n desc, cause
        limit ?
        """,
        [source_file, n],
    ).fetchall()


def clear_source_reject(connection: duckdb.DuckDBPyConnection, source_file: str) -> None:
    """Forget that a source could not be read before: now it can."""
    connection.execute(
        f"delete from rejects where {_WHOLE_SOURCE} and source_file = ?", [source_file]
    )
