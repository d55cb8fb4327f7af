"""Builds the report: one HTML file that needs no network and runs no script."""

import base64
import hashlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from analytics.contract.labels import LABELS
from reports import display
from reports.cards import Card, make_card
from reports.charts import (
    FEW_POSTS,
    Axis,
    Chart,
    choose_reach,
    draw_net_bar,
    draw_net_sentiment,
    draw_shares,
    draw_sparkline,
    draw_volume,
    draw_volume_sparkline,
    make_axis,
)
from reports.queries import read_report_data
from reports.records import AspectTotal, Counts, Period, PostRow, ReportData, Series
from reports.sentences import write_headline

_MAX_PANELS = 12
_MAX_ASPECTS = 100
_MAX_OPEN_ASPECTS = 15
_MAX_ASPECTS_WITH_POSTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trend:
    """The figures over time; each is drawn for wide and for narrow screens."""

    axis: Axis
    net: tuple[Chart, ...]
    volume: tuple[Chart, ...]
    panels: tuple[tuple[Series, Chart], ...]
    volume_panels: tuple[tuple[Series, Chart], ...]
    total: Series


@dataclass(frozen=True, slots=True, kw_only=True)
class _AspectRow:
    total: AspectTotal
    shares: Chart | None
    net: Chart | None
    sparkline: Chart | None
    volume: Chart | None


def build_report(
    connection: duckdb.DuckDBPyConnection,
    *,
    data_dir: Path,
    title: str,
    generated_at: datetime,
    max_posts: int = 50,
) -> str:
    """Read the marts and render the report; the same data give the same bytes.

    Raises:
        StoreError: the marts are missing or of an older version.
    """
    data = read_report_data(connection, max_posts=max_posts)
    environment = _make_environment()
    css = environment.get_template("report.css").render()
    trend = _make_trend(data)
    post_total = next((total for total in data.aspects if total.aspect == ""), None)
    return environment.get_template("report.html.j2").render(
        title=display.format_name(title, 120),
        generated_at=generated_at,
        css_hash=_hash(css),
        data=data,
        trend=trend,
        headline=write_headline(
            days=data.days, platforms=data.platforms, aspects=data.aspects, model=data.model
        ),
        total=post_total,
        aspects=_make_aspects(data, trend),
        n_open_aspects=_MAX_OPEN_ASPECTS,
        n_aspects=sum(1 for total in data.aspects if total.aspect),
        cards=_make_cards("post", data.posts, data_dir),
        aspect_cards=_make_aspect_cards(data, data_dir),
        conflict_cards=_make_cards("conflict", data.conflicts, data_dir),
        labels=LABELS,
        n_few=FEW_POSTS,
    )


def write_report(html: str, path: Path) -> None:
    """Write the report so that a reader sees the old one or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(html.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes private files; a report has the rights of any new file.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _make_environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=display.printable,
    )
    environment.filters.update(
        count=display.format_count,
        share=display.format_share,
        net=display.format_net,
        p=display.format_p,
        day=display.format_date,
        moment=display.format_time,
        iso=display.format_iso,
        name=display.format_name,
        cut=display.cut_text,
    )
    environment.globals.update(format_seconds=display.format_seconds)
    return environment


def _hash(css: str) -> str:
    digest = hashlib.sha256(css.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _make_trend(data: ReportData) -> _Trend | None:
    total = _sum_series(data.platforms)
    if not total.periods:
        return None
    axis = make_axis(data.grain, total.periods[0].start, total.periods[-1].start)
    counts = axis.align(total.periods)
    nets = [one.net_sentiment for one in counts if one]
    panels = data.platforms[:_MAX_PANELS] if len(data.platforms) > 1 else ()
    panel_counts = [axis.align(series.periods) for series in panels]
    panel_nets = [one.net_sentiment for line in panel_counts for one in line if one]
    reach = choose_reach([*nets, *panel_nets])
    sizes = (("wide", 1000, 250), ("narrow", 350, 210))
    return _Trend(
        axis=axis,
        total=total,
        net=tuple(
            draw_net_sentiment(
                f"net-{size}", "all platforms", axis, counts,
                width=width, height=height, reach=reach, css_class=size,
            )
            for size, width, height in sizes
        ),
        volume=tuple(
            draw_volume(
                f"volume-{size}", "all platforms", axis, counts,
                width=width, height=height - 30, css_class=size,
            )
            for size, width, height in sizes
        ),
        panels=tuple(
            (
                series,
                draw_net_sentiment(
                    f"panel-{number}", series.name, axis, line,
                    width=350, height=150, reach=reach, context=counts,
                ),
            )
            for number, (series, line) in enumerate(zip(panels, panel_counts, strict=True), 1)
        ),
        volume_panels=tuple(
            (
                series,
                draw_volume(
                    f"volume-panel-{number}", series.name, axis, line,
                    width=350, height=130, highest=_count_most(panel_counts),
                ),
            )
            for number, (series, line) in enumerate(zip(panels, panel_counts, strict=True), 1)
        ),
    )  # fmt: skip


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


def _make_aspects(data: ReportData, trend: _Trend | None) -> tuple[_AspectRow, ...]:
    series = {one.name: one for one in data.aspect_series}
    totals = [total for total in data.aspects if total.aspect][:_MAX_ASPECTS]
    lines = {
        total.aspect: trend.axis.align(series[total.aspect].periods)
        for total in totals
        if trend is not None and total.aspect in series
    }
    reach = choose_reach([c.net_sentiment for line in lines.values() for c in line if c])
    highest = _count_most(lines.values())
    rows = []
    for number, total in enumerate(totals, 1):
        net, shares = total.counts.net_sentiment, total.counts.shares
        line = lines.get(total.aspect)
        words = f"{display.format_name(total.aspect)}: "
        rows.append(
            _AspectRow(
                total=total,
                shares=draw_shares(f"aspect-{number}-shares", shares, words + _say_shares(shares))
                if shares
                else None,
                net=draw_net_bar(
                    f"aspect-{number}-net", net, f"{words}net {display.format_net(net)}"
                )
                if net is not None
                else None,
                sparkline=draw_sparkline(
                    f"aspect-{number}-line", total.aspect, trend.axis, line, reach=reach
                )
                if trend is not None and line is not None and len(trend.axis.starts) > 1
                else None,
                volume=draw_volume_sparkline(
                    f"aspect-{number}-volume", total.aspect, trend.axis, line, highest=highest
                )
                if trend is not None and line is not None and len(trend.axis.starts) > 1
                else None,
            )
        )
    return tuple(rows)


def _say_shares(shares: Sequence[float]) -> str:
    pairs = zip(LABELS, shares, strict=True)
    return ", ".join(f"{label} {display.format_share(share)}" for label, share in pairs)


def _make_cards(prefix: str, rows: Sequence[PostRow], data_dir: Path) -> tuple[Card, ...]:
    return tuple(make_card(prefix, number, row, data_dir) for number, row in enumerate(rows, 1))


def _make_aspect_cards(
    data: ReportData, data_dir: Path
) -> tuple[tuple[AspectTotal, tuple[Card, ...]], ...]:
    groups = []
    shown = [total for total in data.aspects if total.aspect][:_MAX_ASPECTS_WITH_POSTS]
    for number, total in enumerate(shown, 1):
        rows = [row for row in data.aspect_posts if row.aspect == total.aspect]
        groups.append((total, _make_cards(f"aspect-{number}-post", rows, data_dir)))
    return tuple(groups)
