"""Fixtures that many tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from analytics.store.migrations import migrate

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED_DATA = REPOSITORY.parent / "shared" / "data"


def pytest_addoption(parser: pytest.Parser) -> None:
    """--update-golden writes the golden files anew, to be read in review."""
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the user's reaches a test, and no test touches the user's key."""
    for name in os.environ:
        if name.startswith("ANALYTICS_") and name != "ANALYTICS_CACHE_DIR":
            monkeypatch.delenv(name)
    monkeypatch.setenv("ANALYTICS_AUTHOR_KEY_FILE", str(tmp_path / "author.key"))


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty, migrated warehouse in memory."""
    opened = duckdb.connect()
    opened.execute("set TimeZone = 'UTC'")
    migrate(opened)
    yield opened
    opened.close()
