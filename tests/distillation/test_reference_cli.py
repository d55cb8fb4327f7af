"""`analytics distill reference`: from training data and predictions to a reference.json."""

import json
from pathlib import Path

from click.testing import CliRunner

from analytics.contract.reference import CONFIDENCE_EDGES, count_bins, read_reference
from distillation.cli.reference import reference
from tests.distillation.test_errors_cli import write_rows


def test_reference_counts_texts_once_and_names_its_calibration(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "calibration.json").write_text('{"temperature": 1.5}', encoding="utf-8")
    posts = [("a" * 30, "tram"), ("a" * 30, "bus"), ("b" * 70, "tram")]
    lines = [json.dumps({"text": t, "aspect": a, "label": "neutral"}) for t, a in posts]
    (tmp_path / "posts.jsonl").write_text("\n".join(lines), encoding="utf-8")
    predictions = write_rows(tmp_path / "dev.parquet", [(0, 0), (1, 1), (2, 2)])
    done = CliRunner().invoke(
        reference,
        [
            *("--data", f"{tmp_path / 'posts.jsonl'}:all", "--predictions", str(predictions)),
            *("--output", str(model / "reference.json")),
        ],
    )
    assert done.exit_code == 0, done.output
    assert "2 posts, 3 confidences" in done.output

    found = read_reference(model)
    assert sum(found["text_length"]) == 2  # one text a post, however many aspects it has
    assert found["has_picture"] == [2, 0]
    assert found["confidence"] == count_bins([0.8] * 3, CONFIDENCE_EDGES)

    (model / "calibration.json").write_text('{"temperature": 1.6}', encoding="utf-8")
    assert "confidence" not in read_reference(model)
