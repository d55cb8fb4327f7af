"""Dumps that DuckDB reads in bulk: stops, progress and rejects, as for other files."""

import json
from functools import partial
from pathlib import Path

import duckdb
import pytest

from analytics.config.settings import SourceConfig
from analytics.ingest import IngestProgress, ingest_sources
from analytics.store.runs import RunCounts
from connectors.reddit import RedditConnector
from connectors.segments import read_segments
from tests.ingesting import comment, write_lines
from tests.scripted import KEY, NOW, rows, scalar


def test_a_stop_between_two_pieces_of_a_dump_keeps_what_was_read(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dumps that are read in bulk are asked to stop after each piece."""
    monkeypatch.setattr("analytics.reading.read_segments", partial(read_segments, n_bytes=40_000))
    path = write_lines(
        tmp_path / "RC_1.ndjson", [comment(f"c{n}", f"text {n}") for n in range(2_000)]
    )
    asked = iter(range(1, 1_000))
    told: list[int] = []

    def read(stops_after: int) -> RunCounts:
        counts = RunCounts()
        ingest_sources(
            connection,
            [SourceConfig(path=path)],
            rules=(),
            author_key=KEY,
            run_id="run",
            counts=counts,
            progress=IngestProgress(
                is_stopped=lambda: next(asked) > stops_after, on_bytes=told.append
            ),
            now=NOW,
        )
        return counts

    with pytest.raises(KeyboardInterrupt):
        read(3)  # asked before the file, and after each piece
    n_kept = scalar(connection, "select count(*) from posts")
    assert 0 < n_kept < 2_000
    assert rows(connection, "from source_files") == []
    told.clear()
    counts = read(10_000)
    assert (counts.count_stored, counts.count_duplicates) == (2_000 - n_kept, n_kept)
    assert sum(told) == path.stat().st_size


def test_a_fault_of_the_connector_is_a_reject_and_the_file_is_read_again(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a bug")

    path = tmp_path / "RC_1.ndjson"
    path.write_text(f"{json.dumps(comment('a', 'one'))}\nodd\n", "utf-8")

    def read() -> RunCounts:
        counts = RunCounts()
        ingest_sources(
            connection,
            [SourceConfig(path=path)],
            rules=(),
            author_key=KEY,
            run_id="run",
            counts=counts,
            now=NOW,
        )
        return counts

    with monkeypatch.context() as patched:
        patched.setattr(RedditConnector, "read_line", fail)
        counts = read()
    assert (counts.count_stored, counts.count_rejects) == (1, 1)
    reasons = "select reason from rejects"
    assert rows(connection, reasons) == [("connector 'reddit' failed: RuntimeError: a bug",)]
    counts = read()
    assert (counts.count_files_skipped, counts.count_duplicates) == (0, 1)
    assert rows(connection, reasons) != [("connector 'reddit' failed: RuntimeError: a bug",)]
