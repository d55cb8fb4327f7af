import re
from collections.abc import Iterable, Iterator
from datetime import date

import pytest

from reports.axis import choose_reach, make_axis
from reports.charts import (
    Chart,
    draw_net_bar,
    draw_net_sentiment,
    draw_shares,
    draw_volume,
    draw_volume_sparkline,
)
from reports.estimates import Estimate, take_values
from reports.events import Mark
from reports.plot import Shape
from reports.records import Counts, Period

AXIS = make_axis("day", date(2026, 3, 1), date(2026, 3, 4))


def count(negative: int, neutral: int, positive: int, unlabelled: int = 0) -> Counts:
    labelled = negative + neutral + positive
    return Counts(
        count_posts=labelled + unlabelled,
        count_predicted=labelled,
        count_negative=negative,
        count_neutral=neutral,
        count_positive=positive,
    )


def walk(shapes: Iterable[Shape]) -> Iterator[Shape]:
    for shape in shapes:
        yield shape
        yield from walk(shape.children)


def shapes_of(chart: Chart, css_class: str) -> list[dict[str, str]]:
    found = [dict(shape.attributes) | {"title": shape.title} for shape in walk(chart.shapes)]
    return [shape for shape in found if shape["class"] == css_class]


@pytest.mark.parametrize(
    ("grain", "first", "last", "n", "second"),
    [
        ("day", date(2026, 2, 27), date(2026, 3, 1), 3, "28 Feb 2026"),
        ("week", date(2025, 12, 29), date(2026, 1, 12), 3, "week of 5 Jan 2026"),
        ("month", date(2025, 11, 1), date(2026, 2, 1), 4, "Dec 2025"),
        ("quarter", date(2025, 10, 1), date(2026, 4, 1), 3, "Q1 2026"),
        ("year", date(2024, 1, 1), date(2026, 1, 1), 3, "2025"),
    ],
)
def test_make_axis_holds_every_period(
    grain: str, first: date, last: date, n: int, second: str
) -> None:
    axis = make_axis(grain, first, last)
    assert len(axis.starts) == n
    assert axis.starts[-1] == last
    assert axis.name(axis.starts[1]) == second


def test_align_leaves_gaps_empty() -> None:
    one = Period(start=date(2026, 3, 3), counts=count(1, 0, 0))
    assert AXIS.align([one]) == [None, None, one.counts, None]


def test_line_breaks_where_nothing_is_labelled() -> None:
    counts = [count(0, 0, 9), count(0, 9, 0), None, count(9, 0, 0)]
    chart = draw_net_sentiment("c", "all", AXIS, counts, width=400, height=200, reach=1.0)
    [line] = shapes_of(chart, "line")

    assert [command[0] for command in line["d"].split(" ") if command[0] in "ML"] == ["M", "L", "M"]
    assert chart.description == (
        "From 1 Mar 2026 to 4 Mar 2026. The last: 4 Mar 2026: \u22121.00 (n = 9)."
    )


def test_points_of_few_posts_are_hollow() -> None:
    counts = [count(0, 0, 9), count(0, 0, 10), None, None]
    chart = draw_net_sentiment("c", "all", AXIS, counts, width=400, height=200, reach=1.0)

    assert len(shapes_of(chart, "point few-yes")) == 1
    assert len(shapes_of(chart, "point few-no")) == 1
    assert [hit["title"] for hit in shapes_of(chart, "hit")] == [
        "1 Mar 2026: +1.00 (n = 9)",
        "2 Mar 2026: +1.00 (n = 10)",
    ]


def test_points_lead_to_their_posts_where_there_are_some() -> None:
    counts = [count(0, 0, 9), count(0, 0, 10), None, None]
    chart = draw_net_sentiment(
        "c", "all", AXIS, counts, width=400, height=200, reach=1.0, links=["#one", "", "", ""]
    )
    first, second = shapes_of(chart, "hit")

    assert (first["href"], first["aria-label"]) == (
        "#one",
        "1 Mar 2026: +1.00 (n = 9). Show its posts",
    )
    assert "href" not in second
    assert chart.is_linked


def test_band_is_drawn_within_the_scale_and_breaks_with_the_data() -> None:
    counts = [count(0, 0, 9), count(0, 0, 10), None, count(0, 9, 0)]
    estimates = [
        Estimate(value=0.7, low=0.4, high=1.0),
        Estimate(value=0.2, low=-0.5, high=2.0),
        None,
        Estimate(value=0.1, low=-0.2, high=0.2),
    ]
    chart = draw_net_sentiment(
        "c", "all", AXIS, counts, width=400, height=200, reach=1.0, estimates=estimates
    )
    [band] = shapes_of(chart, "band")

    assert band["d"].count("M") == band["d"].count("Z") == 2
    heights = [float(pair.split()[1]) for pair in re.findall(r"[\d.]+ [\d.]+", band["d"])]
    assert min(heights) == 10  # +2.00 is cut at the top of the plot
    # The line is that of the estimates; what was counted is said.
    assert shapes_of(chart, "hit")[0]["title"] == (
        "1 Mar 2026: +0.70 (n = 9, 95% interval +0.40 to +1.00, counted +1.00)"
    )
    [line] = shapes_of(chart, "line")
    points = [float(point["cy"]) for point in shapes_of(chart, "point few-yes")]
    assert f" {points[0]:.1f}" in line["d"]
    assert points[0] > min(heights)


def test_line_is_what_was_counted_where_there_is_no_estimate() -> None:
    counts = [count(0, 0, 9), None, None, count(0, 9, 0)]
    estimates = [None, Estimate(value=0.5, low=0.1, high=0.9), None, None]
    assert take_values(counts, estimates) == [1.0, None, None, 0.0]
    chart = draw_net_sentiment(
        "c", "all", AXIS, counts, width=400, height=200, reach=1.0, estimates=estimates
    )
    assert shapes_of(chart, "band") == []


def test_events_are_marked_by_shape_and_number() -> None:
    counts = [count(0, 0, 9), None, count(3, 0, 0), None]
    marks = [Mark(index=2, text=f"\u25b2{n}", name=f"spike {n}") for n in (1, 2, 3)]
    chart = draw_volume("c", "all", AXIS, counts, width=400, height=200, events=marks)

    assert [
        shape.text for shape in walk(chart.shapes) if ("class", "event") in shape.attributes
    ] == ["\u25b21 \u25b22 \u2026"]
    assert shapes_of(chart, "hit")[1]["title"] == (
        "3 Mar 2026: 3 posts (3 negative); spike 1; spike 2; spike 3"
    )


def test_bars_stack_to_the_number_of_posts() -> None:
    chart = draw_volume(
        "v", "all", AXIS, [count(1, 2, 3, 4), None, None, None], width=400, height=200
    )
    heights = {
        name: float(shapes_of(chart, f"fill-{name}")[0]["height"])
        for name in ("negative", "neutral", "positive", "unlabelled")
    }
    full = 200 - 10 - 26

    assert sum(heights.values()) == pytest.approx(full, abs=0.1)
    assert heights["positive"] == pytest.approx(3 * heights["negative"], abs=0.1)
    [hit] = shapes_of(chart, "hit")
    assert hit["title"] == (
        "1 Mar 2026: 10 posts (1 negative, 2 neutral, 3 positive, 4 unlabelled)"
    )


def test_panels_of_one_scale_can_be_compared() -> None:
    small, large = (
        draw_volume("v", "x", AXIS, [one], width=350, height=130, highest=10)
        for one in (count(0, 2, 0), count(0, 10, 0))
    )
    heights = [float(shapes_of(c, "fill-neutral")[0]["height"]) for c in (small, large)]
    assert heights[1] == pytest.approx(5 * heights[0], abs=0.1)


def test_shapes_stay_inside_the_drawing() -> None:
    axis = make_axis("day", date(2026, 1, 1), date(2026, 4, 10))
    counts = [count(number % 7, 1, number % 5) for number in range(len(axis.starts))]
    for chart in (
        draw_volume("v", "all", axis, counts, width=350, height=200),
        draw_volume("w", "all", axis, counts, width=350, height=130, highest=30),
        draw_volume_sparkline("s", "all", axis, counts, highest=30, aspect="1"),
        draw_net_sentiment("n", "all", axis, counts, width=350, height=200, reach=1.0),
    ):
        assert all(_is_inside(shape, chart) for shape in walk(chart.shapes))


def _is_inside(shape: Shape, chart: Chart) -> bool:
    numbers = dict(shape.attributes)
    x = [float(numbers[name]) for name in ("x", "x1", "x2", "cx") if name in numbers]
    y = [float(numbers[name]) for name in ("y", "y1", "y2", "cy") if name in numbers]
    return all(0 <= v <= chart.width for v in x) and all(0 <= v <= chart.height for v in y)


@pytest.mark.parametrize(
    ("values", "reach"),
    [([], 1.0), ([None], 1.0), ([0.1, -0.25], 0.25), ([0.3], 0.5), ([-0.6], 0.75), ([0.8], 1)],
)
def test_choose_reach_fits_the_values(values: list[float | None], reach: float) -> None:
    assert choose_reach(values) == reach


def test_shares_fill_the_bar() -> None:
    chart = draw_shares("s", (0.2, 0.3, 0.5), "words")
    widths = [float(dict(shape.attributes)["width"]) for shape in chart.shapes]
    assert widths == [20, 30, 50]


@pytest.mark.parametrize(("net", "side", "x", "width"), [(0.5, "positive", "50", "25"),
                                                       (-0.5, "negative", "25", "25")])  # fmt: skip
def test_net_bar_starts_in_the_middle(net: float, side: str, x: str, width: str) -> None:
    [bar] = shapes_of(draw_net_bar("b", net, "words"), f"fill-{side}")
    assert (bar["x"], bar["width"]) == (x, width)
