"""The inner box of a chart: scales, axes, lines, bars, and what a pointer can hit.

`templates/report.js` draws the same shapes again where a filter is set; a test compares the two.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from analytics.contract.labels import LABELS
from reports.axis import Axis
from reports.records import Counts

# Points of fewer predicted posts than this are drawn hollow.
FEW_POSTS = 10

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One SVG element; `title` is what a pointer resting on it shows."""

    tag: str
    attributes: tuple[tuple[str, str], ...]
    text: str = ""
    title: str = ""
    children: tuple["Shape", ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """The inner box of a chart and its scales."""

    width: int
    height: int
    n_slots: int
    low: float
    high: float
    left: int = 44
    right: int = 10
    top: int = 10
    bottom: int = 26

    @property
    def slot(self) -> float:
        """The width of a period."""
        return (self.width - self.left - self.right) / max(1, self.n_slots)

    @property
    def box(self) -> str:
        """What a script needs to draw in it again."""
        sizes = (self.width, self.height, self.left, self.right, self.top, self.bottom)
        return " ".join(map(str, sizes))

    def x(self, index: int) -> float:
        """The middle of a period."""
        return self.left + (index + 0.5) * self.slot

    def y(self, value: float) -> float:
        """The height of a value."""
        share = (value - self.low) / (self.high - self.low)
        return self.height - self.bottom - share * (self.height - self.top - self.bottom)

    def draw_y_axis(self, values: Sequence[float], names: Sequence[str]) -> Shape:
        """Lines across and their names."""
        shapes = []
        for value, name in zip(values, names, strict=True):
            y = self.y(value)
            kind = "zero" if value == 0 else "grid"
            shapes.append(make_shape("line", kind, x1=self.left, x2=self.width - self.right,
                                     y1=y, y2=y))  # fmt: skip
            shapes.append(
                make_shape("text", "tick end", text=name, x=self.left - 8, y=y + 4)
            )  # fmt: skip
        return group("y", shapes)

    def draw_x_axis(self, axis: Axis) -> list[Shape]:
        """Labels that do not touch: every k-th, the last one always."""
        n_fitting = max(1, int((self.width - self.left - self.right) / 66))
        step = -(-self.n_slots // n_fitting)
        y = self.height - 6
        # Half of a label's width in pixels, at about 7 pixels a character.
        half = 3.5 * max(len(axis.tick(start)) for start in axis.starts)
        return [
            make_shape(
                "text", "tick middle", text=axis.tick(axis.starts[index]), x=self.x(index), y=y
            )
            for index in range(self.n_slots - 1, -1, -step)
            # The outermost labels must not leave the drawing.
            if half <= self.x(index) <= self.width - half
        ]

    def draw_line(self, values: Sequence[float | None], css_class: str) -> list[Shape]:
        """A line that breaks where a period has no value."""
        commands, is_down = [], False
        for index, net in enumerate(values):
            if net is None:
                is_down = False
                continue
            commands.append(f"{'L' if is_down else 'M'}{self.x(index):.1f} {self.y(net):.1f}")
            is_down = True
        return [make_shape("path", css_class, d=" ".join(commands))] if commands else []

    def draw_points(
        self, values: Sequence[float | None], counts: Sequence[Counts | None]
    ) -> list[Shape]:
        """A point a period, hollow where it stands for few posts."""
        radius = 2.6 if self.n_slots > 45 else 3.4
        return [
            make_shape(
                "circle",
                f"point few-{'yes' if one.count_predicted < FEW_POSTS else 'no'}",
                cx=self.x(index),
                cy=self.y(value),
                r=radius,
            )
            for index, (value, one) in enumerate(zip(values, counts, strict=True))
            if value is not None and one is not None
        ]

    def draw_band(self, intervals: Sequence[Interval | None]) -> list[Shape]:
        """The intervals as a band; one of a period that stands alone is as wide as a mark."""
        runs: list[list[int]] = []
        for index, one in enumerate(intervals):
            if one is None:
                continue
            if runs and runs[-1][-1] == index - 1:
                runs[-1].append(index)
            else:
                runs.append([index])
        commands = []
        for run in runs:
            ends = [(self.x(index), intervals[index] or (0.0, 0.0)) for index in run]
            if len(ends) == 1:
                (x, interval) = ends[0]
                ends = [(x - 3, interval), (x + 3, interval)]
            above = [f"{x:.1f} {self._within(high):.1f}" for x, (_, high) in ends]
            below = [f"{x:.1f} {self._within(low):.1f}" for x, (low, _) in reversed(ends)]
            commands.append("M" + " L".join([*above, *below]) + "Z")
        return [make_shape("path", "band", d=" ".join(commands))] if commands else []

    def draw_events(self, marks: Sequence[tuple[int, str]]) -> Shape:
        """Marks of spikes and steps above their periods."""
        by_period: dict[int, list[str]] = {}
        for index, text in marks:
            by_period.setdefault(index, []).append(text)
        shapes = []
        for index in sorted(by_period):
            x = self.x(index)
            texts = by_period[index]
            words = " ".join(texts[:2]) + (" \u2026" if len(texts) > 2 else "")
            shapes.append(
                make_shape("line", "event-line", x1=x, x2=x, y1=self.top + 14,
                           y2=self.height - self.bottom)
            )  # fmt: skip
            shapes.append(make_shape("text", "event", text=words, x=x, y=self.top + 10))
        return group("events", shapes)

    def _within(self, value: float) -> float:
        return self.y(max(self.low, min(self.high, value)))

    def draw_bars(self, counts: Sequence[Counts | None], width: float) -> list[Shape]:
        """A bar a period, in layers by label."""
        shapes = []
        for index, one in enumerate(counts):
            if one is None:
                continue
            base = 0
            for layer, count in layers_of(one):
                if not count:
                    continue
                shapes.append(
                    make_shape(
                        "rect",
                        f"fill-{layer}",
                        x=self.x(index) - width / 2,
                        y=self.y(base + count),
                        width=width,
                        height=self.y(base) - self.y(base + count),
                    )
                )
                base += count
        return shapes

    def draw_hits(
        self, titles: Sequence[str], links: Sequence[str], *, action: str = ""
    ) -> list[Shape]:
        """Over each period a field that says its figures and, with a link, leads to its posts."""
        shapes = []
        for index, title in enumerate(titles):
            if not title:
                continue
            area = make_shape(
                "rect",
                "area",
                x=self.x(index) - self.slot / 2,
                y=self.top,
                width=self.slot,
                height=self.height - self.top - self.bottom,
            )
            link = links[index] if links else ""
            attributes = [("class", "hit"), ("data-i", str(index))]
            if link:
                attributes += [("href", link), ("aria-label", f"{title}. {action}")]
            shapes.append(
                Shape(
                    tag="a" if link else "g",
                    attributes=tuple(attributes),
                    title=title,
                    children=(area,),
                )
            )
        return shapes


def layers_of(counts: Counts) -> list[tuple[str, int]]:
    """The counts by label, and those without one."""
    labelled = (counts.count_negative, counts.count_neutral, counts.count_positive)
    layers = [(str(label), count) for label, count in zip(LABELS, labelled, strict=True)]
    return [*layers, ("unlabelled", counts.count_posts - sum(labelled))]


def group(css_class: str, shapes: Sequence[Shape]) -> Shape:
    """Shapes that belong together."""
    return Shape(tag="g", attributes=(("class", css_class),), children=tuple(shapes))


def make_shape(
    tag: str, css_class: str, *, text: str = "", title: str = "", **attributes: float | str
) -> Shape:
    """A shape of a class, its numbers with two decimals at most."""
    values = [
        (name, value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip("."))
        for name, value in attributes.items()
    ]
    return Shape(tag=tag, attributes=(("class", css_class), *values), text=text, title=title)
