"""Data named on the command line: what is taken, and how rationales find their examples."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from analytics.contract.errors import ConfigError, TrainingError
from distillation.data.loaders import name_dataset
from distillation.data.pictures import PictureFolder
from distillation.data.rationales import RationaleRow, RejectRow, write_rationales
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
        text="Text number 3",
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
    assert counts["unmatched_rationales"] == 0
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


def test_unknown_split_is_told_before_data_is_read(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"split 'trian' is not known\. Give one of train, dev"):
        parse_spec(f"{folder}:trian")


def test_a_fold_range_that_runs_backwards_takes_nothing(folder: Path) -> None:
    """It once meant no folds, and no folds meant all data."""
    with pytest.raises(ConfigError, match=r"folds=5-1' names no fold\. .* folds=1-5"):
        parse_spec(f"{folder}:train,folds=5-1")
    spec = parse_spec(f"{folder}:train")
    assert spec.folds is None
    assert load_spec(replace(spec, folds=()), pictures=None) == []


@pytest.mark.parametrize("what", ["text", "aspect", "label"])
def test_a_rationale_of_another_content_is_an_error(
    folder: Path, tmp_path: Path, what: str
) -> None:
    """A second folder of the same name got the rationales of the first."""
    row = replace(_make_row(name_dataset(folder)), **{what: "positive"})
    write_rationales(tmp_path / "taught", [row], [], {})
    with pytest.raises(TrainingError, match=f"/train/3' has the {what} 'positive', the data have"):
        make_items(
            [parse_spec(f"{folder}:train")], pictures=None, rationale_folders=[tmp_path / "taught"]
        )


def test_rationales_that_fit_no_data_are_an_error(folder: Path, tmp_path: Path) -> None:
    """A renamed folder once trained on labels alone, without a word."""
    name = name_dataset(folder)
    write_rationales(tmp_path / "taught", [_make_row(name)], [], {})
    renamed = folder.rename(folder.with_name("renamed"))
    with pytest.raises(ConfigError, match=f"none of its 1 rationales .*They are of {name}:train"):
        make_items(
            [parse_spec(f"{renamed}:train")], pictures=None, rationale_folders=[tmp_path / "taught"]
        )


def test_a_set_whose_rationales_were_all_rejected_is_left_out_with_a_warning(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It stopped the student, and the reason was said to be the names of folder and split."""
    name = name_dataset(folder)
    taught, nothing = tmp_path / "taught", tmp_path / "nothing"
    write_rationales(taught, [_make_row(name)], [], {})
    rejects = [
        RejectRow(
            example_id=str(n),
            dataset=name,
            split="train",
            stage="assistant",
            reason="malformed: no prediction",
            reply="so",
            n_attempts=1,
        )
        for n in range(6)
    ]
    counts = {"count_rejects_by_reason": {"malformed: no prediction": 6}}
    write_rationales(nothing, [], rejects, counts)
    specs = [parse_spec(f"{folder}:train")]
    _, found = make_items(specs, pictures=None, rationale_folders=[taught, nothing])
    assert (found["rationales"], found["unmatched_rationales"]) == (1, 0)
    said = f"{nothing}: holds no rationale (6 rejected; malformed: no prediction: 6)"
    assert f"{said}, see its rejects.parquet. It is left out" in caplog.text
    # Nobody who names rationales means to train on labels alone.
    with pytest.raises(ConfigError) as caught:
        make_items(specs, pictures=None, rationale_folders=[nothing])
    assert said in str(caught.value)
    assert "train the model that wrote them for longer" in str(caught.value)


def test_rationales_of_examples_that_are_not_taken_are_counted(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [
        replace(_make_row(name_dataset(folder)), example_id=str(n), text=f"Text number {n}")
        for n in range(10)
    ]
    write_rationales(tmp_path / "taught", rows, [], {})
    _, counts = make_items(
        [parse_spec(f"{folder}:train,n=4")], pictures=None, rationale_folders=[tmp_path / "taught"]
    )
    assert (counts["rationales"], counts["unmatched_rationales"]) == (4, 6)
    assert "6 of 10 rationales belong to no example" in caplog.text


def test_the_same_data_twice_are_an_error(folder: Path, tmp_path: Path) -> None:
    """Also two data sets of one name: keys index soft labels and must be unique."""
    other = tmp_path / "elsewhere" / folder.name
    shutil.copytree(folder, other)
    for second in (folder, other):
        with pytest.raises(ConfigError, match=r"'toy\.v2/train/0' comes twice, from .* and from"):
            make_items([parse_spec(f"{path}:train") for path in (folder, second)], pictures=None)
    # Once with and once without pictures is two ways to see it.
    specs = [parse_spec(f"{folder}:train{more}") for more in ("", ",pictures=no")]
    assert len(make_items(specs, pictures=None)[0]) == 20


def test_held_out_texts_are_dropped_and_counted(folder: Path) -> None:
    items, counts = make_items(
        [parse_spec(f"{folder}:train")], pictures=None, held_out=[parse_spec(f"{folder}:test")]
    )
    assert counts["overlaps"] == 1
    assert len(items) == 9


def test_posts_without_words_are_told_apart_by_their_pictures(tmp_path: Path) -> None:
    """Texts of mentions and links alone all normalise to nothing; they are no copies."""
    for name, colors in (("a", ("red", "green")), ("b", ("red",))):
        (tmp_path / name / "images").mkdir(parents=True)
        rows = []
        for color in (*colors, None):
            if color:
                Image.new("RGB", (8, 8), color).save(tmp_path / name / f"images/{color}.png")
            image = f"{color}.png" if color else None
            rows.append(
                {"text": f"@{name} http://t.co/{color}", "label": "neutral", "image": image}
            )
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / name / "train.jsonl").write_text(lines, encoding="utf-8")
    specs, held = ([parse_spec(f"{tmp_path / name}:train")] for name in "ab")
    pictures = PictureFolder(tmp_path / "kept")
    items, counts = make_items(specs, pictures=pictures, held_out=held)
    assert counts["overlaps"] == 1
    assert [item.example.group for item in items] == ["green.png", "@a http://t.co/None"]
    assert make_items(specs, pictures=None, held_out=held)[1]["overlaps"] == 0


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


def test_without_its_picture_a_rationale_says_nothing_of_it(folder: Path, tmp_path: Path) -> None:
    row = replace(
        _make_row(name_dataset(folder)),
        image_sha256="0" * 64,
        text_analysis="It is <|im_end|> plain.",
        image_analysis="A crowd.",
        conflict_resolution="There is none between text and image.",
        final_conclusion="Considering the text and the image, it is calm.",
    )
    write_rationales(tmp_path / "taught", [row], [], {})
    items, counts = make_items(
        [parse_spec(f"{folder}:train")], pictures=None, rationale_folders=[tmp_path / "taught"]
    )
    (rationale,) = (item.rationale for item in items if item.rationale)
    assert (rationale.image_analysis, rationale.conflict_resolution) == ("", "")
    assert rationale.final_conclusion == "It is calm."
    assert counts["rationales_without_picture"] == 1
    assert "<|im_end|>" not in rationale.text_analysis  # it would end the reply
    assert "|im_end|> plain." in rationale.text_analysis


def test_a_rationale_of_which_nothing_is_left_is_none(folder: Path, tmp_path: Path) -> None:
    row = replace(
        _make_row(name_dataset(folder)),
        text_analysis="",
        image_analysis="A crowd.",
        conflict_resolution="",
        final_conclusion="",
    )
    write_rationales(tmp_path / "taught", [row], [], {})
    spec = parse_spec(f"{folder}:train")
    given = {"pictures": None, "rationale_folders": [tmp_path / "taught"]}
    items, counts = make_items([spec], part_sentences=(2, 0, 0, 1), **given)
    assert (counts["rationales"], counts["rationales_emptied"]) == (0, 1)
    assert [item.rationale for item in items] == [None] * counts["examples"]
    plain, _ = make_items([spec], pictures=None)
    assert [item.key for item in items] == [item.key for item in plain]


def test_folds_of_few_groups_are_a_fault_in_words(folder: Path) -> None:
    with pytest.raises(ConfigError, match="1 picture groups make no 5 folds"):
        load_spec(parse_spec(f"{folder}:test,folds=1-4"), pictures=None)
