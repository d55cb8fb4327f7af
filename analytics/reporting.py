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
            cannot be written.
    """
    scope = Scope(since=since, until=until, aspect=aspect, compares=compares)
    target = path or _default_path(config.report.path, format_name)
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
            reason = (exc.strerror if isinstance(exc, OSError) else None) or exc
            raise StoreError(
                f"{target}: the report cannot be written: {reason}."
                " Set [report] path to a folder that can be written."
            ) from exc
    return target


def _default_path(report: Path, format_name: str) -> Path:
    """`report.html`, `report.json`, or the folder `report-csv`, all beside the report."""
    if format_name == "html":
        return report
    if format_name == "json":
        return report.with_suffix(".json")
    return report.with_name(f"{report.stem}-{format_name}")


def _last_run_at(connection: duckdb.DuckDBPyConnection) -> datetime:
    """When the newest data was made, so that the same data gives the same report."""
    row = first_row(connection.execute("select max(coalesce(ended_at, started_at)) from runs"))
    if row is None or row[0] is None:
        return datetime.now(UTC)
    moment: datetime = row[0]
    return moment.astimezone(UTC)
