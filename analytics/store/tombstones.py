"""Keeps what the user has forgotten, or a platform deleted, from coming back with a dump."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

import duckdb
import pyarrow as pa

from analytics.store.author_key import hash_text
from analytics.store.transactions import count_rows

Reason = Literal["forgotten", "deleted"]
Kind = Literal["post", "author"]
# kind, keyed hash of the post_id or the author_key, reason, deleted_at (None: for good)
Tombstone = tuple[Kind, str, Reason, datetime | None]

_BATCH = 10_000
# What can be an id: names, numbers, DIDs; longer than one letter.
_ID = re.compile(r"[\w.:@~-]{2,}")
# Some platforms name their posts by an address.
_ADDRESS = re.compile(r"[a-z]{2,}://[^\s\"'<>\\]+")
_SCHEMA = pa.schema(
    [
        ("kind", pa.string()),
        ("key", pa.string()),
        ("reason", pa.string()),
        ("deleted_at", pa.timestamp("us", "UTC")),
    ]
)


def has_tombstones(connection: duckdb.DuckDBPyConnection, kind: Kind) -> bool:
    """Whether any post or author must not come back."""
    return bool(count_rows(connection, f"tombstones where kind = '{kind}'"))


def store_tombstones(
    connection: duckdb.DuckDBPyConnection, tombstones: Sequence[Tombstone], *, now: datetime
) -> None:
    """Store tombstones; of two for the same thing and reason the later time holds."""
    if not tombstones:
        return
    columns = zip(*tombstones, strict=True)
    batch = pa.table([list(column) for column in columns], schema=_SCHEMA)
    connection.register("given_tombstones", batch)
    connection.execute(
        """
        create or replace temp table new_tombstones as
        select kind, key, reason,
            nullif(
                max(coalesce(deleted_at, timestamptz 'infinity')), timestamptz 'infinity'
            ) as deleted_at,
        from given_tombstones
        group by all
        """
    )
    connection.unregister("given_tombstones")
    connection.execute(
        """
        update tombstones set deleted_at = new.deleted_at
        from new_tombstones as new
        where tombstones.kind = new.kind and tombstones.key = new.key
            and tombstones.reason = new.reason
            and (new.deleted_at is null or new.deleted_at > tombstones.deleted_at)
        """
    )
    connection.execute(
        """
        insert into tombstones by name
        select kind, key, reason, deleted_at, $now as forgotten_at
        from new_tombstones
        anti join tombstones using (kind, key, reason)
        """,
        {"now": now},
    )
    connection.execute("drop table new_tombstones")


def blank_forgotten_rejects(
    connection: duckdb.DuckDBPyConnection, author_key: bytes, *, connector: str
) -> None:
    """Empty `raw` of staged rejects that name a forgotten author or post.

    A record that could not be read has no author, so each word that can be an id is
    looked up, for every platform that the warehouse knows.
    """
    forgotten = "tombstones where reason = 'forgotten'"
    if not count_rows(connection, "_staging.stage_rejects") or not count_rows(
        connection, forgotten
    ):
        return
    rows = connection.execute(f"select key from {forgotten}").fetchall()
    keys = frozenset(str(key) for (key,) in rows)
    platforms = {connector, connector.partition("_")[0]} | {
        str(name)
        for (name,) in connection.execute(
            "select distinct platform from posts"
            " union select distinct platform from _staging.stage_posts"
        ).fetchall()
    }
    found = connection.execute("select distinct raw from _staging.stage_rejects where raw <> ''")
    named = []
    while batch := found.fetchmany(_BATCH):
        named += [[raw] for (raw,) in batch if _names_any(raw, platforms, author_key, keys)]
    if named:
        connection.executemany("update _staging.stage_rejects set raw = '' where raw = ?", named)


def list_forgotten(
    connection: duckdb.DuckDBPyConnection, author_key: bytes, post_ids: Iterable[str]
) -> set[str]:
    """Those of some post_ids that the user has forgotten."""
    rows = connection.execute(
        "select key from tombstones where kind = 'post' and reason = 'forgotten'"
    ).fetchall()
    keys = {str(key) for (key,) in rows}
    return {one for one in post_ids if hash_text(author_key, one) in keys} if keys else set()


def name_ids(text: str) -> set[str]:
    """The words of a text that can be an id."""
    words = set(_ID.findall(text)) | set(_ADDRESS.findall(text))
    return words | {word.strip(".:@-") for word in words}


def _names_any(raw: str, platforms: set[str], author_key: bytes, keys: frozenset[str]) -> bool:
    return any(
        hash_text(author_key, f"{platform}:{word}") in keys
        for word in name_ids(raw)
        for platform in platforms
    )
