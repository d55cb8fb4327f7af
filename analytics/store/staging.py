"""Stages the records of one file in tables of their own, in bounded batches.

They are in a database in memory, `_staging`, that spills as temporary tables do. Those would be
compressed, which takes longer than all else that is done to a record, and only one connection
would see them.
"""

import hashlib
from typing import Any

import duckdb
import pyarrow as pa

from analytics.contract.records import Deletion, Media, Post, Record, Reject
from analytics.contract.text import clean_text
from analytics.store.author_key import hash_author, hash_text
from analytics.store.tombstones import has_tombstones

_BATCH_RECORDS = 10_000
_TIME = pa.timestamp("us", "UTC")

_POSTS = pa.schema(
    [
        ("ordinal", pa.int64()),
        ("post_id", pa.string()),
        ("platform", pa.string()),
        ("native_id", pa.string()),
        ("author_key", pa.string()),
        ("reply_to", pa.string()),
        ("repost_of", pa.string()),
        ("repost_author_key", pa.string()),
        ("quote_of", pa.string()),
        ("text", pa.string()),
        ("clean_text", pa.string()),
        ("lang", pa.string()),
        ("url", pa.string()),
        ("source_line", pa.int64()),
        ("likes", pa.int64()),
        ("reposts", pa.int64()),
        ("replies", pa.int64()),
        ("views", pa.int64()),
        ("created_at", _TIME),
        ("edited_at", _TIME),
        ("retrieved_at", _TIME),
        ("count_media", pa.int32()),
        ("media_key", pa.string()),
        # Keyed hashes of post_id and repost_of; only where tombstones of posts are known.
        ("post_key", pa.string()),
        ("repost_key", pa.string()),
    ]
)
_MEDIA = pa.schema(
    [
        ("ordinal", pa.int64()),
        ("position", pa.int32()),
        ("url", pa.string()),
        ("kind", pa.string()),
        ("source_path", pa.string()),
        ("alt_text", pa.string()),
    ]
)
_ASPECTS = pa.schema([("ordinal", pa.int64()), ("post_id", pa.string()), ("aspect", pa.string())])
_DELETIONS = pa.schema(
    [("post_id", pa.string()), ("author_key", pa.string()), ("deleted_at", _TIME)]
)
_REJECTS = pa.schema(
    [("line", pa.int64()), ("stage", pa.string()), ("reason", pa.string()), ("raw", pa.string())]
)
_SCHEMAS = {
    "stage_posts": _POSTS,
    "stage_media": _MEDIA,
    "stage_aspects": _ASPECTS,
    "stage_rejects": _REJECTS,
    "stage_deletions": _DELETIONS,
}

# What names the pictures of a stored post, over its rows of `media`: addresses, else the
# names of files, which may lie in another folder in another dump.
MEDIA_KEY = """
md5(
    string_agg(
        kind || chr(31) || coalesce(url, regexp_extract(source_path, '[^/]*$'))
            || chr(31) || coalesce(alt_text, ''),
        chr(30) order by position
    )
)
"""
_RAW_CHARACTERS = 2_000
_MAX_BIGINT = 2**63 - 1


class Staging:
    """Tables with the records of one file, for `merge_staged`.

    Use as: `add` for each record, then `flush`. `count_read` counts records. `hashes_ids` says
    whether ids are hashed, for tombstones that are there.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, author_key: bytes) -> None:
        self._connection = connection
        self._author_key = author_key
        self.hashes_ids = has_tombstones(connection, "post")
        self._rows: dict[str, dict[str, list[Any]]] = {}
        self._ordinal = 0
        self.count_read = 0
        self.count_ignored = 0
        self.count_rejects = 0
        self.count_deletions = 0
        self._reset()
        connection.execute("attach if not exists ':memory:' as _staging")
        for name, schema in _SCHEMAS.items():
            connection.register("empty_batch", schema.empty_table())
            connection.execute(f"create or replace table _staging.{name} as from empty_batch")
            connection.unregister("empty_batch")

    def add(self, record: Record, *, ordinal: int | None = None) -> None:
        """Take one record. Ordinals order those of a file: by default their count."""
        self.count_read += 1
        self._ordinal = self.count_read if ordinal is None else ordinal
        if isinstance(record, Post):
            self._add_post(record)
        elif isinstance(record, Reject):
            self.count_rejects += 1
            _append(
                self._rows["stage_rejects"],
                line=record.line,
                stage=record.stage,
                reason=_storable(record.reason),
                raw=_storable(record.raw)[:_RAW_CHARACTERS],
            )
        elif isinstance(record, Deletion):
            self.count_deletions += 1
            self._add_deletion(record)
        else:
            self.count_ignored += 1
        if self.count_read % _BATCH_RECORDS == 0:
            self.flush()

    def flush(self) -> None:
        """Write what was taken to the tables."""
        for name, schema in _SCHEMAS.items():
            batch = pa.table(self._rows[name], schema=schema)
            if batch.num_rows:
                self._connection.register("batch", batch)
                self._connection.execute(f"insert into _staging.{name} from batch")
                self._connection.unregister("batch")
        self._reset()

    def _add_deletion(self, deletion: Deletion) -> None:
        platform, author, native = deletion.platform, deletion.author, deletion.native_id
        _append(
            self._rows["stage_deletions"],
            post_id=_storable(f"{platform}:{native}") if native is not None else None,
            author_key=self._hash_author(platform, author),
            deleted_at=deletion.deleted_at,
        )

    def _hash_author(self, platform: str, author: str | None) -> str | None:
        return hash_author(self._author_key, platform, author) if author else None

    def _hash_id(self, post_id: str | None) -> str | None:
        return hash_text(self._author_key, post_id) if post_id and self.hashes_ids else None

    def _add_post(self, post: Post) -> None:
        media = [entry for entry in post.media if entry.url or entry.source_path]
        post_id, repost_of = _storable(post.post_id), _maybe(post.repost_of)
        _append(
            self._rows["stage_posts"],
            ordinal=self._ordinal,
            post_id=post_id,
            platform=post.platform,
            native_id=_storable(post.native_id),
            author_key=self._hash_author(post.platform, post.author),
            reply_to=_maybe(post.reply_to),
            repost_of=repost_of,
            repost_author_key=self._hash_author(post.platform, post.repost_author),
            quote_of=_maybe(post.quote_of),
            text=_storable(post.text),
            clean_text=clean_text(post.text),
            lang=_maybe(post.lang),
            url=_maybe(post.url),
            source_line=post.line,
            likes=_bounded(post.likes),
            reposts=_bounded(post.reposts),
            replies=_bounded(post.replies),
            views=_bounded(post.views),
            created_at=post.created_at,
            edited_at=post.edited_at,
            retrieved_at=post.retrieved_at,
            count_media=len(media),
            media_key=self._add_media(media),
            post_key=self._hash_id(post_id),
            repost_key=self._hash_id(repost_of),
        )
        for aspect in post.aspects:
            name = clean_text(aspect)
            if name:
                _append(
                    self._rows["stage_aspects"],
                    ordinal=self._ordinal,
                    post_id=post_id,
                    aspect=name,
                )

    def _add_media(self, media: list[Media]) -> str | None:
        """Take the media of a post; what names them, as MEDIA_KEY does of stored ones."""
        names = []
        for position, entry in enumerate(media):
            url, alt_text = _maybe(entry.url), _maybe(entry.alt_text)
            path = _maybe(str(entry.source_path)) if entry.source_path else None
            _append(
                self._rows["stage_media"],
                ordinal=self._ordinal,
                position=position,
                url=url,
                kind=entry.kind,
                source_path=path,
                alt_text=alt_text,
            )
            name = url or (path or "").rpartition("/")[2]
            names.append("\x1f".join((entry.kind, name, alt_text or "")))
        return _digest(names) if names else None

    def _reset(self) -> None:
        self._rows = {
            name: {column: [] for column in schema.names} for name, schema in _SCHEMAS.items()
        }


def drop_staged(connection: duckdb.DuckDBPyConnection) -> None:
    """Free what is staged."""
    connection.execute("detach database if exists _staging")


def _digest(names: list[str]) -> str:
    # DuckDB has no faster one that Python has, too.
    return hashlib.md5("\x1e".join(names).encode(), usedforsecurity=False).hexdigest()


def _append(rows: dict[str, list[Any]], **values: Any) -> None:
    for column, value in values.items():
        rows[column].append(value)


def _storable(text: str) -> str:
    """Text that UTF-8 can hold: lone surrogates and NUL become U+FFFD."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")


def _maybe(text: str | None) -> str | None:
    return _storable(text) if text else None


def _bounded(count: int | None) -> int | None:
    if count is None:
        return None
    return max(-_MAX_BIGINT, min(_MAX_BIGINT, count))
