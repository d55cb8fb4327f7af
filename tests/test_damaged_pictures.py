"""Prepared pictures that a power loss or a disk has damaged: found, told, and made anew."""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest
from PIL import Image

from analytics.contract.engine import LabelReply
from analytics.contract.records import Item, Media
from analytics.contract.rendering import open_picture, read_picture
from analytics.infer import InferSettings, infer
from analytics.media import prepare_media
from distillation.data.pictures import PictureFolder
from tests.scripted import ScriptedEngine, make_post, new_run, rows, scalar, store_posts


class _Looking(ScriptedEngine):
    """Opens the pictures, as the real engines do."""

    def label(self, items: Sequence[Item]) -> list[LabelReply]:
        for item in items:
            if item.image_path is not None:
                open_picture(item.image_path)
        return super().label(items)


def _prepare(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[Path, bytes]:
    """Three posts with a picture each, prepared; the small files and their bytes."""
    for n in range(3):
        Image.linear_gradient("L").resize((40 + n, 30)).save(folder / f"{n}.png")
    posts = [
        make_post(
            str(n), text=f"Tram {n}", media=(Media(kind="image", source_path=folder / f"{n}.png"),)
        )
        for n in range(3)
    ]
    store_posts(connection, posts)
    prepare_media(connection, data_dir=folder / "data", run_id="r1")
    return {path: path.read_bytes() for path in sorted((folder / "data").rglob("*.jpg"))}


def _break_tables(jpeg: bytes) -> bytes:
    """A file whose header and end are whole, but not the tables that decoding needs."""
    start = jpeg.index(b"\xff\xc4") + 5
    return jpeg[:start] + b"\xff" * 16 + jpeg[start + 16 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda jpeg: b"",
        lambda jpeg: jpeg[: len(jpeg) // 2],
        lambda jpeg: b"\0" * len(jpeg),
        lambda jpeg: jpeg[:-1],
    ],
    ids=["empty", "cut", "zeroed", "one byte short"],
)
def test_damaged_picture_is_made_anew(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, damage: object
) -> None:
    kept = _prepare(connection, tmp_path)
    path, *_ = kept
    path.write_bytes(damage(kept[path]))  # type: ignore[operator]
    counts = prepare_media(connection, data_dir=tmp_path / "data", run_id="r2")
    assert (counts.count_prepared, counts.count_reused) == (1, 0)
    assert {path: path.read_bytes() for path in kept} == kept


@pytest.mark.parametrize("damage", [lambda jpeg: jpeg[:200], _break_tables], ids=["cut", "tables"])
def test_picture_that_an_engine_refused_is_made_anew_among_very_many(
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    damage: object,
) -> None:
    """The sample may miss it, so it is told by the reject of its post."""
    kept = _prepare(connection, tmp_path)
    monkeypatch.setattr("analytics.store.lost_pictures._MAX_LOOKED_FOR", 2)
    monkeypatch.setattr("analytics.store.lost_pictures._N_SAMPLED", 0)
    path, *_ = kept
    path.write_bytes(damage(kept[path]))  # type: ignore[operator]
    settings = InferSettings(model_id="m", result_digest="d", data_dir=tmp_path / "data")
    assert not prepare_media(connection, data_dir=tmp_path / "data", run_id="r2").count_prepared
    infer(connection, _Looking, new_run(connection), settings)
    (reason,) = rows(connection, "select reason from rejects")[0]
    assert f"picture {path}: cannot be read" in str(reason)
    assert "`analytics media`" in str(reason)
    counts = prepare_media(connection, data_dir=tmp_path / "data", run_id="r3")
    assert (counts.count_prepared, counts.count_reused) == (1, 0)
    assert path.read_bytes() == kept[path]
    infer(connection, _Looking, new_run(connection), settings)
    assert scalar(connection, "select count(*) from predictions") == 3
    assert rows(connection, "from rejects") == []


def test_whole_picture_of_a_rejected_post_is_left_alone(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    _prepare(connection, tmp_path)
    settings = InferSettings(model_id="m", result_digest="d", data_dir=tmp_path / "data")
    failing = ScriptedEngine(fails_on="Tram 1", failure="no picture today")
    infer(connection, lambda: failing, new_run(connection), settings)
    assert scalar(connection, "select count(*) from rejects") == 1
    assert not prepare_media(connection, data_dir=tmp_path / "data", run_id="r2").count_prepared


def test_read_picture_gives_the_bytes_as_they_are(tmp_path: Path) -> None:
    Image.new("RGB", (20, 10)).save(tmp_path / "a.jpg")
    assert read_picture(tmp_path / "a.jpg") == (tmp_path / "a.jpg").read_bytes()


def test_picture_for_training_that_is_damaged_is_made_anew(tmp_path: Path) -> None:
    Image.new("RGB", (20, 10), "red").save(tmp_path / "a.png")
    pictures = PictureFolder(tmp_path / "kept")
    kept = pictures.prepare(tmp_path / "a.png")
    whole = kept.path.read_bytes()
    kept.path.write_bytes(b"")
    assert pictures.prepare(tmp_path / "a.png") == kept
    assert kept.path.read_bytes() == whole
