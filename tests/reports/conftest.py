"""Fixtures of the report's tests."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from reports.build import build_report
from tests.reports.databases import make_two_weeks

GENERATED_AT = datetime(2026, 3, 15, 8, 0, tzinfo=UTC)

Build = Callable[..., str]


@pytest.fixture(scope="session")
def two_weeks(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report of two weeks of posts."""
    data_dir = tmp_path_factory.mktemp("two-weeks")
    with make_two_weeks(data_dir) as connection:
        return build_report(
            connection, data_dir=data_dir, title="City talk", generated_at=GENERATED_AT
        )


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Builds a report of a database with fixed settings."""

    def build_one(connection: duckdb.DuckDBPyConnection, **settings: object) -> str:
        values = {"data_dir": tmp_path, "title": "City talk", "generated_at": GENERATED_AT}
        return build_report(connection, **(values | settings))  # type: ignore[arg-type]

    return build_one
