"""Pictures of many kinds, made by rule: the same bytes under the same Pillow."""

import hashlib
import io
from collections.abc import Callable, Iterator

from PIL import Image

_ORIENTATION = 0x0112
_SIZES = (
    *((1920, 1080), (1080, 1920), (4000, 3000), (1000, 1000), (640, 480), (561, 560)),
    *((560, 561), (281, 280), (280, 280), (279, 281), (100, 60), (17, 13), (1, 1)),
    *((2000, 20), (3, 1500)),
)
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "I;16")


def make_scene(width: int, height: int) -> Image.Image:
    """Two slopes and blurred noise, in RGB: something for each part of a codec to do."""
    noise = hashlib.shake_256(b"scene").digest(37 * 23)
    parts = (
        Image.linear_gradient("L").rotate(30),
        Image.radial_gradient("L"),
        Image.frombytes("L", (37, 23), noise),
    )
    size = (width, height)
    return Image.merge("RGB", [part.resize(size, Image.Resampling.BICUBIC) for part in parts])


def encode(picture: Image.Image, kind: str, **options: object) -> bytes:
    """The picture as a file of a kind."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def list_pictures() -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Names of pictures, and what makes each file."""
    for width, height in _SIZES:
        yield f"jpeg-{width}x{height}", lambda s=(width, height): encode(make_scene(*s), "JPEG")
    for kind in ("PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM"):
        yield f"{kind.lower()}-700x500", lambda k=kind: encode(make_scene(700, 500), k)
    for number in range(1, 9):
        yield f"exif-{number}", lambda n=number: encode(make_scene(600, 400), "JPEG", exif=_turn(n))
    yield "png-exif-6", lambda: encode(make_scene(600, 400), "PNG", exif=_turn(6))
    yield "webp-exif-8", lambda: encode(make_scene(600, 400), "WEBP", exif=_turn(8))
    for mode in _MODES:
        kind = "TIFF" if mode == "PA" else "PNG"
        yield f"{kind.lower()}-{mode}", lambda m=mode, k=kind: encode(_in_mode(m), k)
    yield "png-P-transparent", lambda: _make_clear_block("P", "PNG")
    yield "png-RGB-transparent", lambda: _make_clear_block("RGB", "PNG")
    yield "webp-RGBA", lambda: encode(_in_mode("RGBA"), "WEBP", lossless=True)
    yield "gif-transparent", lambda: _make_clear_block("P", "GIF")
    yield "gif-frames", _make_film
    yield "jpeg-L", lambda: encode(make_scene(900, 700).convert("L"), "JPEG")
    yield "jpeg-CMYK", lambda: encode(make_scene(900, 700).convert("CMYK"), "JPEG")
    yield "jpeg-progressive", lambda: encode(make_scene(900, 700), "JPEG", progressive=True)
    yield "jpeg-444-q100", lambda: encode(make_scene(900, 700), "JPEG", quality=100, subsampling=0)
    yield "jpeg-q10", lambda: encode(make_scene(900, 700), "JPEG", quality=10)


def _turn(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    return exif.tobytes()


def _in_mode(mode: str) -> Image.Image:
    scene = make_scene(300, 200)
    if mode == "I;16":
        return Image.frombytes("I;16", (300, 200), scene.tobytes()[: 300 * 200 * 2])
    if mode in ("LA", "PA", "RGBA"):
        # From clear to opaque, so that the white behind shows in part.
        scene.putalpha(Image.linear_gradient("L").resize((300, 200)))
    if mode == "PA":
        return scene.convert("P").convert("PA")
    return scene.convert(mode)


def _make_clear_block(mode: str, kind: str) -> bytes:
    """A scene with a red block, and red named as the colour to see through."""
    picture = make_scene(300, 200)
    picture.paste((255, 0, 0), (20, 20, 120, 90))
    picture = picture.convert(mode)
    return encode(picture, kind, transparency=picture.getpixel((50, 50)))


def _make_film() -> bytes:
    first, second = make_scene(400, 300), make_scene(400, 300).rotate(180)
    return encode(first, "GIF", save_all=True, append_images=[second])
