"""The queries of the report. The only module of `reports` that hands SQL to a
connection; it reads marts only."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any, TypeVar

import duckdb

from analytics.contract.errors import StoreError
from reports.records import (
    AspectTotal,
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

# A chart holds at most this many periods; longer spans are shown by week,
# month, quarter or year.
_MAX_PERIODS = 100
_DAYS_IN = {"day": 1, "week": 7, "month": 28, "quarter": 90, "year": 365}

_COUNTS = """\
    sum(count_posts)::bigint as count_posts,
    sum(count_predicted)::bigint as count_predicted,
    sum(count_negative)::bigint as count_negative,
    sum(count_neutral)::bigint as count_neutral,
    sum(count_positive)::bigint as count_positive,
    sum(count_positive - count_negative)
        / nullif(sum(count_predicted), 0) as net_sentiment,"""

_DAYS = f"""\
select
    sentiment_date as start,
{_COUNTS}
from daily_sentiment
group by all
order by start"""

_PLATFORMS = f"""\
select
    platform as name,
    date_trunc('{{grain}}', sentiment_date)::date as start,
{_COUNTS}
from daily_sentiment
group by all
order by name, start"""

_ASPECTS = """\
select *
from aspect_totals
order by count_posts desc, aspect"""

_ASPECT_SERIES = f"""\
select
    aspect as name,
    date_trunc('{{grain}}', sentiment_date)::date as start,
{_COUNTS}
from aspect_daily
group by all
order by name, start"""

_POSTS = """\
select *
from top_posts
where aspect = '' and rank <= {max_posts}
order by rank"""

_ASPECT_POSTS = """\
select *
from top_posts
where aspect <> '' and rank <= 3
order by aspect, rank"""

_CONFLICTS = """\
select
    *,
    count(*) over (partition by aspect, content_key) as count_copies,
from conflicts
qualify row_number() over (
    partition by aspect, content_key
    order by count_engagement desc, post_id
) = 1
order by count_engagement desc, post_id, aspect
limit 12"""

_MODEL = """\
select *
from model_quality"""

_REJECTS = """\
select *
from reject_summary
order by count_rejects desc, stage, reason
limit 50"""

_RUNS = """\
select *
from run_facts
order by started_at desc, run_id desc"""

_DUMPS = """\
select *
from dump_facts
order by platform"""

_MEDIA = """\
select *
from media_facts
order by platform, kind, status"""

_SETTINGS = """\
select time_zone
from mart_settings"""

_Row = Mapping[str, Any]
_Record = TypeVar("_Record")


def read_report_data(connection: duckdb.DuckDBPyConnection, *, max_posts: int) -> ReportData:
    """Read from the marts all that a report shows.

    Raises:
        StoreError: a mart is missing or of an older version.
    """
    days = tuple(_period(row) for row in _fetch(connection, _DAYS))
    grain = choose_grain(days[0].start, days[-1].start) if days else "day"
    sql = {
        "days": _DAYS,
        "platforms": _PLATFORMS.format(grain=grain),
        "aspects": _ASPECTS,
        "aspect_series": _ASPECT_SERIES.format(grain=grain),
        "posts": _POSTS.format(max_posts=int(max_posts)),
        "aspect_posts": _ASPECT_POSTS,
        "conflicts": _CONFLICTS,
        "model": _MODEL,
        "rejects": _REJECTS,
        "runs": _RUNS,
        "dumps": _DUMPS,
        "media": _MEDIA,
    }
    models = [_pick(ModelRow, row) for row in _fetch(connection, sql["model"])]
    return ReportData(
        time_zone=str(_fetch(connection, _SETTINGS)[0]["time_zone"]),
        grain=grain,
        days=days,
        platforms=_series(_fetch(connection, sql["platforms"])),
        aspects=tuple(_aspect(row) for row in _fetch(connection, sql["aspects"])),
        aspect_series=_series(_fetch(connection, sql["aspect_series"])),
        posts=tuple(_post(row) for row in _fetch(connection, sql["posts"])),
        aspect_posts=tuple(_post(row) for row in _fetch(connection, sql["aspect_posts"])),
        conflicts=tuple(_post(row) for row in _fetch(connection, sql["conflicts"])),
        model=models[0] if models else None,
        rejects=tuple(_pick(RejectRow, row) for row in _fetch(connection, sql["rejects"])),
        runs=tuple(_pick(RunRow, row) for row in _fetch(connection, sql["runs"])),
        dumps=tuple(_pick(DumpRow, row) for row in _fetch(connection, sql["dumps"])),
        media=tuple(_pick(MediaRow, row) for row in _fetch(connection, sql["media"])),
        sql=sql,
    )


def choose_grain(first: date, last: date) -> str:
    """The finest period that cuts a span into few enough pieces for a chart."""
    n_days = (last - first).days + 1
    for grain, length in _DAYS_IN.items():
        if n_days / length <= _MAX_PERIODS:
            return grain
    return "year"


def _fetch(connection: duckdb.DuckDBPyConnection, sql: str) -> list[_Row]:
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


def _in_utc(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _pick(record: type[_Record], row: _Row) -> _Record:
    """The record made of the row's columns of the same names."""
    return record(**{name: row[name] for name in _names(record)})


def _names(record: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(record))


def _period(row: _Row) -> Period:
    return Period(start=row["start"], counts=_pick(Counts, row))


def _series(rows: Iterable[_Row]) -> tuple[Series, ...]:
    """Rows ordered by name as series, those with most posts first."""
    series = [
        Series(name=name, periods=tuple(_period(row) for row in group))
        for name, group in groupby(rows, key=lambda row: str(row["name"]))
    ]
    return tuple(sorted(series, key=lambda one: (-one.total.count_posts, one.name)))


def _aspect(row: _Row) -> AspectTotal:
    return AspectTotal(
        counts=_pick(Counts, row),
        **{name: row[name] for name in _names(AspectTotal) if name != "counts"},
    )


def _post(row: _Row) -> PostRow:
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
    }
    return PostRow(**own, **{name: row[name] for name in _names(PostRow) if name not in own})
