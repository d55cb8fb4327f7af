"""DuckDB within its limit of memory: what it spills, what it leaves, and what it says."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from analytics.contract.errors import StoreError
from analytics.store.connections import clear_spills, connect
from analytics.store.warehouse import open_reader, open_writer
from tests.full_disk import small_files
from tests.scripted import make_post, scalar, store_posts

# Some 100 MB: a table that no limit of 64 MiB holds.
BIG = "create temp table big as select i, hash(i) as a, hash(i + 1) as b from range(4_000_000) t(i)"
# A list is one value, which cannot be spilled in parts.
ONE_VALUE = "select list(hash(i)) from range(30_000_000) t(i)"

READER = """
import sys
from pathlib import Path
from analytics.store.warehouse import open_reader

with open_reader(Path(sys.argv[1]), memory_mb=64) as connection:
    connection.execute(sys.argv[2])
    print("spilled", flush=True)
    input()
    found = connection.execute("select sum(i), count(distinct b) from big").fetchall()
    assert found == [(7_999_998_000_000, 4_000_000)], found
"""


def list_spills(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("*.spill")]


def read_limit_mib(connection: object) -> float:
    text = str(scalar(connection, "select current_setting('memory_limit')"))  # type: ignore[arg-type]
    number, unit = text.split()
    return float(number) * {"MiB": 1, "GiB": 1024}[unit]


def test_limit_is_that_of_the_settings_or_follows_the_cores(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with open_writer(path, "test", memory_mb=300) as connection:
        assert read_limit_mib(connection) == 300
        assert scalar(connection, "select current_setting('threads')") == 1
    with open_reader(path) as connection:
        n_cores = scalar(connection, "select current_setting('threads')")
        assert read_limit_mib(connection) == max(512, 256 * n_cores)


def test_what_is_beyond_the_limit_is_spilled_and_removed(tmp_path: Path) -> None:
    with connect(tmp_path / "w.duckdb", read_only=False, memory_mb=64) as connection:
        connection.execute(BIG)
        assert list_spills(tmp_path) == [f"w.duckdb.{os.getpid()}.spill"]
        assert scalar(connection, "select count(distinct a) from big") == 4_000_000
    assert [path.name for path in tmp_path.iterdir()] == ["w.duckdb"]


def test_two_readers_spill_beside_each_other(tmp_path: Path) -> None:
    """One folder for both, as DuckDB has it, mixes their files."""
    path = tmp_path / "w.duckdb"
    with open_writer(path, "test"):
        pass
    reader = tmp_path / "reader.py"
    reader.write_text(READER, encoding="utf-8")
    readers = [
        subprocess.Popen(
            [sys.executable, str(reader), str(path), BIG],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for _ in range(2)
    ]
    for process in readers:
        assert process.stdout is not None
        assert process.stdout.readline() == "spilled\n"
    for process in readers:
        _, errors = process.communicate("\n", timeout=100)
        assert process.returncode == 0, errors
    assert list_spills(tmp_path) == []


def test_writer_removes_the_spills_of_the_killed_alone(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    names = [f"w.duckdb.{gone.pid}.spill", f"w.snapshot.duckdb.{gone.pid}.spill"]
    kept = [f"w.snapshot.duckdb.{os.getpid()}.spill", "w.duckdb.notes.spill"]
    for name in names + kept:
        (tmp_path / name).mkdir()
        (tmp_path / name / "duckdb_temp_storage_DEFAULT-0.tmp").write_bytes(b"x")
    clear_spills(tmp_path / "other.duckdb")
    assert len(list_spills(tmp_path)) == 4
    with open_writer(path, "test"):
        pass
    assert sorted(list_spills(tmp_path)) == sorted(kept)


def test_memory_that_does_not_suffice_names_the_setting(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with open_writer(path, "test") as connection:
        store_posts(connection, [make_post("1")])
    message = r"the 64 MiB that DuckDB may use do not suffice.*\[warehouse\] memory_mb"
    with (
        pytest.raises(StoreError, match=message),
        open_writer(path, "test", memory_mb=64) as connection,
    ):
        connection.execute(ONE_VALUE)
    with (
        pytest.raises(StoreError, match=message),
        open_reader(path, memory_mb=64) as connection,
    ):
        connection.execute(ONE_VALUE)
    with open_reader(path) as connection:
        assert scalar(connection, "select count(*) from posts") == 1


def test_disk_that_is_full_while_a_file_is_merged_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    letters = random.Random(0)
    posts = [make_post(str(i), letters.randbytes(300).hex()) for i in range(4_000)]
    with open_writer(path, "ingest") as connection:
        store_posts(connection, [make_post("first")], name="first")
    size = path.stat().st_size
    with (
        pytest.raises(StoreError, match=r"the warehouse failed: .*What was committed before is"),
        small_files(size + 500_000),
        open_writer(path, "ingest") as connection,
    ):
        store_posts(connection, posts)
    with open_reader(path) as connection:
        assert scalar(connection, "select count(*) from posts") == 1
    for _ in range(2):
        with open_writer(path, "ingest") as connection:
            assert scalar(connection, "select count(*) from posts") in (1, 4_001)
            store_posts(connection, posts)
            assert scalar(connection, "select count(distinct post_id) from posts") == 4_001
            assert scalar(connection, "select count(*) from posts") == 4_001
