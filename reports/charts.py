"""Charts as plain shapes, which `templates/charts.html.j2` writes as inline SVG.

Colours are in the stylesheet: each shape has a class, so that dark mode and
print need no second drawing, and the content policy no inline style.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.contract.labels import LABELS
from reports.axis import Axis, round_up
from reports.display import format_count, format_name, format_net, format_tick
from reports.estimates import Estimate, take_values
from reports.events import Mark
from reports.plot import Plot, Shape, group, layers_of, make_shape
from reports.records import Counts

ACTION = "Show its posts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing with the words that stand for it.

    `kind` and `scale` (charts of one name share a scale) are for the script that draws it again,
    `box` its measures; `is_linked` says that its points can be followed.
    """

    ident: str
    css_class: str
    width: int
    height: int
    title: str
    description: str
    shapes: tuple[Shape, ...]
    is_stretched: bool = False
    is_linked: bool = False
    kind: str = ""
    scale: str = ""
    box: str = ""
    slice_of: tuple[str, str] = ("", "")


def draw_net_sentiment(
    ident: str,
    name: str,
    axis: Axis,
    counts: Sequence[Counts | None],
    *,
    width: int,
    height: int,
    reach: float,
    scale: str = "net",
    context: Sequence[Counts | None] = (),
    context_estimates: Sequence[Estimate | None] = (),
    estimates: Sequence[Estimate | None] = (),
    events: Sequence[Mark] = (),
    links: Sequence[str] = (),
    slice_of: tuple[str, str] = ("", ""),
    css_class: str = "",
) -> Chart:
    """Net sentiment over time as a line: the estimates, with their intervals as a band, and what
    was counted where there is none. `context` is drawn pale behind it.

    `links` leads from each period to its posts.
    """
    plot = _plot_chart(axis, width=width, height=height, low=-reach, high=reach)
    titles = _add_events(_say_nets(axis, counts, estimates), events)
    values = take_values(counts, estimates)
    bands = [
        (one.low, one.high) if one and values[n] is not None else None
        for n, one in enumerate(estimates)
    ]
    behind = take_values(context, context_estimates) if context else []
    marks = [
        *plot.draw_band(bands),
        *plot.draw_line(behind, "line context"),
        *plot.draw_line(values, "line"),
        *plot.draw_points(values, counts),
    ]
    last = next((title for title in reversed(titles) if title), "")
    return Chart(
        ident=ident,
        css_class=f"chart {css_class}".strip(),
        width=width,
        height=height,
        title=f"Net sentiment by {axis.grain}: {format_name(name)}",
        description=_span(axis) + (f" The last: {last}." if last else " No labels."),
        shapes=(
            plot.draw_y_axis([-reach, 0.0, reach], [format_net(v) for v in (-reach, 0.0, reach)]),
            *plot.draw_x_axis(axis),
            group("marks", marks),
            plot.draw_events([(mark.index, mark.text) for mark in events]),
            *plot.draw_hits(titles, links, action=ACTION),
        ),
        is_linked=any(links),
        kind="net",
        scale=scale,
        box=plot.box,
        slice_of=slice_of,
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
    scale: str = "volume",
    events: Sequence[Mark] = (),
    links: Sequence[str] = (),
    slice_of: tuple[str, str] = ("", ""),
    css_class: str = "",
) -> Chart:
    """Posts over time as bars, stacked by label; posts without one on top.

    `highest` is the volume that the axis reaches to, so that panels can be compared.
    """
    volumes = [one.count_posts if one else 0 for one in counts]
    top = round_up(max(volumes, default=0) if highest is None else highest)
    plot = _plot_chart(axis, width=width, height=height, low=0, high=top)
    ticks = [0, top / 2, top] if top % 2 == 0 else [0, top]
    return Chart(
        ident=ident,
        css_class=f"chart {css_class}".strip(),
        width=width,
        height=height,
        title=f"Posts by {axis.grain} and label: {format_name(name)}",
        description=_say_volume(axis, volumes),
        shapes=(
            plot.draw_y_axis(ticks, [format_tick(tick) for tick in ticks]),
            *plot.draw_x_axis(axis),
            group("marks", plot.draw_bars(counts, max(1.0, min(46.0, plot.slot * 0.72)))),
            plot.draw_events([(mark.index, mark.text) for mark in events]),
            *plot.draw_hits(_add_events(_say_layers(axis, counts), events), links, action=ACTION),
        ),
        is_linked=any(links),
        kind="volume",
        scale=scale,
        box=plot.box,
        slice_of=slice_of,
    )


def draw_volume_sparkline(
    ident: str, name: str, axis: Axis, counts: Sequence[Counts | None], *, highest: int, aspect: str
) -> Chart:
    """Posts over time by label, small enough for a table cell; `highest` as in `draw_volume`."""
    plot = _plot_sparkline(axis, low=0, high=max(1, highest))
    bars = plot.draw_bars(counts, max(0.8, min(12.0, plot.slot * 0.8)))
    return Chart(
        ident=ident,
        css_class="sparkline",
        width=132,
        height=30,
        title=f"Posts by {axis.grain} and label: {format_name(name)}",
        description=_say_volume(axis, [one.count_posts if one else 0 for one in counts]),
        shapes=(group("marks", bars),),
        kind="bars",
        scale="bars",
        box=plot.box,
        slice_of=("aspect", aspect),
    )


def draw_sparkline(
    ident: str,
    name: str,
    axis: Axis,
    counts: Sequence[Counts | None],
    *,
    reach: float,
    aspect: str,
    estimates: Sequence[Estimate | None] = (),
) -> Chart:
    """Net sentiment over time, small enough for a table cell."""
    plot = _plot_sparkline(axis, low=-reach, high=reach)
    values = take_values(counts, estimates)
    marks = [
        make_shape("line", "zero", x1=0, x2=132, y1=plot.y(0), y2=plot.y(0)),
        *plot.draw_line(values, "line"),
    ]
    drawn = [(index, value) for index, value in enumerate(values) if value is not None]
    if drawn:
        index, net = drawn[-1]
        marks.append(make_shape("circle", "dot", cx=plot.x(index), cy=plot.y(net), r=2.4))
    return Chart(
        ident=ident,
        css_class="sparkline",
        width=132,
        height=30,
        title=f"Net sentiment by {axis.grain}: {format_name(name)}",
        description=_span(axis),
        shapes=(group("marks", marks),),
        kind="line",
        scale="line",
        box=plot.box,
        slice_of=("aspect", aspect),
    )


def draw_share_line(
    ident: str, title: str, shares: Sequence[float | None], *, highest: float
) -> Chart:
    """A share over time, small enough for a table cell; `highest` is the top of the scale."""
    plot = Plot(
        width=132, height=30, n_slots=len(shares), low=0, high=highest or 1,
        left=3, right=3, top=3, bottom=3,
    )  # fmt: skip
    commands, is_down = [], False
    for index, share in enumerate(shares):
        if share is not None:
            step = "L" if is_down else "M"
            commands.append(f"{step}{plot.x(index):.1f} {plot.y(share):.1f}")
        is_down = share is not None
    shapes = [make_shape("path", "line", d=" ".join(commands))] if commands else []
    if shares and shares[-1] is not None:
        shapes.append(
            make_shape("circle", "dot", cx=plot.x(len(shares) - 1), cy=plot.y(shares[-1]), r=2.4)
        )
    return Chart(
        ident=ident, css_class="sparkline", width=132, height=30, title=title, description="",
        shapes=tuple(shapes),
    )  # fmt: skip


def draw_shares(ident: str, shares: Sequence[float], title: str) -> Chart:
    """Three shares as one bar of full width."""
    shapes, start = [], 0.0
    for label, share in zip(LABELS, shares, strict=True):
        shapes.append(
            make_shape("rect", f"fill-{label}", x=start * 100, y=0, width=share * 100, height=10)
        )
        start += share
    return _bar(ident, title, shapes, "shares")


def draw_share(ident: str, share: float, before: float | None, title: str) -> Chart:
    """One share as a bar, with a mark where it was before; 0 to 1 is the full width."""
    shapes = [
        make_shape("rect", "track", x=0, y=0, width=100, height=10),
        make_shape("rect", "fill-share", x=0, y=1, width=share * 100, height=8),
    ]
    if before is not None:
        at = min(99.2, max(0.0, before * 100 - 0.4))
        shapes.append(make_shape("rect", "before", x=at, y=0, width=0.8, height=10))
    return _bar(ident, title, shapes, "")


def draw_net_bar(ident: str, net: float, title: str, *, reach: float = 1.0) -> Chart:
    """Net sentiment, or a part of it, as a bar that starts in the middle."""
    net = max(-1.0, min(1.0, net / reach))
    start, length = (50.0, net * 50) if net >= 0 else (50 + net * 50, -net * 50)
    side = "positive" if net >= 0 else "negative"
    shapes = [
        make_shape("rect", "track", x=0, y=0, width=100, height=10),
        make_shape("rect", f"fill-{side}", x=start, y=1, width=length, height=8),
        make_shape("rect", "middle", x=49.7, y=0, width=0.6, height=10),
    ]
    return _bar(ident, title, shapes, "net-bar")


def _bar(ident: str, title: str, shapes: Sequence[Shape], kind: str) -> Chart:
    return Chart(
        ident=ident, css_class="bar", width=100, height=10, title=title, description="",
        shapes=tuple(shapes), is_stretched=True, kind=kind,
    )  # fmt: skip


def _plot_chart(axis: Axis, *, width: int, height: int, low: float, high: float) -> Plot:
    """The inner box of a chart; small ones have larger letters beside their axis."""
    left = 44 if width > 400 else 54
    return Plot(
        width=width, height=height, n_slots=len(axis.starts), low=low, high=high, left=left
    )  # fmt: skip


def _plot_sparkline(axis: Axis, *, low: float, high: float) -> Plot:
    """The inner box of a chart in a table cell: no room for axes."""
    return Plot(
        width=132, height=30, n_slots=len(axis.starts), low=low, high=high,
        left=3, right=3, top=3, bottom=3,
    )  # fmt: skip


def _say_nets(
    axis: Axis, counts: Sequence[Counts | None], estimates: Sequence[Estimate | None]
) -> list[str]:
    """What each period shows; '' where nothing is labelled."""
    words = []
    for index, one in enumerate(counts):
        if one is None or one.net_sentiment is None:
            words.append("")
            continue
        estimate = estimates[index] if estimates else None
        value, more = one.net_sentiment, ""
        if estimate is not None:
            value = estimate.value
            more = (
                f", 95% interval {format_net(estimate.low)} to {format_net(estimate.high)},"
                f" counted {format_net(one.net_sentiment)}"
            )
        words.append(
            f"{axis.name(axis.starts[index])}: {format_net(value)}"
            f" (n = {format_count(one.count_predicted)}{more})"
        )
    return words


def _add_events(words: Sequence[str], events: Sequence[Mark]) -> list[str]:
    """What each period shows, and the events that are marked there."""
    names: dict[int, str] = {}
    for mark in events:
        names[mark.index] = f"{names.get(mark.index, '')}; {mark.name}"
    return [text and text + names.get(index, "") for index, text in enumerate(words)]


def _say_layers(axis: Axis, counts: Sequence[Counts | None]) -> list[str]:
    """What each bar shows; '' where there are no posts."""
    words = []
    for index, one in enumerate(counts):
        if one is None or not one.count_posts:
            words.append("")
            continue
        layers = [f"{format_count(n)} {name}" for name, n in layers_of(one) if n]
        posts = "1 post" if one.count_posts == 1 else f"{format_count(one.count_posts)} posts"
        words.append(f"{axis.name(axis.starts[index])}: {posts} ({', '.join(layers)})")
    return words


def _say_volume(axis: Axis, volumes: Sequence[int]) -> str:
    most = format_count(max(volumes, default=0))
    return f"{_span(axis)} {format_count(sum(volumes))} posts, at most {most} in one {axis.grain}."


def _span(axis: Axis) -> str:
    if len(axis.starts) == 1:
        return f"{axis.name(axis.starts[0])}."
    return f"From {axis.name(axis.starts[0])} to {axis.name(axis.starts[-1])}."
