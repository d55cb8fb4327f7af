import io

import pytest
from PIL import Image

from analytics.contract.picture_formats import SNIFFED_BYTES, sniff_format


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_formats_are_known_by_their_first_bytes(kind: str) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (9, 9)).save(buffer, kind)
    assert sniff_format(buffer.getvalue()[:SNIFFED_BYTES]) == kind


def _box(*brands: bytes) -> bytes:
    body = b"ftyp" + brands[0] + b"\0\0\0\0" + b"".join(brands[1:])
    return (len(body) + 4).to_bytes(4, "big") + body + b"\0\0\x01\xa2meta"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (_box(b"heic", b"mif1", b"heic"), "HEIF"),
        (_box(b"mif1", b"heic"), "HEIF"),
        (_box(b"msf1", b"hevc"), "HEIF"),
        (_box(b"mif1", b"miaf", b"avif"), "AVIF"),
        (_box(b"avis", b"avif"), "AVIF"),
        (_box(b"isom", b"mp42", b"avif"), None),
        (_box(b"qt  "), None),
        (b"\xff\xff\xff\xffftypmif1" + b"\0" * 99, "HEIF"),
        (b"\0\0\0\0ftyp", None),
        (b"BM\x36\0\0\0", None),
        (b"<svg ", None),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"\xff\xd8", None),
        (b"", None),
    ],
)
def test_heads_of_other_kinds(head: bytes, expected: str | None) -> None:
    assert sniff_format(head[:SNIFFED_BYTES]) == expected
