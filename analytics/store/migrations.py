"""Numbered, append-only migrations: the files of `sql/schema`."""

import hashlib

import duckdb

from analytics.contract.errors import StoreError
from analytics.store.sql_files import load_sql_files
from analytics.store.transactions import transaction

_LEDGER = """
create table if not exists schema_migrations (
    number integer not null primary key,
    name varchar not null,
    sha256 varchar not null,
    applied_at timestamptz not null default current_timestamp,
)
"""


def migrate(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Apply the migrations that this warehouse lacks; the names applied.

    Raises:
        StoreError: the file is another program's, the warehouse was made by a newer
            version, or an applied migration was changed since.
    """
    _refuse_foreign(connection)
    connection.execute(_LEDGER)
    rows = connection.execute("select number, name, sha256 from schema_migrations").fetchall()
    applied = {int(number): (str(name), str(sha)) for number, name, sha in rows}
    known = {file.number: file for file in load_sql_files("schema")}
    newer = sorted(set(applied) - set(known))
    if newer:
        number = newer[-1]
        raise StoreError(
            f"the warehouse has migration {number:03d}_{applied[number][0]}, which this version"
            " does not know: it was written by a newer version. Upgrade this installation."
        )
    done = []
    for number, file in known.items():
        sha = hashlib.sha256(file.text.encode()).hexdigest()
        if number in applied:
            if applied[number][1] != sha:
                raise StoreError(
                    f"migration {number:03d}_{file.name} differs from the one this warehouse was"
                    " made with. Applied migrations never change: reinstall, or restore the file."
                )
            continue
        with transaction(connection):
            connection.execute(file.text)
            connection.execute(
                "insert into schema_migrations (number, name, sha256) values (?, ?, ?)",
                [number, file.name, sha],
            )
        done.append(file.name)
    return done


def _refuse_foreign(connection: duckdb.DuckDBPyConnection) -> None:
    """Refuse a database that holds tables or views but no ledger of ours."""
    rows = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables()"
        " where database_name = current_database() and not temporary"
        " union all"
        " select schema_name || '.' || view_name from duckdb_views()"
        " where database_name = current_database() and not internal and not temporary"
        " order by all"
    ).fetchall()
    names = [str(name) for (name,) in rows]
    if names and "main.schema_migrations" not in names:
        shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        raise StoreError(
            f"not a warehouse of this program: it holds {shown}, and no schema_migrations. Set"
            " [warehouse] path to a file of its own."
        )
