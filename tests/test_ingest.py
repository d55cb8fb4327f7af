import json
import os
from itertools import chain, repeat
from pathlib import Path

import duckdb
import pytest

from analytics.config.settings import SourceConfig
from analytics.contract.errors import ConnectorError
from analytics.ingest import FileReport, IngestProgress, ingest_sources
from analytics.store.runs import RunCounts
from analytics.store.sql_files import build_marts
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
    # The path stands in the error, and not once more in the reject's reason.
    path = str(tmp_path / "b.csv")
    assert [(*row[:3], f"{path}: {row[3]}") for row in found] == [
        (path, 0, "read", reports[1].error)
    ]
    (tmp_path / "b.csv").write_text("x,z\n1,2\n")  # wrong in another way: one reject, not two
    reports, counts = _ingest(connection, tmp_path)
    assert (counts.count_files_skipped, counts.count_rejects) == (2, 1)
    assert [
        f"{path}: {reason}" for (reason,) in rows(connection, "select reason from rejects")
    ] == [reports[1].error]
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


def _stop_at_second_question(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    asked = chain([False], repeat(True))
    with pytest.raises(KeyboardInterrupt):
        ingest_sources(
            connection,
            [SourceConfig(path=path)],
            rules=(),
            author_key=KEY,
            run_id="run",
            counts=RunCounts(),
            progress=IngestProgress(is_stopped=lambda: next(asked)),
            now=NOW,
        )


def test_stop_is_clean_after_a_file(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for name in ("RC_1.ndjson", "RC_2.ndjson"):
        _write_comments(tmp_path / name, name[3])
    _stop_at_second_question(connection, tmp_path)
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


def test_reject_that_is_no_longer_true_goes_with_a_whole_reading(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    line = '{"id": "c", "body": "text c", "author": "a", "created_utc": 1772445600}'
    path = _write_comments(tmp_path / "RC_1.ndjson", "a", tail="not JSON\n" + line[:30])
    other = _write_comments(tmp_path / "RC_2.ndjson", "d", tail='{"cut')
    _ingest(connection, path, other)
    before = rows(connection, "select line, raw from rejects order by all")
    assert [n for n, _ in before] == [2, 2, 3]
    with path.open("a", encoding="utf-8") as file:
        file.write(line[30:] + "\n")
    _, counts = _ingest(connection, path)
    assert (counts.count_stored, counts.count_rejects) == (1, 1)
    assert rows(connection, "select source_file, line, raw, run_id from rejects order by all") == [
        (str(path), 2, "not JSON", "run"),
        (str(other), 2, '{"cut', "run"),
    ]


def test_file_that_holds_again_what_it_held_is_read_again(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """It was skipped as known, and its rejects were lost."""
    path = _write_comments(tmp_path / "RC_1.ndjson", "a", tail='{"cut')
    _ingest(connection, path)
    _write_comments(path, "a")
    _ingest(connection, path)
    assert rows(connection, "select line from rejects") == []
    _write_comments(path, "a", tail='{"cut')
    _, counts = _ingest(connection, path)
    assert (counts.count_files_skipped, counts.count_rejects) == (0, 1)
    assert rows(connection, "select line, raw from rejects") == [(2, '{"cut')]
    _, counts = _ingest(connection, path)
    assert counts.count_files_skipped == 1


def test_rejects_of_a_file_that_is_read_in_two_ways_stay_apart(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,a,b\n1,,two\n2,one,\n")
    sources = [SourceConfig(path=path, platform=name, mapping={"text": name}) for name in "ab"]
    ingest_sources(
        connection, sources, rules=(), author_key=KEY, run_id="run", counts=RunCounts(), now=NOW
    )
    assert [n for (n,) in rows(connection, "select line from rejects order by all")] == [2, 3]
    again = RunCounts()
    ingest_sources(
        connection, sources, rules=(), author_key=KEY, run_id="run", counts=again, now=NOW
    )
    assert (again.count_read, again.count_files_skipped) == (0, 2)


def test_reject_summary_gives_the_reason_of_a_source_that_was_not_read(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    for name in ("x.csv", "y.csv"):
        (tmp_path / name).write_text("p,q\n1,2\n")
    good = _write_comments(tmp_path / "RC_1.ndjson", "a")
    _ingest(connection, tmp_path / "x.csv", tmp_path / "y.csv", tmp_path / "gone.zst", good)
    build_marts(connection)
    assert rows(connection, "select reason, count_rejects from reject_summary order by all") == [
        ("no column looks like a post's text", 2),
        ("no such file or folder; check the path", 1),
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"platform": "zzz"}, "takes no platform:"),
        ({"mapping": {"text": "foo"}}, "takes no mapping:"),
        ({"mapping": {"text": "foo"}, "platform": "z"}, "takes no mapping and no platform:"),
    ],
)
def test_option_that_a_format_does_not_take_is_refused(
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    options: dict[str, object],
    words: str,
) -> None:
    path = _write_comments(tmp_path / "RC_1.ndjson", "a")
    with pytest.raises(ConnectorError, match=rf"RC_1\.ndjson: format 'reddit' {words}"):
        _ingest(connection, path, **options)
    assert rows(connection, "from posts") == []
    _, counts = _ingest(connection, path, format="table", platform="zzz", mapping={"text": "body"})
    assert counts.count_stored == 1
    assert scalar(connection, "select platform from posts") == "zzz"


def test_each_file_of_a_folder_is_called_what_it_is(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    fixtures = Path(__file__).parent / "fixtures" / "bluesky"
    reports, _ = _ingest(connection, fixtures)
    assert {Path(report.source_file).name: report.found for report in reports} == {
        "author_feed.json": "Bluesky posts, a reply of its API",
        "jetstream.jsonl": "Bluesky Jetstream, one event a line",
        "post.json": "Bluesky posts, a reply of its API",
        "search.json": "Bluesky posts, a reply of its API",
    }


def test_stop_inside_a_long_file_keeps_what_was_read(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = tmp_path / "long.csv"
    lines = [f"{i},text {i}" for i in range(25_000)]
    lines[5] = "5,"
    lines[24_000] = "24000,"
    path.write_text("\n".join(["id,text", *lines]) + "\n")
    source = SourceConfig(path=path, platform="p")

    def read(stops_after: int) -> RunCounts:
        counts = RunCounts()
        asked = iter(range(1, 100))
        ingest_sources(
            connection,
            [source],
            rules=(),
            author_key=KEY,
            run_id="run",
            counts=counts,
            progress=IngestProgress(is_stopped=lambda: next(asked) > stops_after),
            now=NOW,
        )
        return counts

    read(99)
    everything = rows(connection, "select post_id, text from posts order by all")
    rejects = rows(connection, "select line from rejects order by all")
    for table in ("posts", "rejects", "source_files"):
        connection.execute(f"delete from {table}")
    with pytest.raises(KeyboardInterrupt):
        read(2)  # asked before the file, and after 10,000 and 20,000 records
    assert scalar(connection, "select count(*) from posts") == 19_999
    assert rows(connection, "select line from rejects") == [(7,)]
    assert rows(connection, "from source_files") == []
    counts = read(99)
    assert (counts.count_stored, counts.count_duplicates) == (4_999, 19_999)
    assert rows(connection, "select post_id, text from posts order by all") == everything
    assert rows(connection, "select line from rejects order by all") == rejects == [(7,), (24_002,)]
    # A reading that was stopped knows nothing of the rejects behind it.
    with path.open("a", encoding="utf-8") as file:
        file.write("25000,more\n")
    with pytest.raises(KeyboardInterrupt):
        read(2)
    assert rows(connection, "select line from rejects order by all") == rejects


def test_stop_while_a_large_file_is_looked_at_reads_nothing(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = tmp_path / "large.csv"
    path.write_text("id,text\n1,one\n" + "\n" * (5 * 1024 * 1024))
    _stop_at_second_question(connection, path)
    assert rows(connection, "from posts") == []
