"""Writes the tables behind the figures of the report as files: Parquet, CSV or JSON."""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from analytics.contract.errors import StoreError
from reports.reading import fetch, read_report_data
from reports.scope import Scope, quote

_QUERIES = "queries.sql"
_TABLE = re.compile(r"^-- (\w+)\n(?:select|with)\b", re.MULTILINE)


def write_tables(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    *,
    format_name: str,
    max_posts: int,
    scope: Scope,
) -> Path:
    """Write the tables behind the figures; where they are.

    `csv` and `parquet` make a folder with a file for each table and `queries.sql`, `json` one
    file: `{"scope": {...}, "tables": {NAME: {"sql": ..., "rows": [{...}]}}}`. The same data give
    the same bytes. Tables of an earlier report that this one does not have go from the folder.

    Raises:
        StoreError: the marts are missing or of an older version, or the folder has files of
            the same names that no report wrote.
    """
    queries = read_report_data(connection, max_posts=max_posts, scope=scope).sql
    if format_name == "json":
        path.parent.mkdir(parents=True, exist_ok=True)
        tables = {
            name: {"sql": sql, "rows": fetch(connection, sql)} for name, sql in queries.items()
        }
        value = {"scope": _describe(scope), "tables": tables}
        with _replacing(path) as temporary:
            text = json.dumps(value, ensure_ascii=False, indent=1, default=_plain)
            temporary.write_text(text + "\n", encoding="utf-8")
        return path
    path.mkdir(parents=True, exist_ok=True)
    _clear(path, format_name, queries)
    # First, as it says whose folder this is, should the rest fail.
    with _replacing(path / _QUERIES) as temporary:
        text = "\n\n".join(f"-- {name}\n{sql};" for name, sql in queries.items())
        temporary.write_text(text + "\n", encoding="utf-8")
    options = "format csv, header" if format_name == "csv" else "format parquet"
    for name, sql in queries.items():
        with _replacing(path / f"{name}.{format_name}") as temporary:
            connection.execute(f"copy (\n{sql}\n) to {quote(str(temporary))} ({options})")
    return path


def _clear(folder: Path, format_name: str, names: Iterable[str]) -> None:
    """Remove what a report before wrote and this one does not; touch nothing else.

    A dump may well be called posts.csv: without queries.sql such files are somebody's own.
    """
    written = folder / _QUERIES
    if written.exists():
        before = re.findall(_TABLE, written.read_text(encoding="utf-8"))
        for name in {*before} - {*names}:
            (folder / f"{name}.{format_name}").unlink(missing_ok=True)
        return
    for name in names:
        if (file := folder / f"{name}.{format_name}").exists():
            raise StoreError(
                f"{file}: is no table of an earlier report (there is no {_QUERIES} beside it) and"
                " would be written over. Give another folder by --output."
            )


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A file to write, which takes the place of `path` when it is whole."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _describe(scope: Scope) -> Mapping[str, Any]:
    return {
        "since": scope.since,
        "until": scope.until,
        "aspect": scope.aspect,
        "compare": "previous" if scope.compares else None,
    }


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)
