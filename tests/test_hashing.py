"""Digests of dumps: what may have changed is read, what cannot have is not."""

import os
import time
from pathlib import Path

import duckdb
import pytest

from analytics import hashing
from analytics.contract.errors import ConnectorError
from analytics.hashing import digest_files


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are read, in order."""
    names: list[str] = []
    hash_all = hashing._hash

    def spy(paths: list[Path], is_stopped: object) -> str:
        names.extend(path.name for path in paths)
        return hash_all(paths, is_stopped)  # type: ignore[arg-type]

    monkeypatch.setattr(hashing, "_hash", spy)
    return names


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A file and its companion; times are trusted at once."""
    monkeypatch.setattr(hashing, "_STEP_NS", 0)
    for name, text in (("a.json", "one"), ("b.json", "two")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / "a.json", tmp_path / "b.json"


def _digest(connection: duckdb.DuckDBPyConnection, *paths: Path, rereads: bool = False) -> str:
    return digest_files(connection, paths, is_stopped=lambda: False, rereads=rereads)


def test_an_old_file_is_read_once(
    connection: duckdb.DuckDBPyConnection, opened: list[str], files: tuple[Path, Path]
) -> None:
    path, beside = files
    first = _digest(connection, path, beside)
    assert _digest(connection, path, beside) == first
    assert opened == ["a.json", "b.json"]
    assert _digest(connection, path, beside, rereads=True) == first
    assert len(opened) == 4
    # Alone it is another content.
    assert _digest(connection, path) != first


@pytest.mark.parametrize("change", ["same size and times", "replaced", "companion"])
def test_a_changed_file_is_read_again(
    connection: duckdb.DuckDBPyConnection,
    files: tuple[Path, Path],
    tmp_path: Path,
    change: str,
) -> None:
    """Also where a program puts back the times, as `cp -p` and `rsync -t` do."""
    path, beside = files
    first = _digest(connection, path, beside)
    seen = path.stat()
    time.sleep(0.05)  # a tick of the clock by which files are stamped
    if change == "replaced":
        (tmp_path / "new").write_text("six", encoding="utf-8")
        os.utime(tmp_path / "new", ns=(seen.st_atime_ns, seen.st_mtime_ns))
        os.replace(tmp_path / "new", path)
    else:
        changed = path if change == "same size and times" else beside
        changed.write_text("six", encoding="utf-8")
        os.utime(changed, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert _digest(connection, path, beside) != first


def test_times_that_tell_nothing_are_not_trusted(
    connection: duckdb.DuckDBPyConnection,
    opened: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A file that was just written may be written again without a new time."""
    path = tmp_path / "a.json"
    path.write_text("one", encoding="utf-8")
    _digest(connection, path)
    _digest(connection, path)
    assert len(opened) == 2
    monkeypatch.setattr(hashing, "_STEP_NS", 0)
    os.utime(path, ns=(0, 0))
    _digest(connection, path)
    _digest(connection, path)
    assert len(opened) == 4
    with pytest.raises(ConnectorError, match="cannot be read"):
        _digest(connection, tmp_path / "none")
