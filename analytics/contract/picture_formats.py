"""Which format a picture is, by its first bytes: names and content types are not trusted."""

from collections.abc import Mapping
from typing import Literal

PictureFormat = Literal["JPEG", "PNG", "GIF", "WEBP", "AVIF", "HEIF"]

# So many first bytes are enough for `sniff_format`.
SNIFFED_BYTES = 64

_STARTS: Mapping[bytes, PictureFormat] = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
}
# Brands of ISO base media files (ISO/IEC 23008-12, AV1 image file format); mif1 and msf1
# say no more than that it is a picture, and their compatible brands tell.
_AVIF = {b"avif", b"avis"}
_HEIF = {*(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")}
_ANY = {b"mif1", b"msf1"}


def sniff_format(head: bytes) -> PictureFormat | None:
    """The format of a picture that begins so, by its name in Pillow; None if it is no such."""
    for start, name in _STARTS.items():
        if head.startswith(start):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] != b"ftyp":
        return None
    size = min(int.from_bytes(head[:4], "big"), SNIFFED_BYTES)
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, size - 3, 4))]
    if brands[0] in _AVIF | _HEIF:
        return "AVIF" if brands[0] in _AVIF else "HEIF"
    if brands[0] in _ANY:
        return "AVIF" if _AVIF & {*brands} else "HEIF"
    return None
