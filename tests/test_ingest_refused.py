"""Files with too many rejects: nothing of them is stored but the reasons."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analytics.contract.errors import ConnectorError
from tests.cli.makers import run
from tests.ingesting import comment, read_sources, skeet, unskeet, write_lines
from tests.scripted import rows, scalar, write_config


def _write_drifted(path: Path, n_good: int, n_bad: int) -> Path:
    """A dump of which the last records have their time under another name."""
    records: list[dict[str, Any]] = [comment(f"g{i}", f"text {i}") for i in range(n_good)]
    for i in range(n_bad):
        record = comment(f"b{i}", f"text {i}")
        record["created_at_time"] = record.pop("created_utc")
        records.append(record)
    return write_lines(path, records)


def test_drifted_file_is_refused_and_the_others_are_read(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    bad = _write_drifted(tmp_path / "RC_1.ndjson", n_good=60, n_bad=20)
    good = _write_drifted(tmp_path / "RC_2.ndjson", n_good=3, n_bad=1)
    files, counts = read_sources(connection, [bad, good])
    refused, read = files
    assert refused.counts is not None
    assert (refused.counts.count_ignored, refused.counts.count_rejects) == (60, 20)
    assert "RC_1.ndjson: 20 of 80 records are rejects" in (refused.error or "")
    assert "created_utc is missing (20)" in (refused.error or "")
    assert "--force" in (refused.error or "")
    assert refused.new_fields == ("created_at_time",)
    assert read.new_fields == ("created_at_time",)  # its one bad record has it, too
    assert read.error is None
    assert (counts.count_read, counts.count_stored, counts.count_rejects) == (85, 3, 22)
    assert rows(connection, "select distinct source_file from posts") == [(str(good),)]
    found = rows(
        connection,
        "select line, count(*) from rejects where source_file = ? group by all",
        str(bad),
    )
    assert len(found) == 21
    assert min(found) == (0, 1)  # the file as a whole


@pytest.mark.parametrize(("n_good", "n_bad"), [(0, 19), (80, 20)])
def test_few_rejects_or_a_small_share_are_no_drift(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, n_good: int, n_bad: int
) -> None:
    files, counts = read_sources(
        connection, [_write_drifted(tmp_path / "RC_1.ndjson", n_good, n_bad)]
    )
    assert files[0].error is None
    assert (counts.count_stored, counts.count_rejects) == (n_good, n_bad)


def test_refused_file_is_tried_again_until_it_is_mended_or_forced(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = _write_drifted(tmp_path / "RC_1.ndjson", n_good=2, n_bad=20)
    good = write_lines(tmp_path / "RC_2.ndjson", [comment("z", "hm")])
    for _ in range(2):
        files, _ = read_sources(connection, [path, good])
        assert files[0].error is not None
    assert scalar(connection, "select count(*) from rejects") == 21
    _, counts = read_sources(connection, [path, good], max_reject_share=1.0)
    assert (counts.count_stored, counts.count_rejects, counts.count_files_skipped) == (2, 20, 1)
    assert scalar(connection, "select count(*) from rejects where line = 0") == 0
    _write_drifted(path, n_good=5, n_bad=0)
    _, counts = read_sources(connection, [path])
    assert (counts.count_stored, counts.count_duplicates) == (3, 2)
    assert rows(connection, "from rejects") == []


def test_refused_file_leaves_what_was_stored_of_it_and_deletes_nothing(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = write_lines(tmp_path / "events.jsonl", [skeet("k", "good", 1)])
    read_sources(connection, [path])
    broken: list[Any] = [{**skeet(f"b{i}", "x", 2), "did": None} for i in range(20)]
    write_lines(path, [unskeet("k", 3), *broken])
    with pytest.raises(ConnectorError, match="20 of 21 records are rejects"):
        read_sources(connection, [path])
    assert rows(connection, "select text from posts") == [("good",)]
    assert rows(connection, "from tombstones") == []


def test_command_explains_goes_on_and_takes_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _write_drifted(tmp_path / "RC_1.ndjson", n_good=10, n_bad=30)
    write_lines(tmp_path / "RC_2.ndjson", [comment("z", "hm"), comment("y", "[deleted]")])
    sources = '[[sources]]\npath = "RC_1.ndjson"\n[[sources]]\npath = "RC_2.ndjson"\n'
    write_config(tmp_path, sources)
    result = run("ingest")
    assert result.exit_code == 3, result.output
    assert "RC_1.ndjson: not stored: " in result.output
    assert "30 of 40 records are rejects" in result.output
    assert (
        "All: 43 records read = 1 posts stored + 0 updated + 0 duplicates + 0 deletions"
        " + 11 ignored + 31 rejects\n"
    ) in result.output
    assert result.output.count("    fields new to its format: created_at_time\n") == 1
    only = run("ingest", "RC_1.ndjson")
    assert only.exit_code == 1
    assert "30 of 40 records are rejects" in str(only.exception)

    found = json.loads(run("ingest", "--force", "--json").stdout)
    assert found["records"]["count_stored"] == 10
    assert found["files"][0]["error"] is None
    assert [file["new_fields"] for file in found["files"]] == [["created_at_time"], []]
    write_config(tmp_path, f"{sources}[ingest]\nmax_reject_share = 0.75\n")
    assert run("ingest", "--reread").exit_code == 3
    assert "max_reject_share" not in run("ingest", "--reread").output
