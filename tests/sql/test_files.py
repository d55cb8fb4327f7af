"""The SQL files keep the house's form."""

import re

import duckdb
import pytest

from analytics.store.sql_files import SqlFile, build_marts, load_sql_files
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
    assert file.purpose.endswith(".")
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
    inner = set(re.findall(r"\b(\w+) as (?:materialized )?\(", _code(file)))
    assert not inner & (tables | views), "a CTE hides what it is named like"
    read = set(re.findall(r"\b(?:from|join)\s+(\w+)", _code(file))) & (tables | views)

    assert read == set(file.reads)


@pytest.mark.parametrize("name", _FILES)
def test_file_reads_only_what_is_made_before_it(name: str) -> None:
    kind, file = _FILES[name]
    numbers = {made.name: made.number for each in _RANGES for made in load_sql_files(each)}
    for read in file.reads:
        # Tables of the schema may be several to a file, and are all there before.
        assert numbers.get(read, 0) < file.number
    if kind == "models" and not file.is_kept:
        # A view outlives the tables that are kept while marts are built.
        kept = {model.name for model in load_sql_files("models") if model.is_kept}
        assert not kept & set(file.reads)


def test_long_list_of_reads_goes_on_in_the_next_line() -> None:
    text = "-- grain: one row\n-- reads: a, b,\n-- c\n-- kept: so\n-- It is\n-- for this.\nselect 1"
    file = SqlFile(number=1, name="one", text=text)

    assert file.reads == ("a", "b", "c")
    assert file.purpose == "It is for this."
    assert file.is_kept


def test_views_are_not_made_again_with_each_mart(connection: duckdb.DuckDBPyConnection) -> None:
    listening = Listening(connection)
    build_marts(listening)  # type: ignore[arg-type]
    made = [statement for statement in listening.statements if statement.startswith("create")]

    kept = [file for file in load_sql_files("models") if file.is_kept]
    assert len(made) == len(load_sql_files("marts")) + len(kept)
    assert not any("view" in statement.split(" as ")[0] for statement in made)


def _code(file: SqlFile) -> str:
    return "\n".join(line for line in file.text.splitlines() if not line.lstrip().startswith("--"))
