"""A small project, and how its commands are run and its tables read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
from click.testing import CliRunner, Result

from analytics.cli import cli
from analytics.config.loading import load_config
from analytics.contract.engine import Engine
from analytics.infer import InferSettings, infer
from analytics.store.warehouse import open_writer
from tests.scripted import ScriptedEngine, new_run

CONFIG = """
[[sources]]
path = "posts.csv"
platform = "test"

[[aspects]]
name = "tram"
"""
POSTS = """id,text,created_at,likes
1,The tram is late,2026-03-02T10:00:00Z,3
2,"I love, love the tram",2026-03-03T10:00:00Z,5
3,nothing,9999-01-01T00:00:00Z,1
"""


def rows_of(project: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(project / "warehouse.duckdb", read_only=True) as connection:
        return connection.execute(query).fetchall()


def run(*arguments: str, **kwargs: Any) -> Result:
    return CliRunner().invoke(cli, arguments, catch_exceptions=True, **kwargs)


def judge(project: Path, engine: Callable[[], Engine] = ScriptedEngine) -> None:
    """Give each item what a scripted engine says, as `analytics infer` would; then marts."""
    config = load_config(None)
    with open_writer(config.warehouse.path, "infer", creates=False) as connection:
        settings = InferSettings(model_id="m", result_digest="r", data_dir=project / "data")
        infer(connection, engine, new_run(connection), settings)
    assert run("marts").exit_code == 0
