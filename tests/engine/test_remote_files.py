"""Files by path and by URI; the object store of these tests is a folder, and fsspec's memory."""

from pathlib import Path

import fsspec
import pytest

from analytics.contract.errors import EngineError
from analytics.engine.remote_files import fetch_folder, map_path, read_location


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/data/pictures/ab/c.jpg", "s3://bucket/p/ab/c.jpg"),
        ("/data/other/c.jpg", "/mnt/data/other/c.jpg"),
        ("/database/c.jpg", None),
    ],
)
def test_paths_are_mapped_by_the_longest_prefix(path: str, found: str | None) -> None:
    prefixes = {"/data": "/mnt/data", "/data/pictures": "s3://bucket/p/"}
    assert map_path(Path(path), prefixes) == found


def test_files_are_read_by_path_and_uri(tmp_path: Path) -> None:
    (tmp_path / "a b").write_bytes(b"1")
    with fsspec.open("memory://pictures/x", "wb") as file:
        file.write(b"2")
    assert read_location(str(tmp_path / "a b")) == b"1"
    assert read_location(f"file://{tmp_path}/a%20b") == b"1"
    assert read_location("memory://pictures/x") == b"2"


@pytest.mark.parametrize("location", ["/no/file", "file:///no/file", "memory://no/file", "x://y"])
def test_what_cannot_be_read_is_named(location: str) -> None:
    with pytest.raises(EngineError, match=f"picture {location}: cannot be read"):
        read_location(location)


def test_folders_are_fetched(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "inner").mkdir(parents=True)
    target.mkdir()
    (source / "config.json").write_text("{}", encoding="utf-8")
    fetch_folder(f"file://{source}", target)
    assert [file.name for file in target.iterdir()] == ["config.json"]


@pytest.mark.parametrize(("name", "message"), [("no", "cannot be fetched"), ("empty", "no file")])
def test_folders_that_are_not_there_are_told(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(EngineError, match=message):
        fetch_folder(f"file://{tmp_path / name}", tmp_path)
