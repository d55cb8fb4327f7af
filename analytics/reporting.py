"""Makes the report of what was published last."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from analytics.config.settings import Config
from analytics.contract.errors import StoreError
from analytics.store.transactions import first_row
from analytics.store.warehouse import open_reader
from reports.build import build_report, write_report


def make_report(config: Config, path: Path | None = None) -> Path:
    """Write the report of the published snapshot; its path."""
    target = path or config.report.path
    with open_reader(config.warehouse.path, memory_mb=config.warehouse.memory_mb) as connection:
        html = build_report(
            connection,
            data_dir=config.warehouse.data_dir,
            title=config.report.title,
            generated_at=_last_run_at(connection),
            max_posts=config.report.max_posts,
        )
    try:
        write_report(html, target)
    except OSError as exc:
        raise StoreError(
            f"{target}: the report cannot be written: {exc.strerror or exc}."
            " Set [report] path to a folder that can be written."
        ) from exc
    return target


def _last_run_at(connection: duckdb.DuckDBPyConnection) -> datetime:
    """When the newest data was made, so that the same data gives the same report."""
    row = first_row(connection.execute("select max(coalesce(ended_at, started_at)) from runs"))
    if row is None or row[0] is None:
        return datetime.now(UTC)
    moment: datetime = row[0]
    return moment.astimezone(UTC)
