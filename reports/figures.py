"""Makes the figures of the report of its data: series, panels, rows of aspects."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from analytics.contract.labels import LABELS
from reports import display
from reports.axis import Axis, choose_reach, make_axis
from reports.charts import (
    Chart,
    draw_net_bar,
    draw_net_sentiment,
    draw_share,
    draw_share_line,
    draw_shares,
    draw_sparkline,
    draw_volume,
    draw_volume_sparkline,
)
from reports.estimates import Estimate, Estimates, take_values
from reports.events import EventRow, choose_marks
from reports.filters import Filters
from reports.records import AspectTotal, Counts, Period, ReportData, Series

_MAX_PANELS = 12
_MAX_ASPECTS = 100
_MAX_DRIVERS = 10
_SIZES = (("wide", 1060, 260), ("narrow", 350, 210))


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The figure of one platform."""

    series: Series
    place: int
    chart: Chart


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The figures over time; each is drawn for wide and for narrow screens."""

    axis: Axis
    net: tuple[Chart, ...]
    volume: tuple[Chart, ...]
    panels: tuple[Panel, ...]
    volume_panels: tuple[Panel, ...]
    total: Series
    estimates: Estimates


@dataclass(frozen=True, slots=True, kw_only=True)
class AspectRow:
    """An aspect in the table of all: its figures and small charts."""

    total: AspectTotal
    estimate: Estimate | None
    place: int
    shares: Chart | None
    net: Chart | None
    sparkline: Chart | None
    volume: Chart | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceRow:
    """The share of voice of an aspect in the latest week, and in the one before."""

    aspect: str
    count_posts: int
    share: float | None
    before: float | None
    bar: Chart | None
    line: Chart | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Share of voice in a week."""

    week: date
    week_before: date | None
    rows: tuple[VoiceRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverRow:
    """A part of a change: what a cell of aspect, platform and language gave to it."""

    row: Mapping[str, Any]
    bar: Chart


@dataclass(frozen=True, slots=True, kw_only=True)
class Drivers:
    """The parts of the change of one scope, largest first; `rest` is the sum of the others."""

    scope: str
    period: str
    start: date
    previous: date
    now: float
    before: float
    rows: tuple[DriverRow, ...]
    n_rest: int
    rest: float


def make_period_axis(data: ReportData) -> Axis | None:
    """The periods that all charts span; None where no post has a date."""
    starts = [period.start for series in data.platforms for period in series.periods]
    return make_axis(data.grain, min(starts), max(starts)) if starts else None


def make_trend(
    data: ReportData,
    axis: Axis | None,
    filters: Filters,
    estimates: Estimates,
    events: Sequence[EventRow] = (),
) -> Trend | None:
    """The charts of net sentiment and of volume, in all and by platform."""
    if axis is None:
        return None
    total = _sum_series(data.platforms)
    counts = axis.align(total.periods)
    with_posts = {row.day for row in data.daily_posts}
    links = [f"#period-{s.isoformat()}" if s in with_posts else "" for s in axis.starts]
    platforms = data.platforms[:_MAX_PANELS] if len(data.platforms) > 1 else ()
    lines = [axis.align(series.periods) for series in platforms]
    level = data.scope.aspect or ""
    bands = {
        name: estimates.align(axis, level, name)
        for name in ("*", *(series.name for series in platforms))
    }
    places = [filters.place("platform", series.name) for series in platforms]
    whole = data.scope.aspect or "all posts"
    common = {"links": links, "slice_of": ("", "")}
    return Trend(
        axis=axis,
        total=total,
        net=tuple(
            draw_net_sentiment(
                f"net-{size}", whole, axis, counts, width=width, height=height,
                reach=_reach([counts], bands, ["*"]),
                estimates=bands["*"], events=choose_marks(events, "sentiment"),
                css_class=size, **common,  # type: ignore[arg-type]
            )
            for size, width, height in _SIZES
        ),
        volume=tuple(
            draw_volume(
                f"volume-{size}", whole, axis, counts, width=width, height=height - 40,
                events=choose_marks(events, "volume"), css_class=size,
                **common,  # type: ignore[arg-type]
            )
            for size, width, height in _SIZES
        ),
        panels=tuple(
            Panel(
                series=series,
                place=place,
                chart=draw_net_sentiment(
                    f"panel-{number}", series.name, axis, line, width=350, height=160,
                    reach=_reach(lines, bands, [one.name for one in platforms]),
                    scale="net-panels", context=counts, context_estimates=bands["*"],
                    estimates=bands[series.name],
                    events=choose_marks(events, "sentiment", platform=place),
                    slice_of=("platform", str(place)),
                ),
            )
            for number, (series, line, place) in enumerate(
                zip(platforms, lines, places, strict=True), 1
            )
        ),
        volume_panels=tuple(
            Panel(
                series=series,
                place=place,
                chart=draw_volume(
                    f"volume-panel-{number}", series.name, axis, line, width=350, height=140,
                    highest=_count_most(lines), scale="volume-panels",
                    events=choose_marks(events, "volume", platform=place),
                    slice_of=("platform", str(place)),
                ),
            )
            for number, (series, line, place) in enumerate(
                zip(platforms, lines, places, strict=True), 1
            )
        ),
        estimates=estimates,
    )  # fmt: skip


def make_aspects(
    data: ReportData, axis: Axis | None, filters: Filters, estimates: Estimates
) -> tuple[AspectRow, ...]:
    """The rows of the table of aspects, the most discussed first."""
    series = {one.name: one for one in data.aspect_series}
    totals = [total for total in data.aspects if total.aspect][:_MAX_ASPECTS]
    lines = {
        total.aspect: axis.align(series[total.aspect].periods)
        for total in totals
        if axis is not None and total.aspect in series
    }
    bands = {name: estimates.align(axis, name) if axis else [] for name in lines}
    reach = choose_reach([v for name in lines for v in take_values(lines[name], bands[name])])
    highest = _count_most(lines.values())
    rows = []
    for number, total in enumerate(totals, 1):
        name, counts = display.format_name(total.aspect), total.counts
        estimate = estimates.find("all", None, total.aspect)
        net, shares = counts.net_sentiment, counts.shares
        net = estimate.value if estimate is not None and net is not None else net
        line = lines.get(total.aspect)
        place = filters.place("aspect", total.aspect)
        is_drawn = axis is not None and line is not None and len(axis.starts) > 1
        rows.append(
            AspectRow(
                total=total,
                estimate=estimate,
                place=place,
                shares=draw_shares(
                    f"aspect-{number}-shares", shares, f"{name}: {_say_shares(shares)}"
                )
                if shares
                else None,
                net=draw_net_bar(
                    f"aspect-{number}-net", net, f"{name}: net {display.format_net(net)}"
                )
                if net is not None
                else None,
                sparkline=draw_sparkline(
                    f"aspect-{number}-line", total.aspect, axis, line, reach=reach,
                    aspect=str(place), estimates=bands[total.aspect],
                )
                if is_drawn and axis and line
                else None,
                volume=draw_volume_sparkline(
                    f"aspect-{number}-volume", total.aspect, axis, line, highest=highest,
                    aspect=str(place),
                )
                if is_drawn and axis and line
                else None,
            )
        )  # fmt: skip
    return tuple(rows)


def make_voice(rows: Sequence[Mapping[str, Any]]) -> Voice | None:
    """Share of voice of the latest week, aspects with the most first; None without rows."""
    weeks = sorted({row["period_start"] for row in rows})
    if not weeks:
        return None
    by_aspect: dict[str, dict[date, Mapping[str, Any]]] = {}
    for row in rows:
        by_aspect.setdefault(str(row["aspect"]), {})[row["period_start"]] = row
    week, week_before = weeks[-1], weeks[-2] if len(weeks) > 1 else None
    shares = {
        aspect: [_share(found.get(one)) for one in weeks] for aspect, found in by_aspect.items()
    }
    highest = max((one or 0.0 for line in shares.values() for one in line), default=0.0)
    order = sorted(by_aspect, key=lambda aspect: (-(shares[aspect][-1] or 0.0), aspect))
    voices = []
    for number, aspect in enumerate(order, 1):
        line = shares[aspect]
        now, before = line[-1], line[-2] if len(line) > 1 else None
        name = display.format_name(aspect)
        found = by_aspect[aspect].get(week)
        voices.append(
            VoiceRow(
                aspect=aspect,
                count_posts=int(found["count_posts"]) if found else 0,
                share=now,
                before=before,
                bar=draw_share(
                    f"voice-{number}", now or 0.0, before,
                    f"{name}: {display.format_share(now or 0.0)}, before"
                    f" {display.format_share(before)}",
                ),
                line=draw_share_line(
                    f"voice-{number}-line", f"{name}: share of voice by week", line,
                    highest=highest,
                )
                if len(weeks) > 2
                else None,
            )
        )  # fmt: skip
    return Voice(week=week, week_before=week_before, rows=tuple(voices))


def make_drivers(rows: Sequence[Mapping[str, Any]]) -> tuple[Drivers, ...]:
    """What moved net sentiment, for each scope that the rows hold; rows come largest first."""
    found = []
    for number, (scope, group) in enumerate(groupby(rows, key=lambda row: str(row["scope"])), 1):
        parts = list(group)
        first, shown, rest = parts[0], parts[:_MAX_DRIVERS], parts[_MAX_DRIVERS:]
        if first["scope_change"] is None:
            continue
        reach = max(abs(part["contribution"]) for part in parts) or 1.0
        found.append(
            Drivers(
                scope=scope,
                period=str(first["period"]),
                start=first["period_start"],
                previous=first["previous_start"],
                now=first["scope_net_sentiment"],
                before=first["scope_previous_net_sentiment"],
                rows=tuple(
                    DriverRow(
                        row=part,
                        bar=draw_net_bar(
                            f"driver-{number}-{place}",
                            part["contribution"],
                            f"{display.format_net(part['contribution'])} of the change",
                            reach=reach,
                        ),
                    )
                    for place, part in enumerate(shown, 1)
                ),
                n_rest=len(rest),
                rest=sum(part["contribution"] for part in rest),
            )
        )
    return tuple(found)


def _share(row: Mapping[str, Any] | None) -> float | None:
    """A week without a post of the aspect has no row: its share is nothing."""
    return 0.0 if row is None else row["share_of_voice"]


def _reach(
    lines: Sequence[Sequence[Counts | None]],
    bands: Mapping[str, Sequence[Estimate | None]],
    names: Sequence[str],
) -> float:
    """The end of the axis that holds the lines and the bands of some names."""
    ends: list[float | None] = []
    for line, name in zip(lines, names, strict=True):
        values = take_values(line, bands[name])
        ends += values
        for value, one in zip(values, bands[name], strict=True):
            if one is not None and value is not None:
                ends += [one.low, one.high]
    return choose_reach(ends)


def _count_most(lines: Iterable[Sequence[Counts | None]]) -> int:
    """The largest volume of one period in any of several series."""
    return max((one.count_posts for line in lines for one in line if one), default=0)


def _sum_series(platforms: Sequence[Series]) -> Series:
    sums: dict[date, Counts] = {}
    for series in platforms:
        for period in series.periods:
            sums[period.start] = sums.get(period.start, Counts()) + period.counts
    periods = tuple(Period(start=start, counts=sums[start]) for start in sorted(sums))
    return Series(name="all platforms", periods=periods)


def _say_shares(shares: Sequence[float]) -> str:
    pairs = zip(LABELS, shares, strict=True)
    return ", ".join(f"{label} {display.format_share(share)}" for label, share in pairs)
