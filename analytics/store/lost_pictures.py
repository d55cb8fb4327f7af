"""Prepared pictures that are gone (a cleared folder, another `data_dir`) or damaged."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import pyarrow as pa

from analytics.contract.errors import EngineError
from analytics.contract.images import is_whole_picture
from analytics.contract.rendering import read_picture
from analytics.store.transactions import count_rows, transaction

# So many files are all looked at; of more a sample is, and all where one of it is lost.
_MAX_LOOKED_FOR = 20_000
_N_SAMPLED = 200
_BATCH = 10_000
_KEPT = "select distinct path from media where status = 'ok'"
# Of posts that an engine refused for their picture.
_REFUSED = f"""
    with refused as (select raw from rejects where stage = 'infer' and contains(reason, 'picture')),
        posts_refused as (
            select post_id from posts where post_id || ' ' in (select raw from refused)
            union all
            select post_id from aspects
            where post_id || ' ' || aspect in (select raw from refused)
        )
    {_KEPT} and post_id in (select post_id from posts_refused)
"""


def take_back_lost(connection: duckdb.DuckDBPyConnection, data_dir: Path) -> int:
    """Have pictures prepared, or fetched, again whose small file is gone or damaged; how many.

    A single file of very many may be missed: engines then refuse it, and the reject of its
    post leads here the next time.
    """
    lost = set(_find(connection, _REFUSED, data_dir, _can_be_read))
    sample = f"from ({_KEPT}) using sample reservoir({_N_SAMPLED} rows) repeatable (0)"
    if count_rows(connection, f"({_KEPT})") <= _MAX_LOOKED_FOR or any(
        _find(connection, sample, data_dir, is_whole_picture)
    ):
        lost.update(_find(connection, _KEPT, data_dir, is_whole_picture))
    if not lost:
        return 0
    for path in lost:
        with suppress(OSError):  # a damaged one might be taken for one that was prepared
            (data_dir / path).unlink(missing_ok=True)
    connection.register("lost_files", pa.table({"path": pa.array(sorted(lost), pa.string())}))
    try:
        with transaction(connection):
            connection.execute("delete from fetches where path in (select path from lost_files)")
            connection.execute(
                "update media set status = if(source_path is null, 'not_fetched', 'pending')"
                " where status = 'ok' and path in (select path from lost_files)"
            )
    finally:
        connection.unregister("lost_files")
    return len(lost)


def _find(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    data_dir: Path,
    is_good: Callable[[Path], bool],
) -> Iterator[str]:
    """The paths of a query whose files are not good."""
    cursor = connection.cursor().execute(query)
    while rows := cursor.fetchmany(_BATCH):
        yield from (path for (path,) in rows if path and not is_good(data_dir / path))


def _can_be_read(path: Path) -> bool:
    try:
        read_picture(path)
    except EngineError:
        return False
    return True
