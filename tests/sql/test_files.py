"""The SQL files keep the house's form."""

import re

import duckdb
import pytest

from analytics.store.sql_files import SqlFile, build_marts, load_sql_files, purpose_of
from tests.scripted import Listening

_RANGES = {"schema": (1, 99), "models": (100, 199), "marts": (200, 299), "checks": (900, 999)}
_FILES = {
    f"{file.number}_{file.name}": (kind, file)
    for kind in ("models", "marts", "checks")
    for file in load_sql_files(kind)
}


@pytest.mark.parametrize("name", _FILES)
def test_file_has_a_head_and_one_select(name: str) -> None:
    kind, file = _FILES[name]
    lines = file.text.splitlines()
    low, high = _RANGES[kind]

    assert low <= file.number <= high
    assert lines[0].startswith("-- grain: one row")
    assert lines[1].startswith("-- reads: ")
    assert purpose_of(file).endswith(".")
    assert lines[-1] == "select * from final"
    assert max(map(len, lines)) <= 80
    assert ";" not in _code(file)
    words = re.sub("'[^']*'", "", _code(file))
    assert words == words.lower()


def test_numbers_are_unique() -> None:
    numbers = [file.number for kind in _RANGES for file in load_sql_files(kind)]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("name", _FILES)
def test_head_names_what_is_read(name: str, connection: duckdb.DuckDBPyConnection) -> None:
    _, file = _FILES[name]
    build_marts(connection)
    tables = {
        row[0] for row in connection.execute("select table_name from duckdb_tables").fetchall()
    }
    views = {row[0] for row in connection.execute("select view_name from duckdb_views").fetchall()}
    named = file.text.splitlines()[1].removeprefix("-- reads: ").split(", ")
    read = set(re.findall(r"\b(?:from|join)\s+(\w+)", _code(file))) & (tables | views)

    assert read == set(named)


def test_views_are_not_made_again_with_each_mart(connection: duckdb.DuckDBPyConnection) -> None:
    listening = Listening(connection)
    build_marts(listening)  # type: ignore[arg-type]
    made = [statement for statement in listening.statements if statement.startswith("create")]

    kept = [file for file in load_sql_files("models") if file.is_kept]
    assert len(made) == len(load_sql_files("marts")) + len(kept)
    assert not any("view" in statement.split(" as ")[0] for statement in made)


def _code(file: SqlFile) -> str:
    return "\n".join(line for line in file.text.splitlines() if not line.startswith("--"))
