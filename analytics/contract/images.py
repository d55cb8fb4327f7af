"""Picture preparation: the same bytes at training and at serving."""

import hashlib
import io
import os
import stat
import warnings
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from PIL import Image, ImageOps, UnidentifiedImageError

from analytics.contract.errors import ImageError
from analytics.contract.picture_limits import (
    MAX_SCANS,
    SLOW_FORMATS,
    PixelRoom,
    has_too_many_scans,
)

# What posts have. Of the others that Pillow knows some start a program (EPS: Ghostscript).
READABLE_FORMATS = (
    *("JPEG", "MPO", "JPEG2000", "PNG", "GIF", "WEBP", "AVIF", "HEIF"),
    *("BMP", "DIB", "TIFF", "ICO", "PPM", "TGA", "QOI"),
)
# The first and the last two bytes of a whole JPEG file.
_JPEG_START = b"\xff\xd8"
_JPEG_END = b"\xff\xd9"
# A progressive JPEG is held as a whole at first, in so many times less than its pixels take.
_PIXELS_OF_COEFFICIENTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSettings:
    """How pictures are prepared; part of the training digest.

    `max_side` is in pixels (the paper trains at 280 x 280; here the aspect
    ratio is kept), `quality` is the JPEG quality of the prepared file. Raise
    `version` when the same picture would be prepared to other bytes.
    """

    version: int = 1
    max_side: int = 280
    quality: int = 90
    max_pixels: int = 100_000_000
    max_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedImage:
    """A prepared picture and the facts of its original.

    `sha256`, `width`, `height`, `n_bytes` describe the original file (width and
    height in pixels after orientation); `jpeg` is the prepared picture.
    """

    jpeg: bytes
    sha256: str
    width: int
    height: int
    n_bytes: int


def read_image_file(path: Path, settings: ImageSettings | None = None) -> bytes:
    """The bytes of a picture file; never more than `max_bytes` are read.

    Raises:
        ImageError: `missing` (also what is no regular file) or `too_large`.
    """
    settings = settings or ImageSettings()
    limit = settings.max_bytes
    try:
        _check_is_regular(path, path.stat())  # opening a device may already do something
        # A pipe that takes the file's place meanwhile must not block.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            _check_is_regular(path, found)
            if found.st_size > limit:
                raise ImageError("too_large", f"{path}: {found.st_size} bytes, limit {limit}")
            data = file.read(found.st_size + 1)
            if len(data) > found.st_size:  # it grew, or its size is not told (/proc)
                data += file.read(limit + 1 - len(data))
    except ValueError as exc:  # no file has such a name: it holds a NUL
        raise ImageError("missing", f"{str(path)!r}: {exc}") from exc
    except OSError as exc:
        raise ImageError("missing", f"{path}: {exc.strerror or exc}") from exc
    if len(data) > limit:
        raise ImageError("too_large", f"{path}: more than {limit} bytes")
    return data


def _check_is_regular(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise ImageError("missing", f"{path}: not a regular file")


def name_prepared_folder(settings: ImageSettings | None = None) -> PurePosixPath:
    """The folder, below a data directory, of pictures prepared as in this version."""
    version = (settings or ImageSettings()).version
    return PurePosixPath("pictures" if version == 1 else f"pictures-v{version}")


def locate_prepared(sha256: str, settings: ImageSettings | None = None) -> PurePosixPath:
    """Where the prepared form of an original is kept, below a data directory."""
    return name_prepared_folder(settings) / sha256[:2] / f"{sha256}.jpg"


def is_whole_picture(path: Path) -> bool:
    """Whether a prepared picture is there, from its first bytes to its last; none is decoded."""
    try:
        with path.open("rb", buffering=0) as file:  # two bytes at each end, no block
            if file.read(2) != _JPEG_START:
                return False
            file.seek(-2, os.SEEK_END)
            return file.read(2) == _JPEG_END
    except OSError:
        return False


def recognize_image(
    data: bytes,
    jpeg: bytes,
    settings: ImageSettings | None = None,
    formats: tuple[str, ...] | None = None,
) -> PreparedImage | None:
    """What `prepare_image` gives, where `jpeg` is its work of an earlier time.

    No pixel is decoded: the original's header tells its size, and the form of the
    prepared picture whether it was turned. None where that is not enough: `jpeg` is
    no whole picture (a disk that was full), or is square where the original is not.
    """
    settings = settings or ImageSettings()
    if not jpeg.endswith(_JPEG_END):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            width, height = _open(data, formats).size
            kept_width, kept_height = Image.open(io.BytesIO(jpeg), formats=["JPEG"]).size
    except Exception:  # as many kinds as in `prepare_image`, which then tells
        return None
    if width * height > settings.max_pixels:
        return None
    if width != height:
        if kept_width == kept_height:
            return None
        if (width > height) != (kept_width > kept_height):
            width, height = height, width
    return PreparedImage(
        jpeg=jpeg,
        sha256=hashlib.sha256(data).hexdigest(),
        width=width,
        height=height,
        n_bytes=len(data),
    )


def prepare_image(
    data: bytes,
    settings: ImageSettings | None = None,
    formats: tuple[str, ...] | None = None,
    room: PixelRoom | None = None,
) -> PreparedImage:
    """Decode, orient, lay on white, shrink to `max_side`, encode as JPEG.

    Animated files give their first frame. JPEG files are decoded at a reduced
    scale where that is enough (draft mode). `formats` are those that may be read, by
    their names in Pillow; None: `READABLE_FORMATS`. In `room` threads wait for each other's
    pixels.

    Raises:
        ImageError: `broken` or `too_large`.
    """
    settings = settings or ImageSettings()
    side = settings.max_side
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # size is checked below
            picture: Image.Image = _open(data, formats)
            width, height = picture.size
            _check_cost(picture, data, settings.max_pixels)
            picture.draft("RGB", (side, side))
            n_pixels = max(
                picture.width * picture.height, width * height // _PIXELS_OF_COEFFICIENTS
            )
            with room.take(n_pixels) if room else nullcontext():
                picture.load()
                if picture.getexif().get(0x0112, 1) in (5, 6, 7, 8):
                    width, height = height, width
                ImageOps.exif_transpose(picture, in_place=True)  # one that need not turn: no copy
                picture = _lay_on_white(picture)
                picture.thumbnail((side, side), Image.Resampling.BICUBIC, reducing_gap=2.0)
            picture.info.clear()  # no comment, profile or EXIF (a place, a camera) goes on
            buffer = io.BytesIO()
            picture.save(buffer, "JPEG", quality=settings.quality)
    except ImageError:
        raise
    except Image.DecompressionBombError as exc:
        raise ImageError("too_large", str(exc)) from exc
    except UnidentifiedImageError as exc:
        raise ImageError("broken", "not a picture in a known format") from exc
    except Exception as exc:  # Pillow's decoders raise many kinds on hostile files
        raise ImageError("broken", f"cannot be decoded ({type(exc).__name__}: {exc})") from exc
    return PreparedImage(
        jpeg=buffer.getvalue(),
        sha256=hashlib.sha256(data).hexdigest(),
        width=width,
        height=height,
        n_bytes=len(data),
    )


def _check_cost(picture: Image.Image, data: bytes, max_pixels: int) -> None:
    """Refuse what would take too long or too much memory; nothing is decoded yet."""
    width, height = picture.size
    limit = min(max_pixels, SLOW_FORMATS.get(picture.format or "", max_pixels))
    if width * height > limit:
        raise ImageError("too_large", f"{width} x {height} pixels, limit {limit}")
    if picture.format in ("JPEG", "MPO") and has_too_many_scans(data):
        raise ImageError("broken", f"a JPEG of more than {MAX_SCANS} scans, which may take hours")


def _open(data: bytes, formats: tuple[str, ...] | None) -> Image.Image:
    Image.init()
    known = [name for name in formats or READABLE_FORMATS if name in Image.OPEN]
    return Image.open(io.BytesIO(data), formats=known)


def _lay_on_white(picture: Image.Image) -> Image.Image:
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        rgba = picture if picture.mode == "RGBA" else picture.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, rgba).convert("RGB")
    return picture if picture.mode == "RGB" else picture.convert("RGB")
