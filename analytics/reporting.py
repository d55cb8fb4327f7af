"""Makes the report of what was published last, or the tables behind it."""

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from analytics.config.settings import Config
from analytics.contract.errors import StoreError
from analytics.store.transactions import first_row
from analytics.store.warehouse import open_reader
from reports.build import build_report, write_report
from reports.export import write_tables
from reports.scope import Scope


def make_report(
    config: Config,
    path: Path | None = None,
    *,
    since: date | None = None,
    until: date | None = None,
    aspect: str | None = None,
    compares: bool = False,
    format_name: str = "html",
) -> Path:
    """Write the report of the published snapshot, or its tables; where it is.

    `since` to `until` are its days, both included; `compares` sets them against the span of the
    same length before.

    Raises:
        AnalyticsError: `until` is before `since`.
        StoreError: nothing was published, the marts are of an older version, or the place
            cannot be written or holds files of others.
    """
    scope = Scope(since=since, until=until, aspect=aspect, compares=compares)
    target = path or _default_path(config.report.path, format_name)
    _check_kind(target, format_name)
    with open_reader(config.warehouse.path, memory_mb=config.warehouse.memory_mb) as connection:
        try:
            if format_name != "html":
                return write_tables(
                    connection,
                    target,
                    format_name=format_name,
                    max_posts=config.report.max_posts,
                    scope=scope,
                )
            html = build_report(
                connection,
                data_dir=config.warehouse.data_dir,
                title=config.report.title,
                generated_at=_last_run_at(connection),
                max_posts=config.report.max_posts,
                scope=scope,
            )
            write_report(html, target)
        except (OSError, duckdb.IOException) as exc:
            raise StoreError(
                f"{target}: the report cannot be written: {_say_reason(exc)}."
                " Give another place by [report] path, or by --output of `analytics report`."
            ) from exc
    return target


def _default_path(report: Path, format_name: str) -> Path:
    """`report.html`, `report.json`, or the folder `report-csv`, all beside the report."""
    if format_name == "html":
        return report
    if format_name == "json":
        return report.with_suffix(".json")
    return report.with_name(f"{report.stem}-{format_name}")


def _check_kind(target: Path, format_name: str) -> None:
    """Refuse a file where a folder is to be, and a folder where a file is to be."""
    is_folder = format_name in ("csv", "parquet")
    if is_folder and target.exists() and not target.is_dir():
        raise StoreError(
            f"{target}: is a file, and --format {format_name} writes a folder. Give another"
            " --output."
        )
    if not is_folder and target.is_dir():
        what = "the report is one file" if format_name == "html" else "--format json writes a file"
        raise StoreError(
            f"{target}: is a folder, and {what}. Give a file, e.g."
            f" {target / f'report.{format_name}'}."
        )


def _say_reason(exc: OSError | duckdb.Error) -> str:
    if not isinstance(exc, OSError) or not exc.strerror:
        return str(exc)
    # What is in the way may be a folder above the file.
    return f"{exc.filename}: {exc.strerror}" if exc.filename else exc.strerror


def _last_run_at(connection: duckdb.DuckDBPyConnection) -> datetime:
    """When the newest data was made, so that the same data gives the same report."""
    row = first_row(connection.execute("select max(coalesce(ended_at, started_at)) from runs"))
    if row is None or row[0] is None:
        return datetime.now(UTC)
    moment: datetime = row[0]
    return moment.astimezone(UTC)
