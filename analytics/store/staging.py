"""Stages the records of one file in temporary tables, in bounded batches."""

from typing import Any

import duckdb
import pyarrow as pa

from analytics.contract.records import Ignored, Post, Reject
from analytics.contract.text import clean_text
from analytics.store.author_key import hash_author

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
_ASPECTS = pa.schema([("post_id", pa.string()), ("aspect", pa.string())])
_REJECTS = pa.schema(
    [("line", pa.int64()), ("stage", pa.string()), ("reason", pa.string()), ("raw", pa.string())]
)
_SCHEMAS = {
    "stage_posts": _POSTS,
    "stage_media": _MEDIA,
    "stage_aspects": _ASPECTS,
    "stage_rejects": _REJECTS,
}
STAGED_TABLES = tuple(_SCHEMAS)
_RAW_CHARACTERS = 2_000
_MAX_BIGINT = 2**63 - 1


class Staging:
    """Temporary tables with the records of one file, for `merge_staged`.

    Use as: `add` for each record, then `flush`. `count_read` counts records.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, author_key: bytes) -> None:
        self._connection = connection
        self._author_key = author_key
        self._rows: dict[str, dict[str, list[Any]]] = {}
        self.count_read = 0
        self.count_ignored = 0
        self.count_rejects = 0
        self._reset()
        for name, schema in _SCHEMAS.items():
            connection.register("empty_batch", schema.empty_table())
            connection.execute(f"create or replace temp table {name} as from empty_batch")
            connection.unregister("empty_batch")

    def add(self, record: Post | Reject | Ignored, *, ordinal: int | None = None) -> None:
        """Take one record. Ordinals order those of a file: by default their count."""
        self.count_read += 1
        if isinstance(record, Post):
            self._add_post(record, self.count_read if ordinal is None else ordinal)
        elif isinstance(record, Reject):
            self.count_rejects += 1
            _append(
                self._rows["stage_rejects"],
                line=record.line,
                stage=record.stage,
                reason=_storable(record.reason),
                raw=_storable(record.raw)[:_RAW_CHARACTERS],
            )
        else:
            self.count_ignored += 1
        if self.count_read % _BATCH_RECORDS == 0:
            self.flush()

    def flush(self) -> None:
        """Write what was taken to the temporary tables."""
        for name, schema in _SCHEMAS.items():
            batch = pa.table(self._rows[name], schema=schema)
            if batch.num_rows:
                self._connection.register("batch", batch)
                self._connection.execute(f"insert into {name} from batch")
                self._connection.unregister("batch")
        self._reset()

    def _add_post(self, post: Post, ordinal: int) -> None:
        media = [entry for entry in post.media if entry.url or entry.source_path]
        _append(
            self._rows["stage_posts"],
            ordinal=ordinal,
            post_id=_storable(post.post_id),
            platform=post.platform,
            native_id=_storable(post.native_id),
            author_key=(
                hash_author(self._author_key, post.platform, post.author) if post.author else None
            ),
            reply_to=_maybe(post.reply_to),
            repost_of=_maybe(post.repost_of),
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
        )
        for position, entry in enumerate(media):
            _append(
                self._rows["stage_media"],
                ordinal=ordinal,
                position=position,
                url=_maybe(entry.url),
                kind=entry.kind,
                source_path=_maybe(str(entry.source_path)) if entry.source_path else None,
                alt_text=_maybe(entry.alt_text),
            )
        for aspect in post.aspects:
            name = clean_text(aspect)
            if name:
                _append(self._rows["stage_aspects"], post_id=_storable(post.post_id), aspect=name)

    def _reset(self) -> None:
        self._rows = {
            name: {column: [] for column in schema.names} for name, schema in _SCHEMAS.items()
        }


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
