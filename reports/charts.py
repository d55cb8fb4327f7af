"""Charts as plain shapes, which `templates/charts.html.j2` writes as inline SVG.

Colours are in the stylesheet: each shape has a class, so that dark mode and
print need no second drawing, and the content policy no inline style.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from analytics.contract.labels import LABELS
from reports.display import (
    format_count,
    format_date,
    format_day,
    format_month,
    format_name,
    format_net,
)
from reports.records import Counts, Period

# Points of fewer predicted posts than this are drawn hollow.
FEW_POSTS = 10
_MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One SVG element; `title` is what a pointer resting on it shows."""

    tag: str
    attributes: tuple[tuple[str, str], ...]
    text: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing with the words that stand for it."""

    ident: str
    css_class: str
    width: int
    height: int
    title: str
    description: str
    shapes: tuple[Shape, ...]
    is_stretched: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """The periods that a chart spans, gaps included."""

    grain: str
    starts: tuple[date, ...]

    def align(self, periods: Sequence[Period]) -> list[Counts | None]:
        """The counts for each period of the axis; None where there is none."""
        by_start = {period.start: period.counts for period in periods}
        return [by_start.get(start) for start in self.starts]

    def name(self, start: date) -> str:
        """The full name of a period."""
        if self.grain == "day":
            return format_date(start)
        if self.grain == "week":
            return f"week of {format_date(start)}"
        if self.grain == "quarter":
            return f"Q{(start.month + 2) // 3} {start.year}"
        return str(start.year) if self.grain == "year" else format_month(start)

    def tick(self, start: date) -> str:
        """The short name of a period below an axis."""
        if self.grain == "month":
            return format_month(start)
        return format_day(start) if self.grain in ("day", "week") else self.name(start)


def make_axis(grain: str, first: date, last: date) -> Axis:
    """All periods from the first to the last, both being starts of periods."""
    starts = [first]
    while starts[-1] < last:
        if grain in _MONTHS_IN:
            months = starts[-1].year * 12 + starts[-1].month - 1 + _MONTHS_IN[grain]
            starts.append(date(months // 12, months % 12 + 1, 1))
        else:
            starts.append(starts[-1] + timedelta(days=7 if grain == "week" else 1))
    return Axis(grain=grain, starts=tuple(starts))


def choose_reach(values: Sequence[float | None]) -> float:
    """The end of a symmetric axis for net sentiment: 0.25, 0.5 or 1."""
    largest = max((abs(value) for value in values if value is not None), default=1.0)
    return next((reach for reach in (0.25, 0.5) if largest <= reach), 1.0)


def draw_net_sentiment(
    ident: str,
    name: str,
    axis: Axis,
    counts: Sequence[Counts | None],
    *,
    width: int,
    height: int,
    reach: float,
    context: Sequence[Counts | None] = (),
    css_class: str = "",
) -> Chart:
    """Net sentiment over time as a line; `context` is drawn pale behind it."""
    plot = _Plot(width=width, height=height, n_slots=len(axis.starts), low=-reach, high=reach)
    shapes = [
        *plot.draw_y_axis([-reach, 0.0, reach], [format_net(v) for v in (-reach, 0.0, reach)]),
        *plot.draw_x_axis(axis),
        *(plot.draw_line(context, "line context") if context else []),
        *plot.draw_line(counts, "line"),
    ]
    last_drawn = None
    for index, one in enumerate(counts):
        if one is None or one.net_sentiment is None:
            continue
        is_few = one.count_predicted < FEW_POSTS
        words = f"{axis.name(axis.starts[index])}: {format_net(one.net_sentiment)}"
        last_drawn = f"{words} (n = {format_count(one.count_predicted)})"
        shapes.append(
            _shape(
                "circle",
                f"point few-{'yes' if is_few else 'no'}",
                title=last_drawn,
                cx=plot.x(index),
                cy=plot.y(one.net_sentiment),
                r=2.6 if len(axis.starts) > 45 else 3.4,
            )
        )
    return Chart(
        ident=ident,
        css_class=f"chart {css_class}".strip(),
        width=width,
        height=height,
        title=f"Net sentiment by {axis.grain}: {format_name(name)}",
        description=_span(axis) + (f" The last: {last_drawn}." if last_drawn else " No labels."),
        shapes=tuple(shapes),
    )


def draw_volume(
    ident: str,
    name: str,
    axis: Axis,
    counts: Sequence[Counts | None],
    *,
    width: int,
    height: int,
    highest: int | None = None,
    css_class: str = "",
) -> Chart:
    """Posts over time as bars, stacked by label; posts without one on top.

    `highest` is the volume that the axis reaches to, so that panels can be compared.
    """
    volumes = [one.count_posts if one else 0 for one in counts]
    top = _round_up(max(volumes, default=0) if highest is None else highest)
    plot = _Plot(width=width, height=height, n_slots=len(axis.starts), low=0, high=top)
    ticks = [0, top / 2, top] if top % 2 == 0 else [0, top]
    shapes = [
        *plot.draw_y_axis(ticks, [format_count(tick) for tick in ticks]),
        *plot.draw_x_axis(axis),
        *plot.draw_bars(axis, counts, max(1.0, min(46.0, plot.slot * 0.72))),
    ]
    return Chart(
        ident=ident,
        css_class=f"chart {css_class}".strip(),
        width=width,
        height=height,
        title=f"Posts by {axis.grain} and label: {format_name(name)}",
        description=_say_volume(axis, volumes),
        shapes=tuple(shapes),
    )


def draw_volume_sparkline(
    ident: str, name: str, axis: Axis, counts: Sequence[Counts | None], *, highest: int
) -> Chart:
    """Posts over time by label, small enough for a table cell; `highest` as in `draw_volume`."""
    plot = _plot_sparkline(axis, low=0, high=max(1, highest))
    return Chart(
        ident=ident,
        css_class="sparkline",
        width=132,
        height=30,
        title=f"Posts by {axis.grain} and label: {format_name(name)}",
        description=_say_volume(axis, [one.count_posts if one else 0 for one in counts]),
        shapes=tuple(plot.draw_bars(axis, counts, max(0.8, min(12.0, plot.slot * 0.8)))),
    )


def draw_sparkline(
    ident: str, name: str, axis: Axis, counts: Sequence[Counts | None], *, reach: float
) -> Chart:
    """Net sentiment over time, small enough for a table cell."""
    plot = _plot_sparkline(axis, low=-reach, high=reach)
    middle = plot.y(0)
    shapes = [_shape("line", "zero", x1=0, x2=132, y1=middle, y2=middle)]
    shapes += plot.draw_line(counts, "line")
    drawn = [
        (index, one.net_sentiment)
        for index, one in enumerate(counts)
        if one is not None and one.net_sentiment is not None
    ]
    if drawn:
        index, net = drawn[-1]
        shapes.append(_shape("circle", "dot", cx=plot.x(index), cy=plot.y(net), r=2.4))
    return Chart(
        ident=ident,
        css_class="sparkline",
        width=132,
        height=30,
        title=f"Net sentiment by {axis.grain}: {format_name(name)}",
        description=_span(axis),
        shapes=tuple(shapes),
    )


def draw_shares(ident: str, shares: Sequence[float], title: str) -> Chart:
    """Three shares as one bar of full width."""
    shapes, start = [], 0.0
    for label, share in zip(LABELS, shares, strict=True):
        shapes.append(
            _shape("rect", f"fill-{label}", x=start * 100, y=0, width=share * 100, height=10)
        )
        start += share
    return _bar(ident, title, shapes)


def draw_net_bar(ident: str, net: float, title: str) -> Chart:
    """Net sentiment as a bar that starts in the middle."""
    start, length = (50.0, net * 50) if net >= 0 else (50 + net * 50, -net * 50)
    side = "positive" if net >= 0 else "negative"
    shapes = [
        _shape("rect", "track", x=0, y=0, width=100, height=10),
        _shape("rect", f"fill-{side}", x=start, y=1, width=length, height=8),
        _shape("rect", "middle", x=49.7, y=0, width=0.6, height=10),
    ]
    return _bar(ident, title, shapes)


def _bar(ident: str, title: str, shapes: Sequence[Shape]) -> Chart:
    return Chart(
        ident=ident, css_class="bar", width=100, height=10, title=title, description="",
        shapes=tuple(shapes), is_stretched=True,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plot:
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
        return (self.width - self.left - self.right) / max(1, self.n_slots)

    def x(self, index: int) -> float:
        return self.left + (index + 0.5) * self.slot

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.height - self.bottom - share * (self.height - self.top - self.bottom)

    def draw_y_axis(self, values: Sequence[float], names: Sequence[str]) -> list[Shape]:
        shapes = []
        for value, name in zip(values, names, strict=True):
            y = self.y(value)
            kind = "zero" if value == 0 else "grid"
            right = self.width - self.right
            shapes.append(_shape("line", kind, x1=self.left, x2=right, y1=y, y2=y))
            shapes.append(_shape("text", "tick end", text=name, x=self.left - 8, y=y + 4))
        return shapes

    def draw_x_axis(self, axis: Axis) -> list[Shape]:
        """Labels that do not touch: every k-th, the last one always."""
        n_fitting = max(1, int((self.width - self.left - self.right) / 66))
        step = -(-self.n_slots // n_fitting)
        y = self.height - 6
        # Half of a label's width in pixels, at about 7 pixels a character.
        half = 3.5 * max(len(axis.tick(start)) for start in axis.starts)
        return [
            _shape("text", "tick middle", text=axis.tick(axis.starts[index]), x=self.x(index), y=y)
            for index in range(self.n_slots - 1, -1, -step)
            # The outermost labels must not leave the drawing.
            if half <= self.x(index) <= self.width - half
        ]

    def draw_line(self, counts: Sequence[Counts | None], css_class: str) -> list[Shape]:
        """A line that breaks where a period has no labels."""
        commands, is_down = [], False
        for index, one in enumerate(counts):
            net = one.net_sentiment if one is not None else None
            if net is None:
                is_down = False
                continue
            commands.append(f"{'L' if is_down else 'M'}{self.x(index):.1f} {self.y(net):.1f}")
            is_down = True
        return [_shape("path", css_class, d=" ".join(commands))] if commands else []

    def draw_bars(self, axis: Axis, counts: Sequence[Counts | None], width: float) -> list[Shape]:
        """A bar a period, in layers by label."""
        shapes = []
        for index, one in enumerate(counts):
            if one is None:
                continue
            base = 0
            for layer, count in _layers(one):
                if not count:
                    continue
                words = f"{format_count(count)} {layer} of {format_count(one.count_posts)}"
                shapes.append(
                    _shape(
                        "rect",
                        f"fill-{layer}",
                        title=f"{axis.name(axis.starts[index])}: {words}",
                        x=self.x(index) - width / 2,
                        y=self.y(base + count),
                        width=width,
                        height=self.y(base) - self.y(base + count),
                    )
                )
                base += count
        return shapes


def _plot_sparkline(axis: Axis, *, low: float, high: float) -> _Plot:
    """The inner box of a chart in a table cell: no room for axes."""
    return _Plot(
        width=132, height=30, n_slots=len(axis.starts), low=low, high=high,
        left=3, right=3, top=3, bottom=3,
    )  # fmt: skip


def _layers(counts: Counts) -> list[tuple[str, int]]:
    labelled = (counts.count_negative, counts.count_neutral, counts.count_positive)
    layers = [(str(label), count) for label, count in zip(LABELS, labelled, strict=True)]
    return [*layers, ("unlabelled", counts.count_posts - sum(labelled))]


def _round_up(value: int) -> int:
    """The next of 1, 2, 4, 6, 8, 10, 20, 40..."""
    power = 1
    while power * 10 < value:
        power *= 10
    return next((step * power for step in (1, 2, 4, 6, 8, 10) if step * power >= value), 1)


def _say_volume(axis: Axis, volumes: Sequence[int]) -> str:
    most = format_count(max(volumes, default=0))
    return f"{_span(axis)} {format_count(sum(volumes))} posts, at most {most} in one {axis.grain}."


def _span(axis: Axis) -> str:
    if len(axis.starts) == 1:
        return f"{axis.name(axis.starts[0])}."
    return f"From {axis.name(axis.starts[0])} to {axis.name(axis.starts[-1])}."


def _shape(
    tag: str, css_class: str, *, text: str = "", title: str = "", **attributes: float | str
) -> Shape:
    values = [
        (name, value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip("."))
        for name, value in attributes.items()
    ]
    return Shape(tag=tag, attributes=(("class", css_class), *values), text=text, title=title)
