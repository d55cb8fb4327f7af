import logging
from pathlib import Path

import duckdb
import polars as pl
import pytest
from PIL import Image

from analytics.contract.errors import TrainingError
from analytics.contract.records import Media
from analytics.media import prepare_media
from analytics.store.gold import GoldLabel, store_gold, write_gold_parquet
from analytics.store.sql_files import build_models
from distillation.data.gold import read_gold
from distillation.data.loaders import load_examples
from distillation.data.pictures import PictureFolder
from tests.scripted import make_post, rows, store_posts


def _gold(post_id: str, label: str, annotator: str = "a", aspect: str = "") -> GoldLabel:
    return GoldLabel(post_id=post_id, aspect=aspect, label=label, annotator=annotator)


def test_gold_goes_from_the_warehouse_to_examples(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Image.new("RGB", (400, 300), "red").save(tmp_path / "a.png")
    picture = Media(kind="image", source_path=tmp_path / "a.png")
    store_posts(
        connection,
        [make_post("1", "so &amp; good", media=(picture,)), make_post("2", "tram"), make_post("3")],
    )
    prepare_media(connection, data_dir=tmp_path / "data", run_id="r")
    build_models(connection)
    store_gold(
        connection,
        [
            _gold("test:1", "positive"),
            _gold("test:1", "positive", "b"),
            _gold("test:1", "negative", "c"),
            _gold("test:2", "negative", aspect="tram"),
            _gold("test:3", "negative"),
            _gold("test:3", "neutral", "b"),
            _gold("test:gone", "neutral"),
        ],
    )
    path = tmp_path / "gold.parquet"
    assert write_gold_parquet(connection, path, tmp_path / "data") == 6
    with caplog.at_level(logging.WARNING):
        examples = load_examples(path, "all", pictures=PictureFolder(tmp_path / "unused"))
    assert [(e.example_id, e.item.aspect, str(e.label)) for e in examples] == [
        ("test:1", "", "positive"),
        ("test:2:tram", "tram", "negative"),
    ]
    assert "1 items left out, their annotators do not agree" in caplog.text
    # The prepared picture itself, under the key that the warehouse has for it.
    (key, image_path) = rows(
        connection, "select content_key, image_path from int_items where post_id = 'test:1'"
    )[0]
    assert examples[0].item.content_key == key
    assert examples[0].item.image_path == tmp_path / "data" / image_path
    assert examples[0].group == Path(image_path).name
    assert load_examples(path, "all")[0].item.image_path is None
    parts = [load_examples(tmp_path, split) for split in ("train", "dev", "test")]
    assert sum(map(len, parts)) == 2


def test_gold_without_its_picture_or_a_column(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "gold.parquet"
    row = {
        "post_id": "x:1",
        "aspect": "",
        "text": "hi",
        "label": "neutral",
        "annotator": "a",
        "weight": 1.0,
        "image_path": "p.jpg",
    }
    pl.DataFrame([row]).write_parquet(path)
    (example,) = load_examples(path, "all", pictures=PictureFolder(tmp_path))
    assert (example.item.image_path, example.group) == (None, "p.jpg")
    assert "1 prepared pictures are missing" in caplog.text
    Image.new("RGB", (8, 8)).save(tmp_path / "p.jpg")
    (example,) = load_examples(path, "all", pictures=PictureFolder(tmp_path))
    assert example.item.image_path == tmp_path / "p.jpg"
    pl.DataFrame([row]).drop("text").write_parquet(path)
    with pytest.raises(TrainingError, match="no column text"):
        load_examples(path, "all")
    path.write_text("no Parquet", encoding="utf-8")
    with pytest.raises(TrainingError, match="cannot be read as Parquet"):
        load_examples(path, "all")


def _write_parquet(path: Path, **columns: object) -> None:
    whole = {
        "post_id": ["a", "b"],
        "aspect": ["", ""],
        "text": ["Good", "Bad"],
        "label": ["positive", "negative"],
        "annotator": ["x", "x"],
        "image_path": [None, None],
        **columns,
    }
    pl.DataFrame(whole).write_parquet(path)


def test_gold_of_other_tools_may_have_numbers_as_ids(tmp_path: Path) -> None:
    _write_parquet(tmp_path / "gold.parquet", post_id=[7, 8])
    examples = read_gold(tmp_path / "gold.parquet", "all", with_pictures=True)
    assert [e.example_id for e in examples] == ["7", "8"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"text": ["Good", None]}, "column text is null in 1 of 2 rows, the first of them row 2"),
        (
            {"post_id": [None, "b"]},
            "column post_id is null in 1 of 2 rows, the first of them row 1",
        ),
        ({"text": [1.5, 2.5]}, r"text \(Float64\) must be text"),
        ({"image_path": [1, 2]}, r"image_path \(Int64\) must be text"),
    ],
    ids=["null-text", "null-id", "number-text", "number-path"],
)
def test_gold_with_values_of_another_kind(
    tmp_path: Path, columns: dict[str, object], message: str
) -> None:
    _write_parquet(tmp_path / "gold.parquet", **columns)
    with pytest.raises(TrainingError, match=message):
        read_gold(tmp_path / "gold.parquet", "all", with_pictures=True)
