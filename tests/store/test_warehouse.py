import os
import random
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from analytics.contract.errors import StoreError, WarehouseBusyError
from analytics.contract.records import Media
from analytics.store import warehouse as module
from analytics.store.lock import read_holder
from analytics.store.migrations import migrate
from analytics.store.sql_files import build_marts
from analytics.store.warehouse import open_reader, open_writer, snapshot_path
from tests.scripted import make_post, rows, scalar, store_posts

HOLDER = """
import sys, time
from pathlib import Path
from analytics.store.warehouse import open_writer
with open_writer(Path(sys.argv[1]), "infer"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_second_writer_is_told_the_pid_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(WarehouseBusyError, match=rf"pid {holder.pid}, `analytics infer`"),
            open_writer(path, "run"),
        ):
            pass
        holder.kill()
    # The kernel freed the lock with the process: the next writer goes on.
    with open_writer(path, "run"):
        assert read_holder(path.with_name("w.duckdb.lock"))["pid"] == os.getpid()
    assert read_holder(path.with_name("w.duckdb.lock")) == {}


def test_reader_sees_the_last_published_state(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with open_writer(path, "run") as connection:
        connection.execute(
            "insert into tombstones (kind, key, forgotten_at) values ('post', 'a', now())"
        )
    with open_writer(path, "run") as connection:
        connection.execute(
            "insert into tombstones (kind, key, forgotten_at) values ('post', 'b', now())"
        )
        with open_reader(path) as reader:
            assert scalar(reader, "select count(*) from tombstones") == 1
    with open_reader(path) as reader:
        assert scalar(reader, "select count(*) from tombstones") == 2


def test_open_reader_keeps_its_state_while_the_snapshot_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with open_writer(path, "run"):
        pass
    with open_reader(path) as reader:
        with open_writer(path, "run") as connection:
            connection.execute(
                "insert into tombstones (kind, key, forgotten_at) values ('post', 'a', now())"
            )
        assert scalar(reader, "select count(*) from tombstones") == 0


def test_reader_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with open_writer(path, "run"):
        pass
    with open_reader(path) as reader, pytest.raises(duckdb.Error, match="read-only"):
        reader.execute("delete from posts")


def test_failed_writer_publishes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with pytest.raises(RuntimeError), open_writer(path, "run"):
        raise RuntimeError
    assert not snapshot_path(path).exists()
    with pytest.raises(StoreError, match="no results yet"), open_reader(path):
        pass


SECRET = "Seldom-Heard-Words-0123456789-of-one-author-alone"


def _count_bytes(folder: Path, text: str) -> dict[str, int]:
    """How often a text stands in the bytes of each file that holds it."""
    found = {path.name: path.read_bytes().count(text.encode()) for path in folder.iterdir()}
    return {name: n for name, n in found.items() if n}


def _fill(path: Path) -> None:
    letters = random.Random(0)
    words = ["".join(letters.choices("abcdefghijklmnopqrst", k=7)) for _ in range(300)]
    posts = [make_post(str(i), f"{word} number {i}") for i, word in enumerate(words)]
    with open_writer(path, "ingest") as connection:
        store_posts(connection, [*posts, make_post("secret", SECRET)])
        build_marts(connection)


def test_rewrite_leaves_no_byte_of_deleted_rows(tmp_path: Path) -> None:
    path = tmp_path / "it's a name.duckdb"
    _fill(path)
    assert set(_count_bytes(tmp_path, SECRET)) == {path.name, snapshot_path(path).name}
    with open_writer(path, "forget", rewrites=True) as connection:
        connection.execute("delete from posts where post_id = 'test:secret'")
        build_marts(connection)
    assert _count_bytes(tmp_path, SECRET) == {}


def test_rewrite_keeps_rows_views_and_constraints(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    described = (
        "select table_name, sql from duckdb_tables() order by all",
        "select view_name, sql from duckdb_views() where not internal order by all",
        "select table_name, constraint_text from duckdb_constraints() order by all",
        "select type_name, labels from duckdb_types() where not internal order by all",
        "from posts",
        "from source_files",
        "select * from top_posts",
        "from int_items order by all",
    )
    _fill(path)
    results = []
    for rewrites in (False, True):
        with open_writer(path, "test", rewrites=rewrites) as connection:
            results.append([rows(connection, query) for query in described])
    with open_reader(path) as connection:
        results.append([rows(connection, query) for query in described])
    assert results[0] == results[1] == results[2]
    assert all(results[0])
    with open_writer(path, "run") as connection:
        assert migrate(connection) == []


def test_rewrite_that_fails_keeps_the_warehouse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "w.duckdb"
    _fill(path)

    def fail(path: Path) -> None:
        raise OSError(28, "No space left on device")

    with open_writer(path, "marts", publishes=False) as connection:
        connection.execute("drop table top_posts")
    monkeypatch.setattr(module, "_sync", fail)
    with (
        pytest.raises(StoreError, match=r"may still be in the file.*No space left"),
        open_writer(path, "forget", rewrites=True) as connection,
    ):
        connection.execute("delete from posts where post_id = 'test:secret'")
    assert len(list(tmp_path.iterdir())) == 3
    monkeypatch.undo()
    with open_writer(path, "forget", rewrites=True) as connection:
        assert scalar(connection, "select count(*) from posts") == 300
    assert _count_bytes(tmp_path, SECRET) == {}


def test_full_disk_keeps_the_old_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "w.duckdb"
    with open_writer(path, "run"):
        pass
    before = snapshot_path(path).read_bytes()

    def fail(source: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_copy", fail)
    with pytest.raises(StoreError, match="No space left"), open_writer(path, "run"):
        pass
    assert snapshot_path(path).read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "w.duckdb",
        "w.duckdb.lock",
        "w.snapshot.duckdb",
    ]


def test_file_that_is_no_warehouse_is_named(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreError, match=re.escape(str(path))), open_writer(path, "run"):
        pass


@pytest.mark.parametrize("name", ["posts", "sales"])
@pytest.mark.parametrize("kind", ["table", "view"])
def test_database_of_another_program_is_refused_and_left_alone(
    tmp_path: Path, name: str, kind: str
) -> None:
    path = tmp_path / "w.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute(f"create {kind} {name} as select 1 as n")
    with (
        pytest.raises(
            StoreError, match=rf"w\.duckdb: not a warehouse of .* it holds main\.{name},"
        ),
        open_writer(path, "run"),
    ):
        pass
    with duckdb.connect(path) as connection:
        assert rows(connection, f"from {name}") == [(1,)]
        assert rows(connection, "select table_name from information_schema.tables") == [(name,)]


def test_empty_database_becomes_a_warehouse(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    duckdb.connect(path).close()
    with open_writer(path, "run") as connection:
        assert rows(connection, "from posts") == []


def test_folder_that_cannot_be_made_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with (
        pytest.raises(StoreError, match="file"),
        open_writer(tmp_path / "file" / "w.duckdb", "run"),
    ):
        pass


def test_migrations_are_applied_once(connection: duckdb.DuckDBPyConnection) -> None:
    assert migrate(connection) == []
    assert scalar(connection, "select count(*) from schema_migrations") >= 14


def test_pictures_of_an_older_warehouse_get_the_folder_of_their_dump(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with open_writer(path, "ingest") as connection:
        picture = Media(kind="image", source_path=tmp_path / "a.png")
        store_posts(connection, [make_post("1", media=(picture,))], name="/dumps/x/posts.csv")
        store_posts(connection, [make_post("2", media=(picture,))], name="posts.csv")
        # As the warehouse was before the migration.
        connection.execute("alter table media drop column source_folder")
        connection.execute("delete from schema_migrations where number = 15")
    with open_writer(path, "ingest") as connection:
        assert rows(connection, "select post_id, source_folder from media order by all") == [
            ("test:1", "/dumps/x"),
            ("test:2", None),
        ]


def test_posts_of_an_older_warehouse_are_written_anew_and_stay(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    stored = "select * from posts order by post_id"
    declared = "select sql from duckdb_tables() where table_name = 'posts'"
    with open_writer(path, "ingest") as connection:
        store_posts(connection, [make_post(str(n)) for n in range(20)], name="posts.csv")
        before = rows(connection, stored)
        # As the warehouse was before the migration.
        connection.execute("create table older as from posts")
        connection.execute("drop table posts")
        connection.execute("alter table older rename to posts")
        connection.execute("delete from schema_migrations where number = 32")
        assert "ZSTD" not in scalar(connection, declared)
    with open_writer(path, "ingest") as connection:
        assert rows(connection, stored) == before
        assert scalar(connection, declared).count("ZSTD") == 2


def test_warehouse_of_a_newer_version_is_refused(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("insert into schema_migrations values (999, 'future', 'x', now())")
    with pytest.raises(StoreError, match="newer version"):
        migrate(connection)


def test_changed_migration_is_refused(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("update schema_migrations set sha256 = 'x' where number = 5")
    with pytest.raises(StoreError, match="005_posts differs"):
        migrate(connection)
