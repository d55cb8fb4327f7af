"""`analytics distill errors`: from predictions to a model folder's errors.json."""

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from analytics.contract.errors import TrainingError
from analytics.contract.labels import LABELS
from analytics.engine.measured_errors import read_errors
from distillation.cli.errors import errors


def write_rows(path: Path, rows: list[tuple[int, int]]) -> Path:
    """Items as (true label, predicted label)."""
    pl.DataFrame(
        [
            {
                "example_id": str(i),
                "group": str(i // 2),
                "label": str(LABELS[label]),
                "predicted": str(LABELS[said]),
                **{f"p_{name}": 0.8 if k == said else 0.1 for k, name in enumerate(LABELS)},
            }
            for i, (label, said) in enumerate(rows)
        ]
    ).write_parquet(path)
    return path


def test_counts_and_rates_are_written_for_the_folder_s_calibration(tmp_path: Path) -> None:
    (tmp_path / "calibration.json").write_text('{"temperature": 1.5}')
    rows = [(0, 0), (0, 1), (1, 1), (1, 1), (2, 2), (2, 1), (2, 2), (2, 0)]
    path = write_rows(tmp_path / "dev.parquet", rows)
    done = CliRunner().invoke(
        errors, [str(tmp_path), "--predictions", str(path), "--data", "a set", "--json"]
    )
    assert done.exit_code == 0, done.output
    found = json.loads(read_errors(tmp_path) or "")
    assert found["counts"]["positive"] == {"negative": 1, "neutral": 1, "positive": 2}
    assert found["hard"]["rates"][0] == pytest.approx([0.5, 0.5, 0.0])
    assert found["soft"]["rates"][1] == pytest.approx([0.1, 0.8, 0.1])
    assert (found["n"], found["n_groups"], found["data"]) == (8, 4, "a set")
    assert json.loads(done.output)["output"] == str(tmp_path / "errors.json")


def test_a_set_without_a_label_is_named(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "dev.parquet", [(0, 0), (1, 1)])
    done = CliRunner().invoke(errors, [str(tmp_path), "--predictions", str(path)])
    assert done.exit_code == 1
    assert isinstance(done.exception, TrainingError)
    assert "no item has the label positive" in str(done.exception)
    assert not (tmp_path / "errors.json").exists()
