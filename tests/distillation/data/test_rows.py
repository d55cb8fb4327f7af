"""What is in a folder or file, and lines that no data set should have."""

import json
import logging
from pathlib import Path

import pytest

from analytics.contract.errors import TrainingError
from distillation.data.loaders import has_own_splits, load_examples
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


@pytest.mark.parametrize(
    ("files", "path", "has_some"),
    [
        (["test.jsonl"], "", True),
        (["train.tsv", "gold.parquet"], "", True),
        (["labelResultAll.txt"], "", True),
        (["gold.parquet"], "", False),
        (["test.jsonl"], "test.jsonl", False),
    ],
    ids=["twitter", "tombert", "mvsa", "gold", "file"],
)
def test_files_and_gold_have_no_splits_of_their_own(
    tmp_path: Path, files: list[str], path: str, has_some: bool
) -> None:
    for name in files:
        (tmp_path / name).touch()
    assert has_own_splits(tmp_path / path) is has_some
