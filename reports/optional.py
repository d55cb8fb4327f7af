"""Figures of tables that not every warehouse has: one query and one template each.

A figure whose tables, or columns of them, are missing is left out of the report.
"""

from collections.abc import Callable
from dataclasses import dataclass

from analytics.contract.labels import LABELS
from reports.scope import Scope, Window, quote

# Rows of estimates that the page holds for its filters, the widest slices first.
_MAX_ESTIMATES = 20_000
_ESTIMATE = """\
    period,
    period_start,
    aspect,
    platform,
    lang,
    round(estimate, 4) as estimate,
    round(low, 4) as low,
    round(high, 4) as high,
    method,
    count_posts,
    count_gold,"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What queries are written for: the scope, the period of charts, the span of interest."""

    scope: Scope
    grain: str
    window: Window | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionalFigure:
    """A figure, the table that it reads and the query of it.

    One that is of all days is left out of a report of some days.
    """

    name: str
    table: str
    write: Callable[[Frame], str]
    is_of_all_days: bool = False


def _level(scope: Scope) -> str:
    return quote(scope.aspect or "")


def _write_voice(frame: Frame) -> str:
    """The share of voice of each aspect, week by week, the latest 52 weeks."""
    scope = frame.scope
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


def _write_views(frame: Frame) -> str:
    """The three views of all posts: per post, per unique content, per author."""
    scope = frame.scope
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


def _write_bands(frame: Frame) -> str:
    """Net sentiment of each period of the charts, by what the filters tell apart."""
    scope = frame.scope
    level = _level(scope)
    # A week that is not all in the scope has posts that the report does not count.
    days = [scope.says_days("period_start")]
    if frame.grain == "week":
        days.append(scope.says_days("period_start + 6"))
    toward = "true" if scope.aspect is None else f"aspect = {level}"
    return f"""\
with
    aspects as (
        select aspect
        from aspect_totals
        where aspect <> ''
        order by count_posts desc, aspect
        limit 20
    )

select
{_ESTIMATE}
from sentiment_estimates
where period = {quote(frame.grain)}
    and view = 'post'
    and measure = 'net_sentiment'
    and estimate is not null
    and (aspect = {level} or aspect in (from aspects))
    and {toward}
    and {" and ".join(days)}
order by
    (aspect <> {level})::int + (platform <> '*')::int + (lang <> '*')::int,
    aspect,
    platform,
    lang,
    period_start
limit {_MAX_ESTIMATES}"""


def _write_spans(frame: Frame) -> str:
    """Net sentiment of the days and weeks that the first screen speaks of."""
    window = frame.window
    days = "false"
    if window is not None:
        days = (
            f"period_start between date '{window.before.first.isoformat()}'"
            f" and date '{window.last.isoformat()}'"
        )
    return f"""\
select
{_ESTIMATE}
from sentiment_estimates
where period in ('day', 'week')
    and platform = '*'
    and lang = '*'
    and view = 'post'
    and measure = 'net_sentiment'
    and {days}
order by aspect, period, period_start"""


def _write_totals(frame: Frame) -> str:
    """Shares and net sentiment over all posts, by view, and net sentiment toward each aspect."""
    return f"""\
select
    view,
    measure,
{_ESTIMATE}
    note,
from sentiment_estimates
where period = 'all'
    and platform = '*'
    and lang = '*'
    and (aspect = {_level(frame.scope)} or (view = 'post' and measure = 'net_sentiment'))
order by aspect, view <> 'post', view, measure"""


def _write_prevalence(frame: Frame) -> str:
    """Shares over all posts by methods that reckon with label shift."""
    return f"""\
select
    measure,
    method,
    estimate,
    low,
    high,
    rates_from,
    count_posts,
    count_gold,
    note,
from prevalence_estimates
where period = 'all' and platform = '*' and lang = '*' and aspect = {_level(frame.scope)}
order by method desc, measure"""


def _write_events(frame: Frame) -> str:
    """Spikes and steps, the latest first."""
    scope = frame.scope
    toward = "true" if scope.aspect is None else f"aspect = {_level(scope)}"
    return f"""\
select *
from sentiment_events
where {toward}
    and {scope.says_days("period_start")}
order by period_start desc, p_value, aspect, platform, measure, kind
limit 60"""


def _write_errors(frame: Frame) -> str:
    """What the model called posts whose label was known, as its errors.json has it."""
    rows = [
        f"select\n    '{label}' as label,\n"
        + "".join(
            f"    json_extract(errors, '$.counts.{label}.{said}')::bigint as count_{said},\n"
            for said in LABELS
        )
        + "    json_extract(errors, '$.n_sets')::bigint as count_sets,\nfrom current_errors"
        for label in LABELS
    ]
    return (
        "with\n    current_errors as (\n        select errors\n        from models\n"
        "        inner join current_model on models.model_id = current_model.model_id\n"
        "        where errors is not null\n    )\n\n" + "\nunion all\n".join(rows)
    )


def _write_seam(frame: Frame) -> str:
    """What the change of the model did to net sentiment, apart from the world."""
    toward = "true" if frame.scope.aspect is None else f"aspect = {_level(frame.scope)}"
    return f"""\
select *
from model_seam
where platform = '*' and {toward}
order by aspect
limit 30"""


def _write_drift(frame: Frame) -> str:
    """How far the latest posts are from those before, and from the training data."""
    return """\
select *
from input_drift
order by
    case level when 'large' then 0 when 'some' then 1 when 'too_few' then 3 else 2 end,
    reference,
    feature"""


def _write_drivers(frame: Frame) -> str:
    """The parts of the change from week to week, or day to day where there are no two weeks."""
    scope = frame.scope
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
    OptionalFigure(name="spans", table="sentiment_estimates", write=_write_spans),
    OptionalFigure(
        name="totals", table="sentiment_estimates", write=_write_totals, is_of_all_days=True
    ),
    OptionalFigure(
        name="prevalence",
        table="prevalence_estimates",
        write=_write_prevalence,
        is_of_all_days=True,
    ),
    OptionalFigure(name="events", table="sentiment_events", write=_write_events),
    OptionalFigure(name="errors", table="models", write=_write_errors),
    OptionalFigure(name="seam", table="model_seam", write=_write_seam),
    OptionalFigure(name="drift", table="input_drift", write=_write_drift),
)
