import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image

from analytics.contract.errors import ImageError
from analytics.contract.images import (
    ImageSettings,
    locate_prepared,
    prepare_image,
    read_image_file,
    recognize_image,
)


def _bytes(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def _open(jpeg: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(jpeg))
    picture.load()
    return picture


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP"])
def test_prepare_shrinks_any_kind_to_rgb_jpeg(kind: str) -> None:
    prepared = prepare_image(_bytes(Image.new("RGB", (1200, 600), "red"), kind))
    picture = _open(prepared.jpeg)
    assert picture.format == "JPEG"
    assert picture.mode == "RGB"
    assert picture.size == (280, 140)
    assert (prepared.width, prepared.height) == (1200, 600)


def test_prepare_does_not_enlarge() -> None:
    assert _open(prepare_image(_bytes(Image.new("RGB", (20, 10)), "PNG")).jpeg).size == (20, 10)


def test_prepare_lays_alpha_on_white() -> None:
    clear = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    assert _open(prepare_image(_bytes(clear, "PNG")).jpeg).getpixel((16, 16)) == (255, 255, 255)


def test_prepare_turns_by_exif() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    prepared = prepare_image(_bytes(Image.new("RGB", (400, 200)), "JPEG", exif=exif.tobytes()))
    assert _open(prepared.jpeg).size == (140, 280)
    assert (prepared.width, prepared.height) == (200, 400)


def test_prepare_drops_comment_and_exif() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    data = _bytes(
        Image.new("RGB", (64, 64)), "JPEG", exif=exif.tobytes(), comment=b"secret comment"
    )
    jpeg = prepare_image(data).jpeg
    assert b"secret" in data
    assert b"secret" not in jpeg
    assert b"SecretCamera" not in jpeg


@pytest.mark.parametrize("mode", ["L", "CMYK", "P", "1", "I;16"])
def test_prepare_takes_any_mode(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    picture = _open(prepare_image(_bytes(Image.new(mode, (16, 16)), kind)).jpeg)
    assert picture.mode == "RGB"


def test_prepare_takes_the_first_frame() -> None:
    frames = [Image.new("RGB", (16, 16), color) for color in ("white", "black")]
    data = _bytes(frames[0], "GIF", save_all=True, append_images=frames[1:])
    pixel = _open(prepare_image(data).jpeg).getpixel((8, 8))
    assert isinstance(pixel, tuple)
    assert min(pixel) > 250


def test_prepare_is_deterministic() -> None:
    data = _bytes(Image.effect_noise((500, 500), 50).convert("RGB"), "JPEG")
    assert prepare_image(data) == prepare_image(data)


@pytest.mark.parametrize("data", [b"", b"not a picture", b"\xff\xd8\xff", b"GIF89a"])
def test_prepare_of_no_picture_is_broken(data: bytes) -> None:
    with pytest.raises(ImageError) as caught:
        prepare_image(data)
    assert caught.value.reason == "broken"


def test_prepare_runs_no_program_of_a_document() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(buffer, "EPS")  # Pillow would start Ghostscript
    with pytest.raises(ImageError, match="not a picture in a known format"):
        prepare_image(buffer.getvalue())


def test_prepare_of_a_truncated_picture_is_broken() -> None:
    data = _bytes(Image.effect_noise((300, 300), 50).convert("RGB"), "JPEG")
    with pytest.raises(ImageError) as caught:
        prepare_image(data[: len(data) // 2])
    assert caught.value.reason == "broken"


def test_prepare_refuses_too_many_pixels() -> None:
    data = _bytes(Image.new("1", (4000, 4000)), "PNG")
    with pytest.raises(ImageError) as caught:
        prepare_image(data, ImageSettings(max_pixels=1_000_000))
    assert caught.value.reason == "too_large"


def test_prepare_refuses_what_pillow_takes_for_a_bomb() -> None:
    parts = (
        b"IHDR" + struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0),
        b"IDAT" + zlib.compress(b"\0"),
    )
    chunks = [
        struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part))
        for part in parts
    ]
    with pytest.raises(ImageError, match="decompression bomb") as caught:
        prepare_image(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    assert caught.value.reason == "too_large"


def test_read_names_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"gone\.jpg") as caught:
        read_image_file(tmp_path / "gone.jpg")
    assert caught.value.reason == "missing"


def test_read_takes_an_impossible_name_for_a_missing_file() -> None:
    with pytest.raises(ImageError, match="null byte") as caught:
        read_image_file(Path("a\0b.jpg"))
    assert caught.value.reason == "missing"


def test_read_refuses_a_large_file(tmp_path: Path) -> None:
    path = tmp_path / "big.jpg"
    path.write_bytes(b"x" * 100)
    with pytest.raises(ImageError) as caught:
        read_image_file(path, ImageSettings(max_bytes=10))
    assert caught.value.reason == "too_large"


def test_read_takes_a_file_that_is_as_large_as_allowed(tmp_path: Path) -> None:
    path = tmp_path / "full.jpg"
    path.write_bytes(b"x" * 10)
    assert read_image_file(path, ImageSettings(max_bytes=10)) == b"x" * 10


# In a process of its own: what reads a device or waits for a pipe must not take
# the tests with it.
_READ = """
import resource, sys
from pathlib import Path
from analytics.contract.errors import ImageError
from analytics.contract.images import read_image_file
resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))
try:
    read_image_file(Path(sys.argv[1]))
except ImageError as exc:
    print(exc.reason, exc)
"""


@pytest.mark.parametrize("kind", ["device", "pipe", "link to a device", "folder"])
def test_read_opens_nothing_but_regular_files(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.jpg"
    if kind == "device":
        path = Path("/dev/zero")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    done = subprocess.run(
        [sys.executable, "-c", _READ, str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.stdout == f"missing {path}: not a regular file\n", done.stderr


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="no /proc")
def test_read_is_bounded_where_the_size_is_not_told() -> None:
    assert read_image_file(Path("/proc/self/status")).startswith(b"Name:")
    with pytest.raises(ImageError) as caught:
        read_image_file(Path("/proc/self/status"), ImageSettings(max_bytes=20))
    assert caught.value.reason == "too_large"


def test_recognize_decodes_nothing() -> None:
    """What stands behind the header is not looked at: the file was whole when it was prepared."""
    data = _bytes(Image.effect_noise((300, 200), 50).convert("RGB"), "JPEG")
    jpeg = prepare_image(data).jpeg
    cut = data[: len(data) // 2]
    found = recognize_image(cut, jpeg)
    assert found is not None
    assert (found.width, found.height, found.n_bytes, found.jpeg) == (300, 200, len(cut), jpeg)


def test_recognize_sees_that_the_original_was_turned() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for kind in ("JPEG", "PNG", "WEBP"):
        data = _bytes(Image.new("RGB", (400, 200)), kind, exif=exif.tobytes())
        assert recognize_image(data, prepare_image(data).jpeg) == prepare_image(data)


def test_recognize_gives_up_on_what_it_cannot_tell() -> None:
    data = _bytes(Image.new("RGB", (40, 20)), "PNG")
    jpeg = prepare_image(data).jpeg
    assert recognize_image(data, jpeg[:-1]) is None
    assert recognize_image(data, b"\xff\xd9") is None
    assert recognize_image(b"not a picture", jpeg) is None
    assert recognize_image(data, jpeg, ImageSettings(max_pixels=100)) is None
    square = prepare_image(_bytes(Image.new("RGB", (20, 20)), "PNG")).jpeg
    assert recognize_image(data, square) is None


def test_prepared_pictures_of_each_version_have_their_folder() -> None:
    assert str(locate_prepared("ab12")) == "pictures/ab/ab12.jpg"
    later = ImageSettings(version=3)
    assert str(locate_prepared("ab12", later)) == "pictures-v3/ab/ab12.jpg"
