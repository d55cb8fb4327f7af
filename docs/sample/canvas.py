"""A small drawing surface over Pillow: units of 480 x 360, drawn at double size."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFilter, ImageFont

Color = tuple[int, int, int] | tuple[int, int, int, int] | str
Points = Sequence[tuple[float, float]]

SCALE = 2


class Canvas:
    """A picture in the making; all coordinates are in final pixels."""

    def __init__(self, width: int = 480, height: int = 360, fill: Color = "white") -> None:
        self.width = width
        self.height = height
        self.image = Image.new("RGBA", (width * SCALE, height * SCALE), fill)
        self.draw = ImageDraw.Draw(self.image)

    def gradient(self, top: Color, bottom: Color, y0: float = 0, y1: float | None = None) -> None:
        """Fill a band of rows from one color to another."""
        y1 = self.height if y1 is None else y1
        size = (self.width * SCALE, round((y1 - y0) * SCALE))
        ramp = Image.linear_gradient("L").resize(size)
        band = Image.composite(Image.new("RGBA", size, bottom), Image.new("RGBA", size, top), ramp)
        self.image.paste(band, (0, round(y0 * SCALE)))

    def rect(
        self, x: float, y: float, w: float, h: float, fill: Color | None, r: float = 0,
        outline: Color | None = None, width: float = 0,
    ) -> None:  # fmt: skip
        """A rectangle with corners of radius r."""
        self.draw.rounded_rectangle(
            (x * SCALE, y * SCALE, (x + w) * SCALE - 1, (y + h) * SCALE - 1),
            r * SCALE,
            fill,
            outline,
            round(width * SCALE),
        )

    def disc(
        self, x: float, y: float, rx: float, ry: float | None = None,
        fill: Color | None = None, outline: Color | None = None, width: float = 0,
    ) -> None:  # fmt: skip
        """An ellipse around (x, y)."""
        ry = rx if ry is None else ry
        box = ((x - rx) * SCALE, (y - ry) * SCALE, (x + rx) * SCALE, (y + ry) * SCALE)
        self.draw.ellipse(box, fill, outline, round(width * SCALE))

    def poly(self, points: Points, fill: Color) -> None:
        """A filled polygon."""
        self.draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill)

    def veil(self, points: Points, fill: tuple[int, int, int], alpha: int) -> None:
        """A polygon through which what lies below is seen."""
        layer = Image.new("RGBA", self.image.size, (*fill, 0))
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        ImageDraw.Draw(layer).polygon(scaled, (*fill, alpha))
        self._lay(layer)

    def line(self, points: Points, fill: Color, width: float = 2) -> None:
        """An open line with round joints."""
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self.draw.line(scaled, fill, round(width * SCALE), joint="curve")

    def arc(
        self, x: float, y: float, rx: float, ry: float, start: float, end: float,
        fill: Color, width: float = 2,
    ) -> None:  # fmt: skip
        """Part of an ellipse's border, angles in degrees clockwise from three o'clock."""
        box = ((x - rx) * SCALE, (y - ry) * SCALE, (x + rx) * SCALE, (y + ry) * SCALE)
        self.draw.arc(box, start, end, fill, round(width * SCALE))

    def text(
        self, x: float, y: float, text: str, size: float, fill: Color = "black",
        anchor: str = "mm", bold: float = 0, edge: Color | None = None, edge_width: float = 0,
    ) -> None:  # fmt: skip
        """A line of text; `bold` thickens it, `edge` outlines it."""
        font = ImageFont.load_default(size * SCALE)
        at = (x * SCALE, y * SCALE)
        if edge is not None:
            self.draw.text(at, text, edge, font, anchor, stroke_width=round(edge_width * SCALE))
        stroke = round(bold * SCALE)
        self.draw.text(at, text, fill, font, anchor, stroke_width=stroke, stroke_fill=fill)

    def glow(self, x: float, y: float, r: float, fill: tuple[int, int, int], alpha: int) -> None:
        """A soft light around (x, y)."""
        layer = Image.new("RGBA", self.image.size, (*fill, 0))
        box = ((x - r) * SCALE, (y - r) * SCALE, (x + r) * SCALE, (y + r) * SCALE)
        ImageDraw.Draw(layer).ellipse(box, (*fill, alpha))
        self._lay(layer.filter(ImageFilter.BoxBlur(r * SCALE / 3)))

    def shadow(self, x: float, y: float, rx: float, ry: float, alpha: int = 90) -> None:
        """A soft dark ellipse, for what stands on the ground."""
        layer = Image.new("RGBA", self.image.size, (0, 0, 0, 0))
        box = ((x - rx) * SCALE, (y - ry) * SCALE, (x + rx) * SCALE, (y + ry) * SCALE)
        ImageDraw.Draw(layer).ellipse(box, (0, 0, 0, alpha))
        self._lay(layer.filter(ImageFilter.BoxBlur(ry * SCALE / 3)))

    def place(self, other: "Canvas", x: float, y: float, angle: float = 0) -> None:
        """Lay another canvas with its centre at (x, y), turned by degrees."""
        turned = other.image.rotate(angle, Image.Resampling.BICUBIC, expand=True)
        left = round(x * SCALE - turned.width / 2)
        top = round(y * SCALE - turned.height / 2)
        layer = Image.new("RGBA", self.image.size, (0, 0, 0, 0))
        layer.paste(turned, (left, top))
        self._lay(layer)

    def blur(self, radius: float) -> None:
        """Blur all that was drawn so far."""
        self._replace(self.image.filter(ImageFilter.GaussianBlur(radius * SCALE)))

    def finish(self) -> Image.Image:
        """The picture at its final size."""
        return self.image.resize((self.width, self.height), Image.Resampling.LANCZOS)

    def _lay(self, layer: Image.Image) -> None:
        self._replace(Image.alpha_composite(self.image, layer))

    def _replace(self, image: Image.Image) -> None:
        self.image = image
        self.draw = ImageDraw.Draw(self.image)
