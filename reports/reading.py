"""Reads what a report shows. It and `reports.export` alone hand SQL to a connection."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from difflib import get_close_matches
from itertools import groupby
from typing import Any, TypeVar

import duckdb

from analytics.contract.errors import StoreError
from reports.optional import OPTIONAL_FIGURES, Frame
from reports.queries import (
    MAX_ASPECTS,
    MAX_PLATFORMS,
    choose_grain,
    write_cells,
    write_days,
    write_queries,
)
from reports.records import (
    AspectLabel,
    AspectTotal,
    Cell,
    Change,
    Counts,
    DumpRow,
    MediaRow,
    ModelRow,
    Period,
    PostRow,
    RejectRow,
    ReportData,
    RunRow,
    Series,
)
from reports.scope import Scope, Window, choose_window
from reports.sentences import describe_absence

logger = logging.getLogger(__name__)

# More rows than this make the page heavy: then fewer aspects are told apart by the filters.
_MAX_CELLS = 20_000

Row = Mapping[str, Any]
_Record = TypeVar("_Record")


def read_report_data(
    connection: duckdb.DuckDBPyConnection, *, max_posts: int, scope: Scope
) -> ReportData:
    """Read from the marts all that a report shows.

    Raises:
        StoreError: a mart is missing or of an older version, or nothing is known of the
            scope's aspect.
    """
    sql = {"days": write_days(scope)}
    days = tuple(_period(row) for row in fetch(connection, sql["days"]))
    first, last = (days[0].start, days[-1].start) if days else (None, None)
    window = choose_window(first, last, scope)
    grain = choose_grain(first, last) if first and last else "day"
    periods = {_truncate(grain, day.start) for day in days}
    sql |= write_queries(
        scope, grain=grain, n_periods=len(periods), window=window, max_posts=max_posts
    )
    aspects = tuple(_aspect(row) for row in fetch(connection, sql["aspects"]))
    known_days = _find_days(connection, scope)
    platforms = _series(fetch(connection, sql["platforms"]))
    sql["cells"], cells = _read_cells(connection, scope, grain, platforms)
    optional, optional_sql = _read_optional(
        connection, Frame(scope=scope, grain=grain, window=window)
    )
    models = [_pick(ModelRow, row) for row in fetch(connection, sql["model"])]
    data = ReportData(
        scope=scope,
        window=window,
        known_days=known_days,
        time_zone=_read_time_zone(connection),
        grain=grain,
        days=days,
        changes=_changes(fetch(connection, sql["changes"])) if "changes" in sql else (),
        cells=cells,
        platforms=platforms,
        aspects=aspects,
        aspect_series=_series(fetch(connection, sql["aspect_series"])),
        posts=tuple(_post(row) for row in fetch(connection, sql["posts"])),
        aspect_posts=tuple(_post(row) for row in fetch(connection, sql["aspect_posts"])),
        daily_posts=tuple(_post(row) for row in fetch(connection, sql["daily_posts"])),
        conflicts=tuple(_post(row) for row in fetch(connection, sql["conflicts"])),
        picture_posts=tuple(_post(row) for row in fetch(connection, sql["pictures"])),
        surprising_posts=tuple(_post(row) for row in fetch(connection, sql["surprising"])),
        model=models[0] if models else None,
        rejects=tuple(_pick(RejectRow, row) for row in fetch(connection, sql["rejects"])),
        runs=tuple(_pick(RunRow, row) for row in fetch(connection, sql["runs"])),
        dumps=tuple(_pick(DumpRow, row) for row in fetch(connection, sql["dumps"])),
        media=tuple(_pick(MediaRow, row) for row in fetch(connection, sql["media"])),
        optional=optional,
        sql=sql | optional_sql,
    )
    if not days and not scope.is_all:
        logger.warning("%s", describe_absence(data).text)
    return data


def fetch(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    """The rows of a query by column name; times in UTC.

    Raises:
        StoreError: a mart or a column of it is missing.
    """
    try:
        cursor = connection.execute(sql)
        names = [column[0] for column in cursor.description or []]
        rows = cursor.fetchall()
    except (duckdb.CatalogException, duckdb.BinderException) as exc:
        reason = str(exc).partition("\n")[0]
        raise StoreError(
            f"the marts cannot be read ({reason}). Make them anew with `analytics marts`."
        ) from exc
    return [dict(zip(names, map(_in_utc, row), strict=True)) for row in rows]


def _read_cells(
    connection: duckdb.DuckDBPyConnection, scope: Scope, grain: str, platforms: Iterable[Series]
) -> tuple[str, tuple[Cell, ...]]:
    shown = tuple(series.name for series in platforms)[:MAX_PLATFORMS]
    has_slices = "sentiment_slices" in _tables(connection)
    n_aspects = MAX_ASPECTS
    while True:
        sql = write_cells(
            scope, grain=grain, has_slices=has_slices, n_aspects=n_aspects, platforms=shown
        )
        rows = fetch(connection, sql)
        if len(rows) <= _MAX_CELLS or not n_aspects:
            break
        n_aspects //= 2
    names = ("start", "aspect", "platform", "lang")
    cells = [Cell(counts=_pick(Counts, row), **{name: row[name] for name in names}) for row in rows]
    if scope.aspect is not None:
        cells = [cell for cell in cells if cell.aspect]
    return sql, tuple(cells)


def _read_optional(
    connection: duckdb.DuckDBPyConnection, frame: Frame
) -> tuple[dict[str, tuple[Row, ...]], dict[str, str]]:
    """The figures whose tables are there, and their queries."""
    tables = _tables(connection)
    rows: dict[str, tuple[Row, ...]] = {figure.name: () for figure in OPTIONAL_FIGURES}
    queries = {}
    for figure in OPTIONAL_FIGURES:
        if figure.table not in tables or (figure.is_of_all_days and not frame.scope.is_all):
            continue
        sql = figure.write(frame)
        try:
            found = fetch(connection, sql)
        except StoreError:  # of an older or newer version: absent
            continue
        if found:
            rows[figure.name], queries[figure.name] = tuple(found), sql
    return rows, queries


def _read_time_zone(connection: duckdb.DuckDBPyConnection) -> str:
    """The zone that the days of the marts are of."""
    rows = fetch(connection, "select time_zone from mart_settings")
    return str(rows[0]["time_zone"]) if rows else "UTC"


def _tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    return {row["table_name"] for row in fetch(connection, "select table_name from duckdb_tables")}


def _find_days(connection: duckdb.DuckDBPyConnection, scope: Scope) -> Window | None:
    """The days that have posts (toward the scope's aspect), of the scope or not.

    Raises:
        StoreError: no post at all names the aspect.
    """
    rows = fetch(
        connection, "select aspect, first_date, last_date from aspect_totals order by aspect"
    )
    found = {str(row["aspect"]): row for row in rows}
    if scope.aspect is not None and scope.aspect not in found:
        raise StoreError(_say_unknown(scope.aspect, [name for name in found if name]))
    row = found.get(scope.aspect or "")
    if row is None or row["first_date"] is None:
        return None
    return Window(first=row["first_date"], last=row["last_date"])


def _say_unknown(aspect: str, known: list[str]) -> str:
    start = f"--aspect {aspect!r}: no post names it."
    if not known:
        return f"{start} No post names any: give [[aspects]] in the configuration and ingest anew."
    by_case = {name.casefold(): name for name in known}
    near = get_close_matches(aspect.casefold(), by_case, n=1)
    hint = f" Did you mean {by_case[near[0]]!r}?" if near else ""
    shown = ", ".join(known[:10]) + (f" and {len(known) - 10} more" if len(known) > 10 else "")
    return f"{start}{hint} There are: {shown}."


def _in_utc(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _truncate(grain: str, day: date) -> tuple[int, ...]:
    """What the days of one period have in common."""
    if grain == "day":
        return day.toordinal(), 0
    if grain == "week":
        year, week, _ = day.isocalendar()
        return year, week
    return day.year, {"month": day.month, "quarter": (day.month + 2) // 3}.get(grain, 0)


def _pick(record: type[_Record], row: Row) -> _Record:
    """The record made of the row's columns of the same names."""
    return record(**{name: row[name] for name in _names(record)})


def _names(record: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(record))


def _period(row: Row) -> Period:
    return Period(start=row["start"], counts=_pick(Counts, row))


def _series(rows: Iterable[Row]) -> tuple[Series, ...]:
    """Rows ordered by name as series, those with most posts first."""
    series = [
        Series(name=name, periods=tuple(_period(row) for row in group))
        for name, group in groupby(rows, key=lambda row: str(row["name"]))
    ]
    return tuple(sorted(series, key=lambda one: (-one.total.count_posts, one.name)))


def _changes(rows: Iterable[Row]) -> tuple[Change, ...]:
    changes = []
    for aspect, group in groupby(rows, key=lambda row: str(row["aspect"])):
        spans = {row["is_now"]: _pick(Counts, row) for row in group}
        changes.append(
            Change(
                aspect=aspect,
                now=spans.get(True, Counts()),
                before=spans.get(False, Counts()),
            )
        )
    return tuple(changes)


def _aspect(row: Row) -> AspectTotal:
    return AspectTotal(
        counts=_pick(Counts, row),
        **{name: row[name] for name in _names(AspectTotal) if name != "counts"},
    )


def _post(row: Row) -> PostRow:
    has_label = row["label"] is not None
    own = {
        "probabilities": (row["p_negative"], row["p_neutral"], row["p_positive"])
        if has_label
        else None,
        # The mart of conflicts has the sum alone.
        "likes": row.get("likes"),
        "reposts": row.get("reposts"),
        "replies": row.get("replies"),
        "contradicts_label": row.get("contradicts_label", True),
        "day": row["sentiment_date"],
        "text_label": row.get("text_label"),
        "image_label": row.get("image_label"),
        "aspects": tuple(
            AspectLabel(aspect=one["aspect"], label=one["label"]) for one in row["aspects"]
        ),
    }
    return PostRow(**own, **{name: row[name] for name in _names(PostRow) if name not in own})
