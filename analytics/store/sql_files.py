"""Finds and runs the SQL files of `sql/`, in the order of their numbers."""

import itertools
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

import analytics
from analytics.contract.errors import StoreError
from analytics.store.transactions import count_rows, first_row

_FILE_NAME = re.compile(r"^(?P<number>\d{3})_(?P<name>[a-z][a-z0-9_]*)\.sql$")


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlFile:
    """One SQL file: `010_posts.sql` has number 10 and name `posts`."""

    number: int
    name: str
    text: str

    @property
    def reads(self) -> tuple[str, ...]:
        """The tables, views and marts that its head says it reads."""
        names = self._head.partition("reads:")[2].partition("\n")[0]
        return tuple(name.strip() for name in names.split(","))

    @property
    def is_kept(self) -> bool:
        """Whether a model is a temporary table, made once by `build_marts`, and no view."""
        return "\nkept:" in self._head

    @property
    def purpose(self) -> str:
        """The sentences of purpose in its head."""
        lines = self._head.splitlines()
        return " ".join(
            line for line in lines if not line.startswith(("grain:", "reads:", "kept:"))
        )

    @property
    def _head(self) -> str:
        """The comment that it begins with; a line of names that ends in a comma goes on."""
        lines = [
            line.removeprefix("--").strip()
            for line in itertools.takewhile(
                lambda line: line.startswith("--"), self.text.splitlines()
            )
        ]
        text = "\n".join(lines)
        return re.sub(
            r"^reads:(.*,\n)+", lambda found: found[0].replace("\n", " "), text, flags=re.MULTILINE
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """A check and the number of rows it found; none means that it passed."""

    name: str
    purpose: str
    count_rows: int
    example: str


def sql_folder() -> Path:
    """Where the SQL files are: inside the installed package or beside it."""
    package = Path(analytics.__file__).parent
    for folder in (package / "_sql", package.parent / "sql"):
        if folder.is_dir():
            return folder
    raise StoreError(f"no SQL files beside {package}; reinstall the package")


@cache
def load_sql_files(kind: str) -> tuple[SqlFile, ...]:
    """The files of one kind (schema, models, marts, checks) by number."""
    found = []
    for path in sorted((sql_folder() / kind).glob("*.sql")):
        match = _FILE_NAME.match(path.name)
        if match is None:
            raise StoreError(f"{path}: a SQL file is named NNN_name.sql")
        text = path.read_text(encoding="utf-8")
        found.append(SqlFile(number=int(match["number"]), name=match["name"], text=text))
    return tuple(found)


def build_models(connection: duckdb.DuckDBPyConnection) -> None:
    """Make each `sql/models` file a view, but those that are kept as tables."""
    for file in load_sql_files("models"):
        if not file.is_kept:
            connection.execute(f"create or replace view {file.name} as {_select(file)}")


def build_marts(
    connection: duckdb.DuckDBPyConnection, *, only: tuple[str, ...] | None = None
) -> dict[str, int]:
    """Make each `sql/marts` file a table, or only those named; the row count of each.

    The views are there: `open_writer` makes them. The models that are kept as tables are
    made first, unless only some marts are asked for, which then must not read them.
    """
    if only is None:
        for file in load_sql_files("models"):
            if file.is_kept:
                connection.execute(f"create or replace temp table {file.name} as {_select(file)}")
    counts = {}
    for file in load_sql_files("marts"):
        if only is not None and file.name not in only:
            continue
        connection.execute(f"create or replace table {file.name} as {_select(file)}")
        counts[file.name] = count_rows(connection, file.name)
    return counts


def run_checks(connection: duckdb.DuckDBPyConnection) -> list[CheckResult]:
    """Run each `sql/checks` file: a SELECT that must return no rows."""
    results = []
    for file in load_sql_files("checks"):
        # Counted there, not fetched: a check can find as many rows as there are posts.
        count = count_rows(connection, f"({_select(file)})")
        example = ""
        if count:
            cursor = connection.execute(f"select * from ({_select(file)}) limit 1")
            names = [column[0] for column in cursor.description or []]
            pairs = zip(names, first_row(cursor) or (), strict=True)
            example = ", ".join(f"{name} = {value}" for name, value in pairs)
        results.append(
            CheckResult(name=file.name, purpose=file.purpose, count_rows=count, example=example)
        )
    return results


def _select(file: SqlFile) -> str:
    return file.text.strip().removesuffix(";")
