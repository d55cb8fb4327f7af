"""Sums of predictions by slice, made in SQL: what intervals need to know of all items.

A slice is (period, period_start, aspect, platform, lang), '*' meaning all. Items of one
author, or of one content, are not independent, so sums of squares are over those units.
A unit whose items of a week, or of all time, lie in one cell (day, aspect, platform, lang) is
summed there, and cells add up; only the others are summed in each slice.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import polars as pl

UNITS = ("content", "author")
KEYS = ("period", "period_start", "aspect", "platform", "lang")
# Cells of a histogram of probabilities have this width.
BINS = 40
_TABLES = ("slice_gold", "unit_weeks", "units", "unit_cells", "unit_slices")
# What is numbered by int_names, which build_marts leaves beside int_facts.
_ITEMS = """
    select
        post_number,
        aspect_number,
        platform_number,
        lang_number,
        sentiment_date as day,
        slice_id as cell,
        author_id as author,
        content_id as content,
        case label when 'negative' then -1 when 'neutral' then 0 else 1 end as sign,
        p_negative as p_neg,
        p_positive as p_pos,
    from int_facts
    where label is not null
"""
_CELLS = "select slice_id as cell, aspect, platform, lang, sentiment_date as day from int_cells"
# Of units with n posts and the sums `neg` and `pos` of what the model says.
_SUMS = {
    "count_units": "count(*)::double",
    "n": "sum(n)::double",
    "neg": "sum(neg)",
    "pos": "sum(pos)",
    "nn": "sum(n::double * n)",
    "n_neg": "sum(n * neg)",
    "n_pos": "sum(n * pos)",
    "neg_neg": "sum(neg * neg)",
    "neg_pos": "sum(neg * pos)",
    "pos_pos": "sum(pos * pos)",
    "m_neg": "sum(neg / n)",
    "m_pos": "sum(pos / n)",
    "m_neg_neg": "sum(neg / n * neg / n)",
    "m_neg_pos": "sum(neg / n * pos / n)",
    "m_pos_pos": "sum(pos / n * pos / n)",
}
# Most units are one item: fewer sums tell all of theirs.
_LONE = """
    count(*)::double as n,
    sum(neg) as neg,
    sum(pos) as pos,
    sum(neg * neg) as neg_neg,
    sum(neg * pos) as neg_pos,
    sum(pos * pos) as pos_pos,
"""
_OF_LONE = ", ".join(
    name.replace("count_units", "n").replace("nn", "n").removeprefix("m_").removeprefix("n_")
    for name in _SUMS
)
_OF_UNITS = ", ".join(f"{sql} as {name}" for name, sql in _SUMS.items())
_ADDED = ", ".join(f"sum({name}) as {name}" for name in _SUMS)


@contextmanager
def items_ready(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Predicted items (a view) and those with gold (a table), while this is open.

    They read the temporary tables that `build_marts` left in this connection.
    """
    connection.execute(f"create or replace temp view slice_items as {_ITEMS}")
    connection.execute(
        f"""
        create or replace temp table slice_gold as
        with votes as (
            select
                posts.rowid as post_number,
                gold.aspect,
                (gold.label = 'negative')::int as y_neg,
                (gold.label = 'positive')::int as y_pos,
                gold.weight,
            from int_gold_sample as gold
            inner join posts on gold.post_id = posts.post_id
        ),
        items as (
            select
                items.* exclude (aspect_number, platform_number, lang_number, day),
                cells.* exclude (cell),
            from ({_ITEMS}) as items
            inner join ({_CELLS}) as cells on items.cell = cells.cell
            where items.post_number in (select post_number from votes)
        )
        select items.*, votes.y_neg, votes.y_pos, votes.weight
        from items
        inner join votes on items.post_number = votes.post_number and items.aspect = votes.aspect
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
    soft = f"(case when aspect_number = 0 then {soft_levels[0]} else {soft_levels[1]} end)"
    sums = f"""
        count(*)::integer as n,
        sum(case when {soft} then p_neg else (sign = -1)::int end)::double as neg,
        sum(case when {soft} then p_pos else (sign = 1)::int end)::double as pos,
    """
    items = f"""
        select
            * exclude (content, author),
            {unit} as unit,
            cast(date_trunc('week', day) as date) as week,
        from slice_items
        where {unit} is not null
    """
    # An author is of one platform, so over platforms authors add up.
    places = (
        "cube (platform_number, lang_number)"
        if unit == "content"
        else "platform_number, rollup (lang_number)"
    )
    _make(
        connection,
        "unit_weeks",
        f"""
        select
            unit, week, min(cell) as cell, min(cell) <> max(cell) as is_spread, {sums}
        from ({items})
        group by unit, week
        """,
    )
    _make(
        connection,
        "units",
        """
        select
            unit,
            min(cell) as cell,
            min(cell) <> max(cell) or bool_or(is_spread) as is_spread,
            sum(n)::integer as n,
            sum(neg) as neg,
            sum(pos) as pos,
        from unit_weeks
        group by unit
        """,
    )
    in_one_cell = [
        ("week", "unit_weeks where not is_spread and week is not null"),
        ("all", "units where not is_spread"),
    ]
    _make(
        connection,
        "unit_cells",
        " union all ".join(
            f"""
            select cell, '{scope}' as scope, {_OF_UNITS} from {source} and n > 1 group by cell
            union all
            select cell, '{scope}' as scope, {_OF_LONE} from (
                select cell, {_LONE} from {source} and n = 1 group by cell
            )
            """
            for scope, source in in_one_cell
        ),
    )
    grouped = "any_value(aspect_number) as aspect_number, platform_number, lang_number"
    summed = f"aspect_number, platform_number, lang_number, {_OF_UNITS}"
    _make(
        connection,
        "unit_slices",
        f"""
        with in_weeks as (
            select
                if(grouping(day) = 1, 'week', 'day') as period,
                if(grouping(day) = 1, items.week, day) as period_start,
                {grouped}, {sums}
            from ({items}) as items
            semi join (
                select unit, week from unit_weeks where is_spread
            ) as spread on items.unit = spread.unit and items.week = spread.week
            group by items.unit, items.week, rollup (day), {places}
        ),
        in_all as (
            select {grouped}, {sums}
            from ({items}) as items
            where unit in (select unit from units where is_spread)
            group by unit, {places}
        )
        select period, period_start, {summed}
        from in_weeks
        group by period, period_start, aspect_number, platform_number, lang_number
        union all
        select 'all' as period, null::date as period_start, {summed}
        from in_all
        group by aspect_number, platform_number, lang_number
        """,
    )
    over_platforms = (
        "union all by name select * exclude (platform_number) from unit_slices"
        if unit == "author"
        else ""
    )
    return _read(
        connection,
        f"""
        with gathered as (
            {_gather("unit_cells", _ADDED, has_scope=True)}
            union all by name select * from unit_slices
            {over_platforms}
        ),
        added as (
            select period, period_start, aspect_number, platform_number, lang_number, {_ADDED}
            from gathered
            group by all
        )
        {_named("added", list(_SUMS))}
        """,
    )


def count_gold_units(connection: duckdb.DuckDBPyConnection, unit: str) -> pl.DataFrame:
    """Posts by cell of the units that have gold, to tell the share of one post in its unit."""
    return _read(
        connection,
        f"""
        select {unit}, aspect, platform, lang, cells.day, count(*) as n,
        from slice_items as items
        inner join ({_CELLS}) as cells on items.cell = cells.cell
        where {unit} in (select {unit} from slice_gold)
        group by all
        """,
    )


def sum_probabilities(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Sums and sums of products of the probabilities, by slice of 'week' and 'all'."""
    columns = {
        "n": "count(*)::double",
        "neg": "sum(p_neg)::double",
        "pos": "sum(p_pos)::double",
        "neg_neg": "sum(p_neg * p_neg)::double",
        "neg_pos": "sum(p_neg * p_pos)::double",
        "pos_pos": "sum(p_pos * p_pos)::double",
    }
    made = ", ".join(f"{sql} as {name}" for name, sql in columns.items())
    added = ", ".join(f"sum({name}) as {name}" for name in columns)
    _make(connection, "unit_cells", f"select cell, {made} from slice_items group by cell")
    return _read(
        connection,
        f"""
        with gathered as ({_gather("unit_cells", added, has_scope=False)})
        {_named("gathered", list(columns), "where period <> 'day'")}
        """,
    )


def bin_probabilities(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """A histogram of the probabilities of each slice of the whole time: n and means."""
    return _read(
        connection,
        f"""
        with cells as (
            select
                aspect_number, platform_number, lang_number,
                floor(p_neg * {BINS})::int as bin_neg, floor(p_pos * {BINS})::int as bin_pos,
                count(*)::double as n, sum(p_neg)::double as neg, sum(p_pos)::double as pos,
            from slice_items
            group by all
        ),
        added as (
            select
                'all' as period, null::date as period_start,
                aspect_number, platform_number, lang_number, bin_neg, bin_pos,
                sum(n) as n, sum(neg) / sum(n) as p_neg, sum(pos) / sum(n) as p_pos,
            from cells
            group by aspect_number, bin_neg, bin_pos, cube (platform_number, lang_number)
        )
        {_named("added", ["bin_neg", "bin_pos", "n", "p_neg", "p_pos"])}, bin_neg, bin_pos
        """,
    )


def _gather(table: str, added: str, *, has_scope: bool) -> str:
    """A query of slices by number (null: all) that adds up the cells of `table`."""
    scope = "and scope = if(period = 'all', 'all', 'week')" if has_scope else ""
    return f"""
        select
            period,
            case period
                when 'day' then sentiment_date
                when 'week' then cast(date_trunc('week', sentiment_date) as date)
            end as period_start,
            aspect_number, platform_number, lang_number, {added}
        from int_cells
        cross join (select unnest(['day', 'week', 'all']) as period) as periods
        inner join {table} as sums on int_cells.slice_id = sums.cell {scope}
        where period = 'all' or sentiment_date is not null
        group by period, period_start, aspect_number, cube (platform_number, lang_number)
    """


def _named(table: str, columns: list[str], where: str = "") -> str:
    """A query of `table` with names for numbers, in the order of KEYS."""
    return f"""
        select
            period, period_start, aspects.name as aspect,
            coalesce(platforms.name, '*') as platform, coalesce(langs.name, '*') as lang,
            {", ".join(columns)},
        from {table} as slices
        inner join int_names as aspects
            on slices.aspect_number = aspects.number and aspects.kind = 'aspect'
        left join int_names as platforms
            on slices.platform_number = platforms.number and platforms.kind = 'platform'
        left join int_names as langs
            on slices.lang_number = langs.number and langs.kind = 'lang'
        {where}
        order by {", ".join(KEYS)}
    """


def _make(connection: duckdb.DuckDBPyConnection, table: str, query: str) -> None:
    connection.execute(f"create or replace temp table {table} as {query}")


def _read(connection: duckdb.DuckDBPyConnection, sql: str) -> pl.DataFrame:
    frame = pl.from_arrow(connection.sql(sql).to_arrow_table())
    assert isinstance(frame, pl.DataFrame)  # a table, not a column
    return frame
