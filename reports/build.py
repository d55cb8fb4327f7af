"""Builds the report: one HTML file that needs no network; its one script is ours."""

import base64
import hashlib
import os
import tempfile
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from analytics.contract.labels import LABELS
from reports import display
from reports.cards import Card, make_card
from reports.cells import render_cells
from reports.estimates import (
    METHODS,
    WARNINGS,
    Estimate,
    Estimates,
    estimate_window,
    make_estimates,
    select_net,
)
from reports.events import make_events
from reports.figures import (
    make_aspects,
    make_drivers,
    make_period_axis,
    make_trend,
    make_voice,
)
from reports.filters import (
    Filters,
    make_filters,
    name_language,
    name_platform,
)
from reports.plot import FEW_POSTS
from reports.queries import MAX_PERIODS
from reports.reading import read_report_data
from reports.records import AspectTotal, PostRow, ReportData
from reports.scope import Scope
from reports.sentences import write_headline

_MAX_OPEN_ASPECTS = 15
_MAX_ASPECTS_WITH_POSTS = 20
# A card of a list behind a fold shows less of its text.
_SHORT = 320


def build_report(
    connection: duckdb.DuckDBPyConnection,
    *,
    data_dir: Path,
    title: str,
    generated_at: datetime,
    max_posts: int = 50,
    scope: Scope | None = None,
) -> str:
    """Read the marts and render the report; the same data give the same bytes.

    Raises:
        StoreError: the marts are missing or of an older version, or the scope's aspect is
            not known.
    """
    data = read_report_data(connection, max_posts=max_posts, scope=scope or Scope())
    environment = _make_environment()
    css = environment.get_template("report.css").render()
    script = environment.get_template("report.js").render()
    axis = make_period_axis(data)
    filters = make_filters(data, axis)
    level = data.scope.aspect or ""
    estimates = _find_estimates(data)
    events = make_events(data, axis, filters)
    return environment.get_template("report.html.j2").render(
        title=display.format_name(title, 120),
        generated_at=generated_at,
        css_hash=_hash(css),
        script_hash=_hash(script),
        data=data,
        filters=filters,
        cells=render_cells(data, filters, estimates, events),
        trend=make_trend(data, axis, filters, estimates, events),
        estimates=estimates,
        ends=_estimate_ends(data),
        estimate=estimates.find("all", None, level),
        methods=METHODS,
        warnings=WARNINGS,
        events=events,
        headline=write_headline(data),
        total=next((total for total in data.aspects if total.aspect == level), None),
        aspects=make_aspects(data, axis, filters, estimates),
        voice=make_voice(data.optional.get("voice", ())),
        n_open_aspects=_MAX_OPEN_ASPECTS,
        n_aspects=sum(1 for total in data.aspects if total.aspect),
        cards=_make_cards("post", data.posts, data_dir, filters),
        aspect_cards=_make_aspect_cards(data, data_dir, filters),
        daily_cards=_make_daily_cards(data, filters),
        conflict_cards=_make_cards("conflict", data.conflicts, data_dir, filters),
        drivers=make_drivers(data.optional["drivers"]),
        surprising_cards=_make_cards("surprising", data.surprising_posts, data_dir, filters),
        picture_cards=_make_cards("picture", data.picture_posts, data_dir, filters),
        labels=LABELS,
        n_few=FEW_POSTS,
        n_periods=MAX_PERIODS,
    )


def _find_estimates(data: ReportData) -> Estimates:
    """Net sentiment of the periods of the charts and over all posts, by slice."""
    found = data.optional
    return make_estimates(found.get("bands", ()), select_net(found.get("totals", ())))


def _estimate_ends(data: ReportData) -> dict[str, list[Estimate | None]]:
    """The estimates of the span of interest and of the one before it, by aspect."""
    if data.window is None:
        return {}
    spans = make_estimates(data.optional.get("spans", ()))
    window = data.window
    return {
        change.aspect: [
            estimate_window(spans, span, change.aspect, counts.count_predicted)
            for span, counts in ((window, change.now), (window.before, change.before))
        ]
        for change in data.changes
    }


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
        platform=name_platform,
        language=name_language,
        cell=display.format_cell,
        points=display.format_points,
        net3=display.format_part,
    )
    environment.globals.update(
        format_seconds=display.format_seconds,
        format_span=display.format_span,
        format_days=display.format_days,
    )
    return environment


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _make_cards(
    prefix: str, rows: Sequence[PostRow], data_dir: Path, filters: Filters
) -> tuple[Card, ...]:
    return tuple(
        make_card(f"{prefix}-{number}", number, row, data_dir, filters)
        for number, row in enumerate(rows, 1)
    )


def _make_aspect_cards(
    data: ReportData, data_dir: Path, filters: Filters
) -> tuple[tuple[AspectTotal, tuple[Card, ...]], ...]:
    groups = []
    if data.scope.aspect is not None:  # they are the posts of the report already
        return ()
    shown = [total for total in data.aspects if total.aspect][:_MAX_ASPECTS_WITH_POSTS]
    for number, total in enumerate(shown, 1):
        rows = [row for row in data.aspect_posts if row.aspect == total.aspect]
        groups.append((total, _make_cards(f"aspect-{number}-post", rows, data_dir, filters)))
    return tuple(groups)


def _make_daily_cards(
    data: ReportData, filters: Filters
) -> tuple[tuple[str, tuple[Card, ...], int], ...]:
    """The posts behind each point of the charts, without pictures; the latest period first.

    Beside them, how many show while there is no filter by aspect.
    """
    groups = []
    for day, rows in groupby(data.daily_posts, key=lambda row: row.day):
        cards = tuple(
            make_card(f"on-{day}-{number}", number, row, None, filters, max_text=_SHORT)
            for number, row in enumerate(rows, 1)
        )
        groups.append((str(day), cards, sum(1 for card in cards if not card.places[0])))
    return tuple(groups)
