"""Figures of tables that not every warehouse has: one query and one template each.

A figure whose tables, or columns of them, are missing is left out of the report.
"""

from collections.abc import Callable
from dataclasses import dataclass

from reports.scope import Scope, quote


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionalFigure:
    """A figure, the table that it reads and the query of it.

    One that is of all days is left out of a report of some days.
    """

    name: str
    table: str
    write: Callable[[Scope], str]
    is_of_all_days: bool = False


def _level(scope: Scope) -> str:
    return quote(scope.aspect or "")


def _write_voice(scope: Scope) -> str:
    """The share of voice of each aspect, week by week, the latest 52 weeks."""
    return f"""\
with
    weeks as (
        select distinct period_start
        from sentiment_slices
        where period = 'week'
            and {scope.says_days("period_start")}
            and {scope.says_days("period_start + 6")}
        order by period_start desc
        limit 52
    ),

    aspects as (
        select aspect
        from aspect_totals
        where aspect <> ''
        order by count_posts desc, aspect
        limit 20
    )

select
    aspect,
    period_start,
    count_posts,
    count_predicted,
    share_of_voice,
    net_sentiment,
from sentiment_slices
where period = 'week'
    and platform = '*'
    and lang = '*'
    and aspect in (from aspects)
    and period_start in (from weeks)
order by aspect, period_start"""


def _write_views(scope: Scope) -> str:
    """The three views of all posts: per post, per unique content, per author."""
    return f"""\
select
    count_posts,
    count_contents,
    count_authors,
    net_sentiment,
    content_net_sentiment,
    author_net_sentiment,
from sentiment_slices
where period = 'all' and platform = '*' and lang = '*' and aspect = {_level(scope)}"""


def _write_bands(scope: Scope) -> str:
    """The interval of net sentiment of each day, or week, and platform."""
    return f"""\
select
    period,
    period_start,
    platform,
    estimate,
    low,
    high,
    method,
from sentiment_estimates
where period in ('day', 'week')
    and lang = '*'
    and view = 'post'
    and measure = 'net_sentiment'
    and aspect = {_level(scope)}
    and {scope.says_days("period_start")}
order by period, platform, period_start"""


def _write_drivers(scope: Scope) -> str:
    """The parts of the change from week to week, or day to day where there are no two weeks."""
    return f"""\
with
    parts as (
        select *
        from drivers
        where scope = {_level(scope)}
            or (scope = '*' and {_level(scope)} = '')
    )

select *
from parts
where period = (select max(period) from parts)
order by scope, abs(contribution) desc, aspect, platform, lang
limit 200"""


OPTIONAL_FIGURES = (
    OptionalFigure(name="drivers", table="drivers", write=_write_drivers, is_of_all_days=True),
    OptionalFigure(name="voice", table="sentiment_slices", write=_write_voice),
    OptionalFigure(name="views", table="sentiment_slices", write=_write_views, is_of_all_days=True),
    OptionalFigure(name="bands", table="sentiment_estimates", write=_write_bands),
)
