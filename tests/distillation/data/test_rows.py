"""Lines that no data set should have, and one will."""

import json
import logging
from pathlib import Path

import pytest

from analytics.contract.errors import TrainingError
from distillation.data.loaders import load_examples
from distillation.data.pictures import PictureFolder


def test_a_line_nested_beyond_reason_is_named(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(TrainingError, match=r"train\.jsonl:1: not JSON \(maximum recursion"):
        load_examples(tmp_path, "train")


def test_a_picture_with_an_impossible_name_is_a_missing_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "images").mkdir()
    row = {"id": "a", "text": "Good", "aspect": "", "label": "positive", "image": "a\0b.jpg"}
    (tmp_path / "train.jsonl").write_text(json.dumps(row), encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        (example,) = load_examples(tmp_path, "train", pictures=PictureFolder(tmp_path / "kept"))
    assert example.item.image_path is None
    assert "1 pictures cannot be used (1 missing)" in caplog.text
