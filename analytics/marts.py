"""Builds the marts with the settings that they are made with, and checks them."""

import logging

import duckdb

from analytics.config.settings import Config
from analytics.store.settings import write_setting
from analytics.store.sql_files import CheckResult, build_marts, run_checks
from analytics.trends import build_trends

logger = logging.getLogger(__name__)


def make_marts(
    connection: duckdb.DuckDBPyConnection, config: Config
) -> tuple[dict[str, int], list[CheckResult]]:
    """Rebuild the marts and run the checks.

    Returns the row count of each mart and table of estimates, and the checks that failed,
    which are logged as well.
    """
    counts = rebuild_marts(connection, config)
    failed = [check for check in run_checks(connection) if check.count_rows]
    for check in failed:
        logger.error(
            "check %s failed with %d rows (%s) e.g. %s",
            check.name,
            check.count_rows,
            check.purpose,
            check.example,
        )
    return counts, failed


def rebuild_marts(connection: duckdb.DuckDBPyConnection, config: Config) -> dict[str, int]:
    """Write the settings that SQL reads, build the marts and the estimates; the row counts."""
    write_mart_settings(connection, config)
    return build_marts(connection) | build_trends(connection)


def write_mart_settings(connection: duckdb.DuckDBPyConnection, config: Config) -> None:
    """Put into the table `settings` what marts and checks read there, as text."""
    checks = config.checks
    for key, value in (
        ("time_zone", config.report.time_zone),
        ("min_coverage", checks.min_coverage),
        ("volume_weeks", checks.volume_weeks),
        ("min_volume", checks.min_volume),
        ("max_volume", checks.max_volume),
        ("min_weekly_posts", checks.min_weekly_posts),
    ):
        write_setting(connection, key, str(value))
