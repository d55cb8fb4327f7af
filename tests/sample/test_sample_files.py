"""The committed files: small, readable, and what the generator writes."""

import io
import subprocess
import sys
from pathlib import Path

import PIL
import pytest
import zstandard
from PIL import Image, ImageChops, ImageSequence, ImageStat

from tests.sample.reading import ARCHIVE, SAMPLE, SURVEY, read_entries

GENERATOR = SAMPLE.parents[1] / "docs" / "sample" / "make_sample.py"
MADE_WITH = {"pillow": "13.0.0", "zstandard": "0.25.0"}
PICTURES = sorted([*(ARCHIVE / "tweets_media").iterdir(), *(SURVEY / "pictures").iterdir()])
TRUNCATED = "my N3 back cover after one week"
MISSING = "the queue at the Kinora pop-up"


def list_files(root: Path) -> dict[str, Path]:
    """The files below a folder by relative path, caches left out."""
    return {
        path.relative_to(root).as_posix(): path
        for path in sorted(root.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def made_again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sample")
    command = [sys.executable, "-B", str(GENERATOR), "--out", str(out)]
    subprocess.run(command, check=True, timeout=120)
    return out


def test_sample_is_small() -> None:
    assert sum(path.stat().st_size for path in list_files(SAMPLE).values()) <= 1_500_000


def test_generator_writes_the_committed_files(made_again: Path) -> None:
    committed, made = list_files(SAMPLE), list_files(made_again)
    assert list(made) == list(committed)
    different = [name for name in made if not is_same(committed[name], made[name])]
    assert different == []


def is_same(committed: Path, made: Path) -> bool:
    """Same bytes; with another Pillow or zstandard the same content."""
    old, new = committed.read_bytes(), made.read_bytes()
    if old == new:
        return True
    if committed.suffix == ".zst" and zstandard.__version__ != MADE_WITH["zstandard"]:
        unpack = zstandard.ZstdDecompressor().decompress
        return unpack(old) == unpack(new)
    if committed in PICTURES and PIL.__version__ != MADE_WITH["pillow"]:
        return is_truncated(committed) or measure_difference(old, new) < 4
    return False


def measure_difference(old: bytes, new: bytes) -> float:
    """Mean difference of two pictures in steps of 255."""
    first, second = (Image.open(io.BytesIO(data)).convert("RGB") for data in (old, new))
    return sum(ImageStat.Stat(ImageChops.difference(first, second)).mean) / 3


def is_truncated(path: Path) -> bool:
    """Whether a picture is the one that is broken on purpose."""
    return any(path in entry.files and TRUNCATED in entry.text for entry in read_entries())


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_picture_opens_unless_broken_on_purpose(path: Path) -> None:
    with Image.open(path) as picture:
        assert max(picture.size) <= 480
        if is_truncated(path):
            with pytest.raises(OSError, match="truncated"):
                picture.load()
        else:
            picture.load()
            colors = picture.convert("RGBA").getcolors(maxcolors=picture.width * picture.height)
            assert colors is not None
            assert len(colors) > 16


def test_named_pictures_are_there_but_for_one() -> None:
    absent = [entry.text for entry in read_entries() for path in entry.files if not path.is_file()]
    assert len(absent) == 1
    assert absent[0].startswith(MISSING)


def test_no_picture_is_left_over() -> None:
    named = {path for entry in read_entries() for path in entry.files}
    assert [path.name for path in PICTURES if path not in named] == []


def test_picture_formats_and_their_special_cases_are_there() -> None:
    formats: dict[str | None, list[Path]] = {}
    for path in PICTURES:
        with Image.open(path) as picture:
            formats.setdefault(picture.format, []).append(path)
    assert set(formats) == {"JPEG", "PNG", "GIF", "WEBP"}
    with Image.open(formats["GIF"][0]) as animated:
        assert len(list(ImageSequence.Iterator(animated))) == 3
    with Image.open(SURVEY / "pictures" / "goat_on_tram.jpg") as turned:
        assert turned.getexif()[0x0112] == 6
        assert turned.width > turned.height
    with Image.open(SURVEY / "pictures" / "stamp_card.png") as card:
        assert card.convert("RGBA").getchannel("A").getpixel((0, 0)) == 0
