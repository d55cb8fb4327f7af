"""Prepared pictures whose files are gone: a folder that was cleared, or another `data_dir`."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from analytics.store.transactions import count_rows, transaction

# So many files are all looked for; of more a sample is, and all where one of it is gone.
_MAX_LOOKED_FOR = 20_000
_N_SAMPLED = 200
_BATCH = 10_000
_KEPT = "select distinct path from media where status = 'ok'"


def take_back_lost(connection: duckdb.DuckDBPyConnection, data_dir: Path) -> int:
    """Have pictures prepared, or fetched, again whose small file is gone; how many files.

    A single file of very many may be missed: what is said of its posts then names it.
    """
    if count_rows(connection, f"({_KEPT})") > _MAX_LOOKED_FOR:
        sample = f"from ({_KEPT}) using sample reservoir({_N_SAMPLED} rows) repeatable (0)"
        if not any(_find_lost(connection, sample, data_dir)):
            return 0
    lost = [path for paths in _find_lost(connection, _KEPT, data_dir) for path in paths]
    if not lost:
        return 0
    connection.register("lost_files", pa.table({"path": pa.array(lost, pa.string())}))
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


def _find_lost(
    connection: duckdb.DuckDBPyConnection, query: str, data_dir: Path
) -> Iterator[list[str]]:
    cursor = connection.cursor().execute(query)
    while rows := cursor.fetchmany(_BATCH):
        if lost := [path for (path,) in rows if path and not (data_dir / path).is_file()]:
            yield lost
