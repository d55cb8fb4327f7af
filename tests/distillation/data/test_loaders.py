import json
import logging
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from analytics.contract.errors import TrainingError
from analytics.contract.labels import Label
from distillation.data.examples import Example
from distillation.data.folds import assign_split
from distillation.data.loaders import load_examples
from distillation.data.mvsa import merge_labels
from distillation.data.pictures import PictureFolder
from tests.conftest import SHARED_DATA

TSV = (
    "index\t#1 Label\t#2 ImageID\t#3 String\t#3 String\n"
    '1\t2\ta.jpg\tI "love $T$\tLisbon\n'
    '2\t0\ta.jpg\tI "love Lisbon , not the $T$\ttrams\n'
    "3\t1\tgone.jpg\t$T$ at noon\tTrams\n"
)
FOUR_LINES = "$T$ is fine\nLisbon\n1\na.jpg\nNo $T$ \ntrams\n-1\nb.jpg\n"
NEG, NEU, POS = Label.NEGATIVE, Label.NEUTRAL, Label.POSITIVE


def _draw(path: Path, color: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), color).save(path)


def _facts(examples: list[Example]) -> list[tuple[str, str, str, str, str]]:
    return [(e.example_id, e.item.text, e.item.aspect, str(e.label), e.group) for e in examples]


def test_tsv_layout_keeps_quotes_and_the_example_of_a_missing_picture(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "twitter2015"
    folder.mkdir()
    (folder / "train.tsv").write_text(TSV, encoding="utf-8")
    _draw(tmp_path / "twitter2015_images" / "a.jpg", "red")
    with caplog.at_level(logging.WARNING):
        examples = load_examples(folder, "train", pictures=PictureFolder(tmp_path / "kept"))
    assert _facts(examples) == [
        ("train-1", 'I "love Lisbon', "Lisbon", "positive", "a.jpg"),
        ("train-2", 'I "love Lisbon , not the trams', "trams", "negative", "a.jpg"),
        ("train-3", "Trams at noon", "Trams", "neutral", "gone.jpg"),
    ]
    assert [e.item.image_path is not None for e in examples] == [True, True, False]
    assert [
        r.message for r in caplog.records if "1 pictures cannot be used (1 missing)" in r.message
    ]
    assert load_examples(folder, "train")[0].item.image_sha256 is None


def test_tsv_without_a_header_loses_no_row(tmp_path: Path) -> None:
    _, *lines = TSV.splitlines(keepends=True)
    (tmp_path / "train.tsv").write_text("".join(lines), encoding="utf-8")
    found = load_examples(tmp_path, "train")
    assert [e.example_id for e in found] == ["train-1", "train-2", "train-3"]
    # A first row with a fault is no header either.
    (tmp_path / "train.tsv").write_text("1\t7\ta.jpg\tx\ty\n", encoding="utf-8")
    with pytest.raises(TrainingError, match=r"train.tsv:1: label '7'"):
        load_examples(tmp_path, "train")


def test_an_id_of_zero_is_an_id(tmp_path: Path) -> None:
    path = tmp_path / "tweets.jsonl"
    values: list[dict[str, object]] = [{"id": 0}, {"id": ""}, {"id": None}, {}]
    rows = [{**value, "text": f"Tweet {n}", "label": "neutral"} for n, value in enumerate(values)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = [e.example_id for e in load_examples(path, "all")]
    assert found == ["0", "tweets-2", "tweets-3", "tweets-4"]


def test_four_line_layout_counts_labels_from_minus_one(tmp_path: Path) -> None:
    (tmp_path / "dev.txt").write_text(FOUR_LINES, encoding="utf-8")
    assert _facts(load_examples(tmp_path, "dev")) == [
        ("dev-1", "Lisbon is fine", "Lisbon", "positive", "a.jpg"),
        ("dev-2", "No trams", "trams", "negative", "b.jpg"),
    ]
    (tmp_path / "dev.txt").write_text(FOUR_LINES + "one more\n", encoding="utf-8")
    with pytest.raises(TrainingError, match="9 lines, no multiple of 4"):
        load_examples(tmp_path, "dev")


def test_jsonl_layout_prepares_pictures_and_joins_splits(tmp_path: Path) -> None:
    for split in ("train", "test"):
        row = {"id": f"{split}-7", "text": "So\u2028good", "label": "positive", "image": "a.jpg"}
        (tmp_path / f"{split}.jsonl").write_text(
            json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    _draw(tmp_path / "images" / "a.jpg", "red")
    pictures = PictureFolder(tmp_path / "kept")
    examples = load_examples(tmp_path, "all", pictures=pictures)
    assert [e.example_id for e in examples] == ["train-7", "test-7"]
    assert {e.item.image_path for e in examples} == {
        pictures.prepare(tmp_path / "images/a.jpg").path
    }
    with pytest.raises(
        TrainingError, match=r"dev.jsonl: no such file. Splits that are here: train"
    ):
        load_examples(tmp_path, "dev")


def test_plain_tweets_are_grouped_by_text_and_split_by_group(tmp_path: Path) -> None:
    path = tmp_path / "tweets.jsonl"
    rows = [{"text": f"Tweet {i % 150} &amp; more", "label": "neutral"} for i in range(300)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    examples = load_examples(path, "all")
    assert (examples[4].example_id, examples[4].group) == ("tweets-5", "Tweet 4 & more")
    parts = {split: load_examples(path, split) for split in ("train", "dev", "test")}
    assert sum(map(len, parts.values())) == 300
    assert not {e.group for e in parts["train"]} & {e.group for e in parts["test"]}
    assert all(assign_split(e.group) == "dev" for e in parts["dev"])


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([(POS, POS)], POS),
        ([(POS, NEU)], POS),
        ([(NEU, NEG)], NEG),
        ([(NEU, NEU)], NEU),
        ([(POS, NEG)], None),
        ([(POS, NEU), (POS, NEU), (NEG, POS)], POS),
        ([(POS, NEU), (NEG, NEU), (NEU, NEU)], None),
        ([(POS, NEG), (POS, NEG), (POS, POS)], None),
    ],
)
def test_mvsa_labels_merge_by_the_published_rule(
    pairs: list[tuple[Label, Label]], expected: Label | None
) -> None:
    assert merge_labels(pairs) is expected


def test_mvsa_layouts_decode_and_drop(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "labelResultAll.txt").write_text(
        "ID\ttext,image\ttext,image\ttext,image\n"
        "3\tpositive,neutral\tpositive,neutral\tnegative,positive\n"
        "4\tpositive,negative\tpositive,negative\tpositive,negative\n"
        "5\tneutral,neutral\tneutral,neutral\tneutral,neutral\n",
        encoding="utf-8",
    )
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "3.txt").write_bytes("Caf\u00e9 \u201clove\u201d".encode("cp1252"))
    (tmp_path / "data" / "4.txt").write_text("so so", encoding="utf-8")
    _draw(tmp_path / "data" / "3.jpg", "red")
    with caplog.at_level(logging.INFO):
        (example,) = load_examples(tmp_path, "all", pictures=PictureFolder(tmp_path / "kept"))
    assert (example.example_id, example.label) == ("mvsa-3", Label.POSITIVE)
    assert example.item.text == "Caf\u00e9 \u201clove\u201d"
    assert example.item.image_path is not None
    assert "1 posts dropped" in caplog.text
    assert "1 labelled posts have no text file" in caplog.text
    (tmp_path / "labelResultAll.txt").write_text("ID\ttext,image\n3\tpositive\n", encoding="utf-8")
    with pytest.raises(TrainingError, match=r"labelResultAll.txt:2: 'positive'"):
        load_examples(tmp_path, "all")


def test_mvsa_without_a_header_loses_no_post(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for name in ("7", "x8"):
        (tmp_path / "data" / f"{name}.txt").write_text(f"Text {name}", encoding="utf-8")
    lines = ["7\tpositive,neutral\n", "x8\tneutral,neutral\n"]
    for first in (lines, lines[::-1], ["ID\ttext,image\n", *lines]):
        (tmp_path / "labelResultAll.txt").write_text("".join(first), encoding="utf-8")
        found = {example.example_id for example in load_examples(tmp_path, "all")}
        assert found == {"mvsa-7", "mvsa-x8"}
    (tmp_path / "labelResultAll.txt").write_text("7\tgood,bad\n", encoding="utf-8")
    with pytest.raises(TrainingError, match=r"labelResultAll.txt:1: label 'good'"):
        load_examples(tmp_path, "all")


def test_mvsa_copies_of_a_text_never_cross_splits(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    lines = ["ID\ttext,image"]
    for i in range(200):
        lines.append(f"{i}\tpositive,neutral")
        text = f"RT @someone{i}: the same text {i % 50} http://t.co/{i}"
        (tmp_path / "data" / f"{i}.txt").write_text(text, encoding="utf-8")
    (tmp_path / "labelResultAll.txt").write_text("\n".join(lines), encoding="utf-8")
    parts = {split: load_examples(tmp_path, split) for split in ("train", "dev", "test")}
    assert sum(map(len, parts.values())) == 200
    groups = [{e.group for e in part} for part in parts.values()]
    assert sum(map(len, groups)) == len(set().union(*groups)) == 50


def test_broken_rows_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"Looked for labelResultAll.txt .*\.tsv"):
        load_examples(tmp_path, "train")
    with pytest.raises(TrainingError, match="split 'training' is not known"):
        load_examples(tmp_path, "training")
    (tmp_path / "train.jsonl").write_text('{"text": "a", "label": "good"}\n', encoding="utf-8")
    with pytest.raises(TrainingError, match=r"train.jsonl:1: label 'good'"):
        load_examples(tmp_path, "train")
    line = '{"id": "x", "text": "a", "label": "neutral"}\n'
    (tmp_path / "train.jsonl").write_text(line * 2, encoding="utf-8")
    with pytest.raises(TrainingError, match="id 'x' occurs twice"):
        load_examples(tmp_path, "train")
    (tmp_path / "test.tsv").write_text("h\n1\t2\ta.jpg\n", encoding="utf-8")
    (tmp_path / "train.jsonl").unlink()
    with pytest.raises(TrainingError, match=r"test.tsv:2: 3 columns"):
        load_examples(tmp_path, "test")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "split", "counts"),
    [
        ("t15", "train", (368, 1883, 928)),
        ("t15", "dev", (149, 670, 303)),
        ("t15", "test", (113, 607, 317)),
        ("t17", "train", (416, 1638, 1508)),
        ("t17", "dev", (144, 517, 515)),
        ("t17", "test", (168, 573, 493)),
    ],
)
def test_real_data_have_their_published_counts(
    name: str, split: str, counts: tuple[int, int, int]
) -> None:
    if not (SHARED_DATA / name).is_dir():
        pytest.skip(f"{SHARED_DATA / name} is not there")
    found = Counter(e.label for e in load_examples(SHARED_DATA / name, split))
    assert tuple(found[label] for label in (NEG, NEU, POS)) == counts
