"""Rationales that others wrote, as data sets."""

import json
from pathlib import Path

import polars as pl
import pytest

from analytics.contract.errors import TrainingError
from distillation.data.examples import make_example
from distillation.data.rationales import REJECTS_FILE, read_rationales, write_rationales
from distillation.teacher.importing import import_rationales
from tests.chat.scripted_server import reason
from tests.conftest import SHARED_DATA
from tests.distillation.teacher.makers import make_examples

NAMES = {"dataset": "trams", "split": "test", "model": "somebody", "version": "0"}
PUBLISHED = (
    '"Text_analysis": "Plain words.\nTwo lines of \'them\'."\n\n"Image_analysis": "A tram."\n\n'
    '"Conflict_resolution": "None."\n\n"Final_conclusion": "It is {0}."\n\n"Prediction": {0}'
)


def write_lines(path: Path, *values: object) -> Path:
    lines = [value if isinstance(value, str) else json.dumps(value) for value in values]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_published_rationales_are_joined_to_their_examples(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "cot.jsonl",
        {"id": "e2", "label": "positive", "cot": PUBLISHED.format("positive")},
        {"id": "e0", "cot": reason("negative"), "text": "as received", "aspect": ""},
    )
    manifest = import_rationales(path, make_examples(4), output=tmp_path / "out", **NAMES)
    first, second = read_rationales(tmp_path / "out")
    assert (first.example_id, first.text) == ("e2", "Tram 2 is positive")
    assert first.text_analysis == "Plain words. Two lines of 'them'."
    assert (first.label, first.rationale_label, first.stage) == ("positive", "positive", "imported")
    assert (first.model, first.prompt_digest, first.split) == ("somebody", "", "test")
    assert second.example_id == "e0"
    assert manifest["count_by_stage"] == {"imported": 2}
    assert manifest["count_examples_without_line"] == 2
    assert manifest["maker"] == "imported"


UNUSABLE = {
    "unreadable: Expecting": '{"id": "e0", "cot": ',
    "unreadable: no JSON object": "[1]",
    "unreadable: maximum recursion": "[" * 100_000,
    "unreadable: no text in field 'cot'": {"id": "e0"},
    "unreadable: no text in field 'id'": {"id": 7, "cot": "x"},
    "unknown id": {"id": "e99", "cot": reason("neutral")},
    "other label": {"id": "e0", "label": "neutral", "cot": reason("neutral")},
    "other aspect": {"id": "e0", "aspect": "bus", "cot": reason("negative")},
    "wrong prediction: 'neutral', gold is 'negative'": {"id": "e0", "cot": reason("neutral")},
    "malformed: no prediction line": {"id": "e0", "cot": "Nice."},
    "malformed: empty reply": {"id": "e0", "cot": ""},
}


@pytest.mark.parametrize(("expected", "line"), UNUSABLE.items(), ids=UNUSABLE)
def test_a_line_that_cannot_be_used_is_a_reject(
    tmp_path: Path, expected: str, line: object
) -> None:
    path = write_lines(tmp_path / "cot.jsonl", {"id": "e1", "cot": reason("neutral")}, line)
    manifest = import_rationales(path, make_examples(2), output=tmp_path / "out", **NAMES)
    (reject,) = pl.read_parquet(tmp_path / "out" / REJECTS_FILE).to_dicts()
    assert str(reject["reason"]).startswith(expected)
    assert reject["example_id"]
    assert (manifest["count_rationales"], manifest["count_rejects"]) == (1, 1)


def test_a_second_line_for_an_example_is_a_reject(tmp_path: Path) -> None:
    line = {"id": "e0", "cot": reason("negative")}
    path = write_lines(tmp_path / "cot.jsonl", line, line)
    manifest = import_rationales(path, make_examples(1), output=tmp_path / "out", **NAMES)
    assert manifest["count_rejects_by_reason"] == {"repeated id": 1}
    assert len(read_rationales(tmp_path / "out")) == 1


def test_an_import_may_be_repeated_but_replaces_nothing_else(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "cot.jsonl", {"id": "e0", "cot": reason("negative")})
    for _ in range(2):
        import_rationales(path, make_examples(1), output=tmp_path / "out", **NAMES)
    write_rationales(tmp_path / "out", [], [], {"maker": "augment"})
    with pytest.raises(TrainingError, match="made by 'augment'"):
        import_rationales(path, make_examples(1), output=tmp_path / "out", **NAMES)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "cot.jsonl").write_bytes(b"\xff\xfe")
    for name in ("cot.jsonl", "missing.jsonl"):
        with pytest.raises(TrainingError, match=rf"{name}: cannot be read"):
            import_rationales(tmp_path / name, make_examples(1), output=tmp_path / "out", **NAMES)


@pytest.mark.shared
def test_the_published_rationales_of_twitter_2015(tmp_path: Path) -> None:
    """1,037 lines: 1,016 can be used, 14 of them in Markdown; 21 predict another label."""
    folder = SHARED_DATA / "t15"
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent")
    examples = []
    for line in (folder / "test.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        examples.append(
            make_example(
                example_id=row["id"],
                text=row["text"],
                aspect=row["aspect"],
                label=row["label"],
                group=row["image"],
            )
        )
    names = {**NAMES, "dataset": "t15"}
    path = folder / "teacher_test.jsonl"
    manifest = import_rationales(path, examples, output=tmp_path / "out", **names)
    rejects = pl.read_parquet(tmp_path / "out" / REJECTS_FILE)
    assert manifest["count_lines"] == 1037
    assert manifest["count_examples_without_line"] == 0
    assert manifest["count_rejects_by_reason"] == {"wrong prediction": 21}
    assert rejects.height == 21
    rows = read_rationales(tmp_path / "out")
    assert len(rows) == 1016
    assert all(row.image_analysis and row.conflict_resolution for row in rows)
