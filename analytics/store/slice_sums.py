"""Sums of predictions by slice, made in SQL: what intervals need to know of all items.

A slice is (period, period_start, aspect, platform, lang), '*' meaning all. Items of one
author, or of one content, are not independent, so sums of squares are over those units.
A unit that lies in one cell (day, aspect, platform, lang) is summed once for all slices;
only those that lie in several are summed for each.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product

import duckdb
import polars as pl

PERIODS = ("day", "week", "all")
UNITS = ("content", "author")
KEYS = ("period", "period_start", "aspect", "platform", "lang")
# Cells of a histogram of probabilities have this width.
BINS = 40
_TABLES = ("slice_gold", "spread_units", "unit_sums")
_STARTS = {"day": "day", "week": "cast(date_trunc('week', day) as date)", "all": "null::date"}
# An author is one unit for each aspect; a content is of one aspect anyway.
_ITEMS = """
    select
        post_number,
        aspect,
        platform,
        lang,
        sentiment_date as day,
        slice_id as cell,
        case when author_id is not null then hash(aspect, author_id) end as author,
        content_id as content,
        case label when 'negative' then -1 when 'neutral' then 0 else 1 end as sign,
        p_negative as p_neg,
        p_positive as p_pos,
    from int_facts
    where label is not null
"""
_SUMS = (
    "count_units",
    "n",
    "neg",
    "pos",
    "nn",
    "n_neg",
    "n_pos",
    "neg_neg",
    "neg_pos",
    "pos_pos",
    "m_neg",
    "m_pos",
    "m_neg_neg",
    "m_neg_pos",
    "m_pos_pos",
)
# Of units with n posts and the sums `neg` and `pos` of what the model says.
_OF_UNITS = """
    count(*) as count_units,
    sum(n) as n,
    sum(neg) as neg,
    sum(pos) as pos,
    sum(n * n) as nn,
    sum(n * neg) as n_neg,
    sum(n * pos) as n_pos,
    sum(neg * neg) as neg_neg,
    sum(neg * pos) as neg_pos,
    sum(pos * pos) as pos_pos,
    sum(neg / n) as m_neg,
    sum(pos / n) as m_pos,
    sum(neg / n * neg / n) as m_neg_neg,
    sum(neg / n * pos / n) as m_neg_pos,
    sum(pos / n * pos / n) as m_pos_pos,
"""


@contextmanager
def items_ready(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Predicted items (a view) and those with gold (a table), while this is open.

    They read the temporary table `int_facts`, which `build_marts` left in this connection.
    """
    connection.execute(f"create or replace temp view slice_items as {_ITEMS}")
    connection.execute(
        f"""
        create or replace temp table slice_gold as
        with items as ({_ITEMS})
        select
            items.*,
            (gold.label = 'negative')::int as y_neg,
            (gold.label = 'positive')::int as y_pos,
            gold.weight,
        from int_gold_sample as gold
        inner join posts on gold.post_id = posts.post_id
        inner join items on posts.rowid = items.post_number and gold.aspect = items.aspect
        order by items.post_number, items.aspect
        """
    )
    try:
        yield
    finally:
        connection.execute("drop view if exists slice_items")
        for table in _TABLES:
            connection.execute(f"drop table if exists {table}")


def read_gold(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Gold items with their prediction and weight: the rows of `int_gold_sample`."""
    return _read(connection, "select * from slice_gold")


def sum_slices(
    connection: duckdb.DuckDBPyConnection, unit: str, soft_levels: tuple[bool, bool]
) -> pl.DataFrame:
    """Sums over the units of each slice; one row a slice.

    Args:
        unit: content or author.
        soft_levels: whether probabilities are summed (else chosen labels) of posts as a
            whole, and of aspects.
    """
    soft = f"(case when aspect = '' then {soft_levels[0]} else {soft_levels[1]} end)"
    neg = f"case when {soft} then p_neg else (sign = -1)::int end"
    pos = f"case when {soft} then p_pos else (sign = 1)::int end"
    connection.execute(
        f"""
        create or replace temp table unit_sums as
        select
            {unit} as unit,
            any_value(cell) as cell,
            min(cell) <> max(cell) as is_spread,
            count(*)::double as n,
            sum({neg})::double as neg,
            sum({pos})::double as pos,
        from slice_items
        where {unit} is not null
        group by {unit}
        """
    )
    connection.execute(
        f"""
        create or replace temp table spread_units as
        select
            {unit} as unit,
            aspect,
            platform,
            lang,
            day,
            count(*)::double as n,
            sum({neg})::double as neg,
            sum({pos})::double as pos,
        from slice_items
        where {unit} in (select unit from unit_sums where is_spread)
        group by all
        """
    )
    lone = _read(
        connection,
        f"""
        with lone as (select cell, {_OF_UNITS} from unit_sums where not is_spread group by cell),
        cells as (
            select
                cell,
                any_value(aspect) as aspect,
                any_value(platform) as platform,
                any_value(lang) as lang,
                any_value(day) as day,
            from slice_items
            group by cell
        )
        select cells.* exclude (cell), lone.* exclude (cell)
        from lone inner join cells on lone.cell = cells.cell
        """,
    )
    parts = []
    connection.register("lone_cells", lone)
    try:
        for period, platform, lang in _groupings():
            if unit == "author" and platform == "'*'":
                continue  # an author is of one platform, so those sums add up
            where = "" if period == "all" else "where day is not null"
            keys = (
                f"'{period}' as period, {_STARTS[period]} as period_start, aspect,"
                f" {platform} as platform, {lang} as lang"
            )
            parts.append(
                _read(
                    connection,
                    f"""
                    with spread as (
                        select {keys}, unit, sum(n) as n, sum(neg) as neg, sum(pos) as pos,
                        from spread_units {where} group by all
                    ),
                    both_kinds as (
                        select {", ".join(KEYS)}, {_OF_UNITS} from spread group by all
                        union all
                        select {keys}, {", ".join(_SUMS)} from lone_cells {where}
                    )
                    select {", ".join(KEYS)}, {", ".join(f"sum({s}) as {s}" for s in _SUMS)},
                    from both_kinds group by all
                    """,
                )
            )
    finally:
        connection.unregister("lone_cells")
    if unit == "author":
        without = [key for key in KEYS if key != "platform"]
        parts += [
            part.group_by(without)
            .agg(pl.col(name).sum() for name in _SUMS)
            .with_columns(pl.lit("*").alias("platform"))
            .select(part.columns)
            for part in parts
        ]
    return pl.concat(parts).sort(KEYS)


def count_gold_units(connection: duckdb.DuckDBPyConnection, unit: str) -> pl.DataFrame:
    """Posts by cell of the units that have gold, to tell the share of one post in its unit."""
    return _read(
        connection,
        f"""
        select {unit}, aspect, platform, lang, day, count(*) as n,
        from slice_items
        where {unit} in (select {unit} from slice_gold)
        group by all
        """,
    )


def sum_probabilities(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Sums and sums of products of the probabilities, by slice of 'week' and 'all'."""
    return _union(
        connection,
        """
        count(*)::double as n, sum(p_neg)::double as neg, sum(p_pos)::double as pos,
        sum(p_neg * p_neg)::double as neg_neg, sum(p_neg * p_pos)::double as neg_pos,
        sum(p_pos * p_pos)::double as pos_pos,
        """,
        [g for g in _groupings() if g[0] != "day"],
    )


def bin_probabilities(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """A histogram of the probabilities of each slice of the whole time: n and means."""
    return _union(
        connection,
        f"""
        floor(p_neg * {BINS})::int as bin_neg, floor(p_pos * {BINS})::int as bin_pos,
        count(*)::double as n, avg(p_neg)::double as p_neg, avg(p_pos)::double as p_pos,
        """,
        [g for g in _groupings() if g[0] == "all"],
    )


def _groupings() -> list[tuple[str, str, str]]:
    return list(product(PERIODS, ("'*'", "platform"), ("'*'", "lang")))


def _union(
    connection: duckdb.DuckDBPyConnection, columns: str, groupings: list[tuple[str, str, str]]
) -> pl.DataFrame:
    parts = [
        _read(
            connection,
            f"""
            select
                '{period}' as period, {_STARTS[period]} as period_start, aspect,
                {platform} as platform, {lang} as lang, {columns}
            from (select aspect, platform, lang, day, p_neg, p_pos from slice_items)
            {"" if period == "all" else "where day is not null"}
            group by all
            """,
        )
        for period, platform, lang in groupings
    ]
    return pl.concat(parts).sort(KEYS)


def _read(connection: duckdb.DuckDBPyConnection, sql: str) -> pl.DataFrame:
    frame = pl.from_arrow(connection.sql(sql).to_arrow_table())
    assert isinstance(frame, pl.DataFrame)  # a table, not a column
    return frame
