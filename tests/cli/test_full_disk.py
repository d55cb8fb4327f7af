"""Runs whose last write, DuckDB's checkpoint, finds the disk full."""

import json
import os
import shutil
from pathlib import Path

import pytest

from analytics import pipeline
from tests.cli.makers import rows_of, run
from tests.full_disk import small_files


def _fill(project: Path) -> str:
    """Run `marts` where the warehouse cannot grow (its log can); what the command says."""
    run("ingest")
    with small_files((project / "warehouse.duckdb").stat().st_size + 50_000):
        result = run("marts")
    assert "Failed to create checkpoint" in str(result.exception)
    return str(result.exception)


def _last_run(project: Path) -> tuple[str, str | None, bool]:
    found = rows_of(project, "select status, error, ended_at is null from runs order by started_at")
    return found[-1]  # type: ignore[return-value]


def test_run_whose_checkpoint_fails_has_failed(project: Path) -> None:
    """It was shown as done, without its report and snapshot."""
    told = _fill(project)
    assert _last_run(project) == ("failed", told, False)
    assert json.loads(run("status", "--json").stdout)["runs"][0]["status"] == "failed"
    assert run("marts").exit_code == 0
    assert _last_run(project)[0] == "done"


def test_run_whose_end_cannot_be_written_is_unfinished(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "_note_failed", lambda *values: None)
    _fill(project)
    assert _last_run(project) == ("running", None, True)
    assert json.loads(run("status", "--json").stdout)["runs"][0]["status"] == "died"
    run("marts")
    assert rows_of(project, "select status from runs order by started_at")[-2:] == [
        ("died",),
        ("done",),
    ]


def test_run_without_room_for_its_snapshot_has_failed(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("ingest")
    with monkeypatch.context() as patched:
        usage = shutil.disk_usage(os.curdir)
        patched.setattr(shutil, "disk_usage", lambda path: usage._replace(free=0))
        assert "a snapshot needs" in str(run("marts").exception)
    status, error, is_open = _last_run(project)
    assert (status, is_open) == ("failed", False)
    assert "free some space and run `analytics marts`" in str(error)
