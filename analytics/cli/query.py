"""The commands that read: sql and status."""

import csv
import json
import math
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import click

from analytics.cli.common import common_options, echo_json
from analytics.contract.errors import AnalyticsError, StoreError

_FETCH = 10_000
_TABLE_ROWS = 200
_PIPE_COLUMNS = 250


@click.command(epilog='Example: analytics sql "from daily_sentiment" --format csv > daily.csv')
@click.argument("query")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["table", "csv", "json", "parquet"]),
    help="[default: table; with --output, by its ending]",
)
@click.option("--output", type=click.Path(path_type=Path), help="Write here, not to stdout.")
@common_options
def sql(
    config_path: Path | None,
    as_json: bool,
    query: str,
    format_name: str | None,
    output: Path | None,
) -> None:
    """Run a QUERY (DuckDB SQL) on the last published results.

    One query; statements that give no rows (set, attach ...) may stand before it.
    The tables: posts, media, aspects, predictions, rejects, runs, gold, and the
    marts daily_sentiment, aspect_daily, top_posts, conflicts, model_quality.
    """
    import duckdb

    from analytics.config.loading import load_config
    from analytics.store.warehouse import open_reader

    format_name = _choose_format(format_name, output, as_json)
    config = load_config(config_path)
    with open_reader(config.warehouse.path, memory_mb=config.warehouse.memory_mb) as connection:
        try:
            query = _run_up_to_last(connection, query)
            if format_name == "parquet":
                _write_parquet(connection, query, output)
                return
            cursor = connection.execute(query)
            if format_name == "table":
                _write_table(cursor, output)
            else:
                _write_rows(cursor, format_name, output)
        except duckdb.OutOfMemoryException:  # told by the reader, with the setting
            raise
        except duckdb.Error as exc:
            raise AnalyticsError(f"the query failed: {exc}{_hint_at_marts(exc)}") from exc


@click.command(epilog="Example: analytics status --json")
@common_options
def status(config_path: Path | None, as_json: bool) -> None:
    """Show the last runs, what is stored, and who is writing now."""
    from analytics.config.loading import load_config
    from analytics.store.status import read_status

    config = load_config(config_path)
    found = read_status(config.warehouse.path)
    if as_json:
        echo_json(found)
        return
    click.echo(f"Warehouse: {found['warehouse']}")
    click.echo(f"Snapshot:  {found['snapshot']} ({found['snapshot_at'] or 'none yet'})")
    holder = found["writer"]
    click.echo(
        f"Writing now: pid {holder['pid']}, `analytics {holder['command']}`"
        if holder
        else "Writing now: nobody"
    )
    if found["read_from"] is not None and found["read_from"] != found["warehouse"]:
        click.echo("As in the snapshot; the warehouse itself cannot be read now:")
    for name, n in found["rows"].items():
        click.echo(f"  {name:<12} {n:>12,}")
    for run in found["runs"]:
        share = run["share_engine"]
        click.echo(
            f"{run['started_at']}  {run['command']:<8} {run['status']:<16}"
            f" {run['count_stored']:>8} stored {run['count_engine_labels']:>8} labels"
            f" {run['count_rejects']:>6} rejects"
            + (f", {share:.1%} of {run['infer_s']:.0f} s in the engine" if share else "")
            + (f"\n    {run['error']}" if run["error"] else "")
        )


def _hint_at_marts(exc: Exception) -> str:
    """What to do when a query names a mart that was not built yet."""
    from analytics.store.sql_files import load_sql_files

    named = re.search(r"Table with name (\w+) does not exist", str(exc))
    if named is None or named[1] not in {file.name for file in load_sql_files("marts")}:
        return ""
    return f"\n{named[1]} is made by `analytics marts` (or `analytics run`)."


def _run_up_to_last(connection: Any, query: str) -> str:
    """Run the statements before the last, which must give no rows; the last."""
    from duckdb import ExpectedResultType

    statements = connection.extract_statements(query)
    if not statements:
        raise click.UsageError("the query is empty")
    *before, last = statements
    for statement in before:
        if ExpectedResultType.NOTHING not in statement.expected_result_type:
            raise click.UsageError(
                f"{len(statements)} statements, and the result of the last alone would show:"
                " give one query at a time"
            )
        connection.execute(statement)
    return str(last.query)


def _choose_format(format_name: str | None, output: Path | None, as_json: bool) -> str:
    endings = {".csv": "csv", ".json": "json", ".parquet": "parquet"}
    ending = endings.get(output.suffix.lower()) if output else None
    if as_json:
        wanted = format_name or ending or "json"
        if wanted != "json":
            named = f"--format {wanted}" if format_name else f"--output {output}"
            raise click.UsageError(f"--json and {named} do not go together: leave one out")
        return "json"
    if format_name is None:
        if output is not None and output.suffix and ending is None:
            raise click.UsageError(
                f"--output {output}: the ending names none of {', '.join(endings)}. Give one of"
                " them, or --format"
            )
        format_name = ending or "table"
    if format_name == "parquet" and output is None:
        raise click.UsageError("--format parquet needs --output FILE")
    return format_name


def _write_parquet(connection: Any, query: str, output: Path | None) -> None:
    name = str(output).replace("'", "''")
    body = query.strip().rstrip(";")
    connection.execute(f"copy (\n{body}\n) to '{name}' (format parquet)")


def _write_table(cursor: Any, output: Path | None) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    rows = cursor.fetchmany(_TABLE_ROWS + 1)
    names = [column[0] for column in cursor.description or []]
    table = Table(show_lines=False)
    for name in names:
        table.add_column(Text(name), overflow="fold")
    for row in rows[:_TABLE_ROWS]:
        # Text, not markup: a post may hold [bold] or control characters.
        table.add_row(*(Text(_printable(value)) for value in row))
    with _target(output) as file:
        console = Console(file=file, width=None if file.isatty() else _PIPE_COLUMNS)
        console.print(table)
        if len(rows) > _TABLE_ROWS:
            console.print(
                f"The first {_TABLE_ROWS} rows. All of them: --format csv|json|parquet, or a limit."
            )


def _write_rows(cursor: Any, format_name: str, output: Path | None) -> None:
    names = _distinct([column[0] for column in cursor.description or []])
    with _target(output) as file:
        if format_name == "csv":
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(names)
            while rows := cursor.fetchmany(_FETCH):
                writer.writerows([_plain(value) for value in row] for row in rows)
            return
        # One array, written row by row: memory does not grow with the result.
        separator = "[\n"
        while rows := cursor.fetchmany(_FETCH):
            for row in rows:
                entry = dict(zip(names, map(_json_value, row), strict=True))
                file.write(separator + json.dumps(entry, ensure_ascii=False))
                separator = ",\n"
        file.write("[]\n" if separator == "[\n" else "\n]\n")


class _target:
    """Stdout, or a file that is closed at the end."""

    def __init__(self, output: Path | None) -> None:
        self._output = output
        self._file: IO[str] = sys.stdout

    def __enter__(self) -> IO[str]:
        if self._output is not None:
            try:
                self._file = self._output.open("w", encoding="utf-8", newline="")
            except OSError as exc:
                raise StoreError(f"{self._output}: cannot be written: {exc.strerror}") from exc
        return self._file

    def __exit__(self, *args: object) -> None:
        if self._output is not None:
            self._file.close()
        else:
            self._file.flush()


def _distinct(names: list[str]) -> list[str]:
    """Column names with a number behind those that were there before."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return found


def _plain(value: Any) -> Any:
    value = _json_value(value)
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else value


def _json_value(value: Any) -> Any:
    """A value as JSON can hold it: no NaN, decimals as numbers, times in ISO 8601."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (int, float, str, bool)):
        return value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (list, tuple)):
        return [_json_value(entry) for entry in value]
    if isinstance(value, dict):
        return {str(key): _json_value(entry) for key, entry in value.items()}
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _printable(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    text = value.isoformat(sep=" ") if hasattr(value, "tzinfo") else str(value)
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)
