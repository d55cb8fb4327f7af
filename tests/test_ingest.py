import json
import os
from pathlib import Path

import duckdb
import pytest

from analytics.config.settings import SourceConfig
from analytics.contract.errors import ConnectorError
from analytics.ingest import FileReport, IngestProgress, ingest_sources
from analytics.store.runs import RunCounts
from tests.scripted import KEY, NOW, rows, scalar


def _ingest(
    connection: duckdb.DuckDBPyConnection, *paths: Path, **source: object
) -> tuple[list[FileReport], RunCounts]:
    counts = RunCounts()
    reports = ingest_sources(
        connection,
        [SourceConfig(path=path, **source) for path in paths],  # type: ignore[arg-type]
        rules=(),
        author_key=KEY,
        run_id="run",
        counts=counts,
        now=NOW,
    )
    return reports, counts


def _write_comments(path: Path, *ids: str, tail: str = "") -> Path:
    lines = [
        json.dumps(
            {
                "id": native,
                "body": f"text {native}",
                "author": "a",
                "created_utc": 1772445600,
                "subreddit": "s",
                "parent_id": "t3_x",
                "link_id": "t3_x",
                "permalink": f"/r/s/comments/x/_/{native}/",
                "score": 1,
            }
        )
        for native in ids
    ]
    path.write_text("\n".join(lines) + "\n" + tail, encoding="utf-8")
    return path


def test_file_that_was_read_is_skipped_and_a_grown_one_adds_only_the_new(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = _write_comments(tmp_path / "RC_1.ndjson", "a", "b")
    _, counts = _ingest(connection, path)
    assert (counts.count_read, counts.count_stored, counts.count_files_skipped) == (2, 2, 0)
    before = rows(connection, "from posts order by all")
    _, counts = _ingest(connection, path)
    assert (counts.count_read, counts.count_files_skipped) == (0, 1)
    assert rows(connection, "from posts order by all") == before
    _write_comments(path, "a", "b", "c")
    _, counts = _ingest(connection, path)
    assert (counts.count_stored, counts.count_duplicates) == (1, 2)


def test_half_a_line_and_bad_bytes_are_rejects_and_lose_nothing_else(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = _write_comments(tmp_path / "RC_1.ndjson", "a", "b", tail='{"id": "c", "bo')
    with path.open("rb+") as file:
        data = file.read()
        file.seek(0)
        file.write(b'{"id": "\xff\xfe"}\n' + data)
    _, counts = _ingest(connection, path)
    assert (counts.count_read, counts.count_stored, counts.count_rejects) == (4, 2, 2)
    assert [line for (line,) in rows(connection, "select line from rejects order by all")] == [1, 4]


def test_one_bad_source_does_not_stop_the_others(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    good = _write_comments(tmp_path / "RC_1.ndjson", "a")
    reports, counts = _ingest(connection, tmp_path / "gone.zst", good)
    assert (counts.count_stored, counts.count_rejects) == (1, 1)
    assert [report.error is None for report in reports] == [False, True]
    stage, file, line = rows(connection, "select stage, source_file, line from rejects")[0]
    assert (stage, file, line) == ("read", str(tmp_path / "gone.zst"), 0)
    _ingest(connection, tmp_path / "gone.zst", good)
    assert scalar(connection, "select count(*) from rejects") == 1


def test_one_bad_file_of_a_folder_does_not_cost_the_others(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    texts = {"a.csv": "id,text\n1,one\n", "b.csv": "x,y\n1,2\n", "c.csv": "id,text\n3,three\n"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    reports, counts = _ingest(connection, tmp_path)
    assert [report.error is None for report in reports] == [True, False, True]
    assert (counts.count_read, counts.count_stored, counts.count_rejects) == (3, 2, 1)
    found = rows(connection, "select source_file, line, stage, reason from rejects")
    assert found == [(str(tmp_path / "b.csv"), 0, "read", reports[1].error)]
    (tmp_path / "b.csv").write_text("x,z\n1,2\n")  # wrong in another way: one reject, not two
    reports, counts = _ingest(connection, tmp_path)
    assert (counts.count_files_skipped, counts.count_rejects) == (2, 1)
    assert rows(connection, "select reason from rejects") == [(reports[1].error,)]
    (tmp_path / "b.csv").write_text("id,text\n2,two\n")
    _, counts = _ingest(connection, tmp_path)
    assert (counts.count_stored, counts.count_rejects) == (1, 0)
    assert rows(connection, "from rejects") == []


def test_folder_of_bad_files_is_an_error_that_names_each(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("x,y\n1,2\n")
    with pytest.raises(ConnectorError, match=r"(?s)a\.csv.*b\.csv"):
        _ingest(connection, tmp_path)


def test_stop_is_clean_after_a_file(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for name in ("RC_1.ndjson", "RC_2.ndjson"):
        _write_comments(tmp_path / name, name[3])
    asked = iter([False, True])
    with pytest.raises(KeyboardInterrupt):
        ingest_sources(
            connection,
            [SourceConfig(path=tmp_path)],
            rules=(),
            author_key=KEY,
            run_id="run",
            counts=RunCounts(),
            progress=IngestProgress(is_stopped=lambda: next(asked)),
            now=NOW,
        )
    assert rows(connection, "select native_id from posts") == [("t1_1",)]
    _, counts = _ingest(connection, tmp_path)
    assert (counts.count_files_skipped, counts.count_stored) == (1, 1)


def test_no_readable_source_is_an_error_that_names_each(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    with pytest.raises(ConnectorError) as caught:
        _ingest(connection, tmp_path / "gone.zst", tmp_path / "lost.csv")
    assert "gone.zst" in str(caught.value)
    assert "lost.csv" in str(caught.value)


def test_files_of_a_folder_that_are_not_read_are_named(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _write_comments(tmp_path / "RC_1.ndjson", "a")
    (tmp_path / "other.csv").write_text("id,text\n1,hi\n", encoding="utf-8")
    _ingest(connection, tmp_path)
    assert "1 files are not read as 'reddit'" in caplog.text
    assert "other.csv" in caplog.text


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.ndjson", b""),
        ("noise.bin", bytes(range(256)) * 10),
        ("page.html", b"<!doctype html><p>hi"),
        ("dump.zip", b"PK\x03\x04rest"),
        ("cut.zst", b"\x28\xb5\x2f\xfd\x00"),
    ],
)
def test_unreadable_file_is_a_clear_message(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, name: str, data: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ConnectorError) as caught:
        _ingest(connection, path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) > len(str(path)) + 20


def test_unknown_format_names_the_nearest(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = _write_comments(tmp_path / "RC_1.ndjson", "a")
    with pytest.raises(ConnectorError, match="reddit"):
        _ingest(connection, path, format="redit")


def test_changed_companion_is_noticed(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    tweet = {
        "id_str": "5",
        "full_text": "hello",
        "created_at": "Mon Mar 02 10:00:00 +0000 2026",
        "lang": "en",
    }
    (folder / "tweets.js").write_text(
        "window.YTD.tweets.part0 = " + json.dumps([{"tweet": tweet}]), encoding="utf-8"
    )
    _ingest(connection, tmp_path)
    assert scalar(connection, "select author_key from posts") is None
    (folder / "account.js").write_text(
        'window.YTD.account.part0 = [{"account": {"accountId": "77"}}]', encoding="utf-8"
    )
    _, counts = _ingest(connection, tmp_path)
    assert counts.count_updated == 1
    assert scalar(connection, "select author_key from posts") is not None


def test_table_is_bound_to_its_own_folder(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "posts.csv").write_text("id,text,image\n1,x,/dev/zero\n2,y,../b/c.jpg\n")
    _ingest(connection, tmp_path / "a" / "posts.csv")
    found = rows(connection, "select source_path, source_folder from media order by all")
    folder = str(tmp_path / "a")
    assert found == [("/dev/zero", folder), (f"{folder}/../b/c.jpg", folder)]


def test_pipe_as_a_source_is_refused(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "posts.csv")
    with pytest.raises(ConnectorError, match=r"posts\.csv: not a regular file"):
        _ingest(connection, tmp_path / "posts.csv", format="table")
