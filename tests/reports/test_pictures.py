import base64
import io
from pathlib import Path

import pytest
from PIL import Image

from reports.pictures import read_thumbnail
from tests.reports.databases import draw_picture


def test_thumbnail_is_a_small_jpeg_without_extras(tmp_path: Path) -> None:
    Image.new("RGB", (800, 400), "teal").save(tmp_path / "a.jpg", comment=b"secret place")
    thumbnail = read_thumbnail(tmp_path, "a.jpg")
    data = base64.b64decode(thumbnail.data_uri.removeprefix("data:image/jpeg;base64,"))

    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (160, 80))
    assert (thumbnail.width, thumbnail.height, thumbnail.note) == (160, 80, "")
    assert b"secret place" not in data


def test_small_picture_is_not_blown_up(tmp_path: Path) -> None:
    Image.new("RGBA", (20, 10)).save(tmp_path / "a.png")
    assert read_thumbnail(tmp_path, "a.png").width == 20


@pytest.mark.parametrize(
    ("path", "note"),
    [
        ("gone.jpg", "Its picture file is missing."),
        ("folder", "Its picture file is missing."),
        ("text.jpg", "Its picture file cannot be read."),
        ("cut.jpg", "Its picture file cannot be read."),
        ("../outside.jpg", "Its picture lies outside the data directory and is not shown."),
        ("/etc/hostname", "Its picture lies outside the data directory and is not shown."),
        ("link.jpg", "Its picture lies outside the data directory and is not shown."),
        ("nul\0.jpg", "Its picture file is missing."),
    ],
    ids=["missing", "folder", "text", "cut", "outside", "absolute", "link", "nul"],
)
def test_picture_that_cannot_be_shown_gives_a_note(tmp_path: Path, path: str, note: str) -> None:
    data_dir = tmp_path / "data"
    (data_dir / "folder").mkdir(parents=True)
    draw_picture(tmp_path / "outside.jpg", 1)
    (data_dir / "text.jpg").write_text("no picture")
    (data_dir / "cut.jpg").write_bytes((tmp_path / "outside.jpg").read_bytes()[:700])
    (data_dir / "link.jpg").symlink_to(tmp_path / "outside.jpg")
    thumbnail = read_thumbnail(data_dir, path)

    assert (thumbnail.data_uri, thumbnail.note) == ("", note)
