"""Keeps what the user has forgotten from coming back with a dump that still holds it."""

import re

import duckdb

from analytics.store.author_key import hash_text
from analytics.store.transactions import count_rows

_BATCH = 10_000
# What can be an id: names, numbers, DIDs; longer than one letter.
_ID = re.compile(r"[\w.:@~-]{2,}")


def collect_forgotten(connection: duckdb.DuckDBPyConnection, author_key: bytes) -> None:
    """The table `forgotten`: staged posts whose author or id has a tombstone."""
    connection.execute(
        """
        create or replace temp table forgotten as
        select distinct post_id from stage_posts
        where author_key in (select key from tombstones where kind = 'author')
        """
    )
    if not count_rows(connection, "tombstones where kind = 'post'"):
        return
    keys = _read_keys(connection, "where kind = 'post'")
    found = connection.execute("select distinct post_id from stage_posts")
    gone = []
    while rows := found.fetchmany(_BATCH):
        gone += [[post_id] for (post_id,) in rows if hash_text(author_key, post_id) in keys]
    if gone:
        connection.executemany("insert into forgotten values (?)", gone)


def blank_forgotten_rejects(
    connection: duckdb.DuckDBPyConnection, author_key: bytes, *, connector: str
) -> None:
    """Empty `raw` of staged rejects that name a forgotten author or post.

    A record that could not be read has no author, so each word that can be an id is
    looked up, for every platform that the warehouse knows.
    """
    if not count_rows(connection, "stage_rejects") or not count_rows(connection, "tombstones"):
        return
    keys = _read_keys(connection, "")
    platforms = {connector, connector.partition("_")[0]} | {
        str(name)
        for (name,) in connection.execute(
            "select distinct platform from posts union select distinct platform from stage_posts"
        ).fetchall()
    }
    found = connection.execute("select distinct raw from stage_rejects where raw <> ''")
    named = []
    while rows := found.fetchmany(_BATCH):
        named += [[raw] for (raw,) in rows if _names_any(raw, platforms, author_key, keys)]
    if named:
        connection.executemany("update stage_rejects set raw = '' where raw = ?", named)


def name_ids(text: str) -> set[str]:
    """The words of a text that can be an id."""
    words = set(_ID.findall(text))
    return words | {word.strip(".:@-") for word in words}


def _read_keys(connection: duckdb.DuckDBPyConnection, where: str) -> frozenset[str]:
    rows = connection.execute(f"select key from tombstones {where}").fetchall()
    return frozenset(str(key) for (key,) in rows)


def _names_any(raw: str, platforms: set[str], author_key: bytes, keys: frozenset[str]) -> bool:
    return any(
        hash_text(author_key, f"{platform}:{word}") in keys
        for word in name_ids(raw)
        for platform in platforms
    )
