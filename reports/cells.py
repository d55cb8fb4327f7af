"""What the script of the report knows: counts to add up, estimates and events by slice."""

import json
from collections.abc import Mapping, Sequence
from datetime import date

from markupsafe import Markup

from reports.axis import Axis
from reports.display import format_name
from reports.estimates import Estimates
from reports.events import EventRow
from reports.filters import Filters, name_language, name_platform
from reports.plot import FEW_POSTS
from reports.records import ReportData

_ESCAPES = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "'": "\\u0027", "\x7f": "\\u007f"}
)


def render_cells(
    data: ReportData, filters: Filters, estimates: Estimates, events: Sequence[EventRow] = ()
) -> Markup:
    """The data of the script as JSON that no text can break out of."""
    axis = filters.axis
    starts = axis.starts if axis else ()
    places = {start: place for place, start in enumerate(starts)}
    rows = [
        [
            places[cell.start],
            filters.place("aspect", cell.aspect),
            filters.place("platform", cell.platform),
            filters.place("lang", cell.lang),
            cell.counts.count_posts,
            cell.counts.count_negative,
            cell.counts.count_neutral,
            cell.counts.count_positive,
        ]
        for cell in data.cells
        if cell.start in places
    ]
    return embed_json(
        {
            "grain": data.grain,
            "few": FEW_POSTS,
            "starts": [start.isoformat() for start in starts],
            "ends": _ends(axis),
            "periods": [axis.name(start) for start in starts] if axis else [],
            "aspects": list(filters.aspects),
            "platforms": list(filters.platforms),
            "languages": list(filters.languages),
            "aspectNames": [format_name(name) if name else "All posts" for name in filters.aspects],
            "platformNames": [name_platform(name) for name in filters.platforms],
            "languageNames": [name_language(code) for code in filters.languages],
            "rows": rows,
            "estimates": _list_estimates(filters, estimates, places),
            "events": [
                [one.index, *one.places, one.chart, one.mark.text, one.mark.name]
                for one in events
                if one.index >= 0
            ],
        }
    )


def _list_estimates(
    filters: Filters, estimates: Estimates, places: Mapping[date, int]
) -> list[list[float]]:
    """Period, places of aspect, platform and language (-1: all), value, low and high."""
    level = filters.aspects[0]
    rows: list[list[float]] = []
    known = {"aspect": filters.aspects, "platform": filters.platforms, "lang": filters.languages}
    for (period, start, aspect, platform, lang), one in estimates.by_slice.items():
        if (
            start is None
            or start not in places
            or filters.axis is None
            or period != filters.axis.grain
        ):
            continue
        slices = {"aspect": aspect, "platform": platform, "lang": lang}
        if any(value not in known[kind] for kind, value in slices.items() if value != "*"):
            continue  # of those that the filters do not tell apart
        where = [
            0 if kind == "aspect" and value == level
            else -1 if kind != "aspect" and value == "*"
            else filters.place(kind, value)
            for kind, value in slices.items()
        ]  # fmt: skip
        rows.append([places[start], *where, one.value, one.low, one.high])
    return rows


def embed_json(value: object) -> Markup:
    """JSON for a `script` block of data: ASCII alone, and no character that HTML gives a meaning.

    Thus no text in it ends the block, opens a comment in it, or ends a line of it (U+2028).
    """
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return Markup(text.translate(_ESCAPES))


def _ends(axis: Axis | None) -> list[str]:
    """The last day of each period."""
    if axis is None:
        return []
    return [end.isoformat() for end in axis.ends]
