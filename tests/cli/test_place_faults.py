"""Faults of the place where files are end a command in words; bugs keep their traceback."""

import errno
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from analytics.cli import cli
from analytics.cli.common import name_place_faults
from analytics.contract.errors import AnalyticsError


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.ENOTDIR, errno.EROFS])
def test_a_fault_of_the_place_names_the_file(number: int) -> None:
    reason = os.strerror(number)
    match = rf"out/x: cannot be used \({reason}\)"
    with pytest.raises(AnalyticsError, match=match), name_place_faults():
        raise OSError(number, reason, "out/x")


def test_other_errors_of_the_system_stay() -> None:
    with pytest.raises(FileNotFoundError), name_place_faults():
        Path("no/such/file").read_text(encoding="utf-8")


def test_output_below_a_file_is_one_line(tmp_path: Path) -> None:
    row = {"id": "a", "text": "Good", "aspect": "", "label": "positive", "image": ""}
    (tmp_path / "train.jsonl").write_text(json.dumps(row), encoding="utf-8")
    (tmp_path / "cot.jsonl").write_text("", encoding="utf-8")
    (tmp_path / "afile").write_text("", encoding="utf-8")
    result = CliRunner().invoke(
        cli,
        [
            *("distill", "teacher", "--import", str(tmp_path / "cot.jsonl"), "--json"),
            *("--data", str(tmp_path), "--split", "train"),
            *("--output", str(tmp_path / "afile/x")),
        ],
    )
    found = json.loads(result.stdout)
    assert (found["status"], found["kind"]) == ("failed", "TrainingError")
    assert "Not a directory" in found["error"]
