"""Data named on the command line: what is taken, and how rationales find their examples."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from analytics.contract.errors import ConfigError
from distillation.data.loaders import name_dataset
from distillation.data.rationales import RationaleRow, write_rationales
from distillation.data.specs import load_spec, make_items, parse_spec


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data set whose folder has a dot in its name."""
    path = tmp_path / "toy.v2"
    path.mkdir()
    rows = [
        {"id": f"{n}", "text": f"Text number {n}", "aspect": "", "label": "neutral"}
        for n in range(10)
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (path / "train.jsonl").write_text(text, encoding="utf-8")
    (path / "test.jsonl").write_text(text.splitlines()[0] + "\n", encoding="utf-8")
    return path


def _make_row(dataset: str) -> RationaleRow:
    return RationaleRow(
        example_id="3",
        dataset=dataset,
        split="train",
        group="g",
        text="t",
        aspect="",
        image_sha256=None,
        label="neutral",
        text_analysis="a",
        image_analysis="",
        conflict_resolution="c",
        final_conclusion="d",
        rationale_label="neutral",
        stage="teacher",
        model="m",
        prompt_digest="p",
    )


def test_rationales_join_a_folder_with_a_dot_in_its_name(folder: Path, tmp_path: Path) -> None:
    """The teacher and the training must call a data set by the same name."""
    write_rationales(tmp_path / "taught", [_make_row(name_dataset(folder))], [], {})
    items, counts = make_items(
        [parse_spec(f"{folder}:train")], pictures=None, rationale_folders=[tmp_path / "taught"]
    )
    assert counts["rationales"] == 1
    assert [item.rationale is not None for item in items].index(True) == 3


def test_folds_and_numbers_take_a_part(folder: Path) -> None:
    whole = load_spec(parse_spec(f"{folder}:train"), pictures=None)
    parts = [
        load_spec(parse_spec(f"{folder}:train,folds={fold}"), pictures=None)
        for fold in ("1-4", "5")
    ]
    assert sorted(e.example_id for part in parts for e in part) == sorted(
        e.example_id for e in whole
    )
    assert len(parts[1]) == 2
    assert len(load_spec(parse_spec(f"{folder}:train,n=3"), pictures=None)) == 3


def test_held_out_texts_are_dropped_and_counted(folder: Path) -> None:
    items, counts = make_items(
        [parse_spec(f"{folder}:train")], pictures=None, held_out=[parse_spec(f"{folder}:test")]
    )
    assert counts["overlaps"] == 1
    assert len(items) == 9


@pytest.mark.parametrize("text", ["{}", "{}:train,n=0", "{}:train,folds=6", "/none/such:train"])
def test_faults_name_the_form(folder: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="--data"):
        parse_spec(text.format(folder))


def test_pictures_can_be_left_out_and_rationales_cut(folder: Path, tmp_path: Path) -> None:
    row = replace(_make_row(name_dataset(folder)), text_analysis="One. Two.", image_analysis="It.")
    write_rationales(tmp_path / "taught", [row], [], {})
    specs = [parse_spec(f"{folder}:train{more}") for more in ("", ",pictures=no")]
    items, _ = make_items(
        specs, pictures=None, rationale_folders=[tmp_path / "taught"], part_sentences=(1, 1, 1, 1)
    )
    assert [i.rationale.text_analysis for i in items if i.rationale] == ["One.", "One."]
    assert len({item.key for item in items}) == 20
    spec = parse_spec(f"{folder}:train,folds=2-4,n=3,pictures=no")
    assert spec.title == f"{spec.name}:train,n=3,folds=2-4,pictures=no"
    assert str(folder.parent) not in spec.title
    with pytest.raises(ConfigError, match="is none of n=NUMBER"):
        parse_spec(f"{folder}:train,pictures=maybe")
