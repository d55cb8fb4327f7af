"""Which posts have no language yet, and where what is detected goes."""

from collections.abc import Iterator, Mapping

import duckdb
import pyarrow as pa

from analytics.store.settings import read_setting, write_setting
from analytics.store.transactions import count_rows, first_row, transaction

_SETTING = "languages_digest"
# Rows of `posts` that are looked at together: so many texts are in memory at most.
_WINDOW_ROWS = 50_000
# Of a long text the start says enough.
_MAX_CHARACTERS = 2_000
_UNKNOWN = "lang is null and detected_lang is null"


def forget_languages(connection: duckdb.DuckDBPyConnection, digest: str) -> bool:
    """Forget what was detected in another way than that of `digest`; whether it was."""
    if read_setting(connection, _SETTING) == digest:
        return False
    with transaction(connection):
        connection.execute("update posts set detected_lang = null where detected_lang is not null")
        write_setting(connection, _SETTING, digest)
    return True


def count_unknown(connection: duckdb.DuckDBPyConnection) -> int:
    """Posts without a language that nobody looked at yet."""
    return count_rows(connection, f"posts where {_UNKNOWN}")


def read_unknown(
    connection: duckdb.DuckDBPyConnection,
) -> Iterator[tuple[tuple[int, int], list[str]]]:
    """The distinct texts of such posts, window by window of the table: (window, texts)."""
    row = first_row(
        connection.execute(f"select min(rowid), max(rowid) from posts where {_UNKNOWN}")
    )
    if row is None or row[0] is None:
        return
    for start in range(row[0], row[1] + 1, _WINDOW_ROWS):
        window = (start, start + _WINDOW_ROWS - 1)
        found = connection.execute(
            f"""
            select distinct left(clean_text, {_MAX_CHARACTERS})
            from posts where rowid between ? and ? and {_UNKNOWN}
            """,
            window,
        ).fetchall()
        if found:
            yield window, [text for (text,) in found]


def store_languages(
    connection: duckdb.DuckDBPyConnection, window: tuple[int, int], languages: Mapping[str, str]
) -> int:
    """Store the languages of the texts of one window, by text; of how many posts."""
    batch = pa.table({"start": list(languages), "code": list(languages.values())})
    connection.register("language_batch", batch)
    try:
        row = first_row(
            connection.execute(
                f"""
            update posts set detected_lang = found.code
            from language_batch as found
            where posts.rowid between ? and ? and posts.lang is null
                and posts.detected_lang is null
                and left(posts.clean_text, {_MAX_CHARACTERS}) = found.start
            """,
                window,
            )
        )
    finally:
        connection.unregister("language_batch")
    return 0 if row is None else int(row[0])
