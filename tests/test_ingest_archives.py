"""Dumps that are zip or tar archives: read as the folder that they hold, once."""

import json
import shutil
import tarfile
import zipfile
from pathlib import Path

import duckdb
import pytest
from PIL import Image

from analytics.config.settings import SourceConfig
from analytics.contract.errors import ConnectorError
from analytics.ingest import FileReport, ingest_sources
from analytics.media import prepare_media
from analytics.store.forget import forget
from analytics.store.runs import RunCounts
from tests.ingesting import comment
from tests.scripted import KEY, NOW, rows, scalar

TWEETS = [
    {
        "tweet": {
            "id_str": "1",
            "full_text": "The tram is late https://t.co/a",
            "created_at": "Mon Mar 02 10:00:00 +0000 2026",
            "extended_entities": {
                "media": [
                    {
                        "url": "https://t.co/a",
                        "media_url_https": "https://pbs.twimg.com/media/x.jpg",
                        "type": "photo",
                    }
                ]
            },
        }
    }
]


def ingest(
    connection: duckdb.DuckDBPyConnection, path: Path, data_dir: Path | None
) -> tuple[list[FileReport], RunCounts]:
    counts = RunCounts()
    reports = ingest_sources(
        connection,
        [SourceConfig(path=path)],
        rules=(),
        author_key=KEY,
        run_id="run",
        counts=counts,
        now=NOW,
        data_dir=data_dir,
    )
    return reports, counts


def make_archive_folder(folder: Path) -> Path:
    """An X archive with a picture, a film and an archive in it."""
    (folder / "data/tweets_media").mkdir(parents=True)
    text = "window.YTD.tweets.part0 = " + json.dumps(TWEETS)
    (folder / "data/tweets.js").write_text(text, encoding="utf-8")
    Image.new("RGB", (20, 10), "red").save(folder / "data/tweets_media/1-x.jpg")
    (folder / "data/tweets_media/1-y.mp4").write_bytes(b"film")
    with zipfile.ZipFile(folder / "data/more.zip", "w") as zipped:
        zipped.writestr("a.js", "x")
    return folder


def pack(folder: Path, archive: Path) -> Path:
    if archive.suffix == ".zip":
        shutil.make_archive(str(archive.with_suffix("")), "zip", folder)
    else:
        with tarfile.open(archive, "w:gz") as tarred:
            tarred.add(folder, arcname=".")
    return archive


@pytest.mark.parametrize("name", ["x.zip", "x.tgz"])
def test_an_archive_is_read_as_its_folder_with_its_pictures(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, name: str
) -> None:
    archive = pack(make_archive_folder(tmp_path / "in"), tmp_path / name)
    shutil.rmtree(tmp_path / "in")
    reports, counts = ingest(connection, archive, tmp_path / "data")
    inside = str(archive / "data/tweets.js")
    assert [(r.source_file, r.connector) for r in reports] == [
        (str(archive), "archive"),
        (inside, "x_archive"),
    ]
    assert (counts.count_read, counts.count_stored, counts.count_rejects) == (2, 1, 1)
    assert rows(connection, "select post_id, source_file from posts") == [("x:1", inside)]
    ((source, reason, raw),) = rows(connection, "select source_file, reason, raw from rejects")
    assert (source, raw) == (str(archive), "data/more.zip")
    assert "not unpacked" in str(reason)
    prepare_media(connection, data_dir=tmp_path / "data", run_id="r")
    assert rows(connection, "select status from media") == [("ok",)]


def test_a_known_archive_is_skipped_and_a_newer_one_adds_and_updates(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    archive = tmp_path / "dump.zip"
    (folder / "RC_1.ndjson").write_text(json.dumps(comment("a", "one")) + "\nbroken\n", "utf-8")
    ingest(connection, pack(folder, archive), tmp_path / "data")
    assert scalar(connection, "select count(*) from rejects") == 1
    _, counts = ingest(connection, archive, tmp_path / "data")
    assert (counts.count_read, counts.count_files_skipped) == (0, 1)
    lines = [json.dumps(comment("a", "one")), json.dumps(comment("b", "two"))]
    (folder / "RC_1.ndjson").write_text("\n".join(lines) + "\n", "utf-8")
    _, counts = ingest(connection, pack(folder, archive), tmp_path / "data")
    assert (counts.count_read, counts.count_stored, counts.count_duplicates) == (2, 1, 1)
    # The reject of the older archive is not met again.
    assert scalar(connection, "select count(*) from rejects") == 0
    assert rows(connection, "select distinct source_file from posts") == [
        (str(archive / "RC_1.ndjson"),)
    ]


def test_a_hostile_archive_is_one_reject_and_leaves_nothing(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    archive = tmp_path / "evil.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("RC_1.ndjson", json.dumps(comment("a", "one")))
        zipped.writestr("../../evil.js", "x")
    with pytest.raises(ConnectorError, match="archive is refused"):
        ingest(connection, archive, tmp_path / "data")
    assert scalar(connection, "select count(*) from posts") == 0
    ((source, reason),) = rows(connection, "select source_file, reason from rejects")
    assert source == str(archive)
    assert "leads out of its folder" in str(reason)
    assert not [file for file in (tmp_path / "data").rglob("*") if file.is_file()]
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("RC_1.ndjson", json.dumps(comment("a", "one")))
    ingest(connection, archive, tmp_path / "data")
    assert scalar(connection, "select count(*) from rejects") == 0


def test_an_archive_without_a_dump_says_so(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    archive = tmp_path / "films.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("a.mp4", "x")
    with pytest.raises(ConnectorError, match="holds no file that a dump is made of"):
        ingest(connection, archive, tmp_path / "data")


def test_messages_name_the_files_of_an_archive_as_its_members(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody knows the folder that an archive was unpacked to."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "RC_1.ndjson").write_text(json.dumps(comment("a", "one")) + "\n", "utf-8")
    (folder / "RC_2.ndjson").write_text("\n", "utf-8")
    (folder / "table.csv").write_text("id,text\n1,hello\n", "utf-8")
    archive = pack(folder, tmp_path / "dump.zip")
    ingest(connection, archive, tmp_path / "data")
    assert f"{archive}: 1 files are not read as 'reddit', e.g. {archive}/table.csv" in caplog.text
    assert f"{archive}/RC_2.ndjson: holds no record of format 'reddit'" in caplog.text
    assert str(tmp_path / "data") not in caplog.text


def test_an_archive_that_nothing_reads_is_named_itself(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    archive = tmp_path / "notes.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("notes.txt", "x")
    with pytest.raises(ConnectorError) as caught:
        ingest(connection, archive, tmp_path / "data")
    assert str(caught.value).startswith(f"{archive}: no connector recognises it")
    ((source, reason),) = rows(connection, "select source_file, reason from rejects")
    assert (source, str(reason)[:23]) == (str(archive), "no connector recognises")


def test_a_picture_of_an_archive_is_named_as_its_member(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    text = "id,text,image\n1,hello,gone.png\n2,hello,broken.png\n3,hello,../out.png\n"
    (folder / "posts.csv").write_text(text, "utf-8")
    (folder / "broken.png").write_bytes(b"x")
    ingest(connection, pack(folder, tmp_path / "dump.zip"), tmp_path / "data")
    prepare_media(connection, data_dir=tmp_path / "data", run_id="r")
    found = [str(reason) for (reason,) in rows(connection, "select reason from rejects order by 1")]
    assert found[0].startswith("picture broken: not a picture")
    assert found[1] == "picture missing: gone.png: No such file or directory"
    assert found[2].startswith("picture outside_folder: ../out.png: leads out of the folder")
    errors = rows(connection, "select error from media")
    assert not any(str(tmp_path) in str(error) for (error,) in errors)


def test_what_is_forgotten_stays_in_no_unpacked_copy(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    archive = pack(make_archive_folder(tmp_path / "in"), tmp_path / "x.zip")
    shutil.rmtree(tmp_path / "in")
    ingest(connection, archive, tmp_path / "data")
    assert list((tmp_path / "data").rglob("tweets.js"))
    forget(connection, data_dir=tmp_path / "data", author_key=KEY, post_id="x:1")
    assert not list((tmp_path / "data").rglob("tweets.js"))
    _, counts = ingest(connection, archive, tmp_path / "data")
    assert (counts.count_files_skipped, scalar(connection, "select count(*) from posts")) == (1, 0)
