"""Thumbnails of pictures as data URIs."""

import base64
import io
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

_MAX_SIDE = 160  # pixels
_QUALITY = 70
_MAX_BYTES = 16 * 1024 * 1024
_MAX_PIXELS = 50_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumbnail:
    """A small picture, or the note that says why there is none."""

    data_uri: str = ""
    width: int = 0
    height: int = 0
    note: str = ""


def read_thumbnail(data_dir: Path, image_path: str) -> Thumbnail:
    """A thumbnail of a prepared picture of the data directory. Never raises."""
    root = data_dir.resolve()
    try:
        path = (root / image_path).resolve()
        if not path.is_relative_to(root):
            return Thumbnail(note="Its picture lies outside the data directory and is not shown.")
        if path.stat().st_size > _MAX_BYTES:
            return Thumbnail(note="Its picture file is too large to show.")
        data = path.read_bytes()
    except (OSError, ValueError):
        return Thumbnail(note="Its picture file is missing.")
    try:
        return _shrink(data)
    except Exception:  # Pillow's decoders raise many kinds on broken files
        return Thumbnail(note="Its picture file cannot be read.")


def _shrink(data: bytes) -> Thumbnail:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the size is checked below
        picture: Image.Image = Image.open(io.BytesIO(data))
    if picture.width * picture.height > _MAX_PIXELS:
        return Thumbnail(note="Its picture is too large to show.")
    picture.draft("RGB", (_MAX_SIDE, _MAX_SIDE))
    picture = picture.convert("RGB")
    picture.thumbnail((_MAX_SIDE, _MAX_SIDE), Image.Resampling.BICUBIC)
    picture.info.clear()  # comments and profiles stay out of the report
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_QUALITY, optimize=True)
    encoded = base64.b64encode(buffer.getvalue()).decode("ascii")
    return Thumbnail(
        data_uri=f"data:image/jpeg;base64,{encoded}",
        width=picture.width,
        height=picture.height,
    )
