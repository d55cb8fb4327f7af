"""The SQL of the report, parameters filled in: what stands under a figure is what was run.

Marts only are read. `write_queries` gives all queries that every report needs;
`reports.optional` those of tables that may not be there.
"""

from datetime import date

from reports.scope import Scope, Window, quote

# A chart holds at most this many periods; longer spans are shown by week,
# month, quarter or year.
MAX_PERIODS = 100
_DAYS_IN = {"day": 1, "week": 7, "month": 28, "quarter": 90, "year": 365}
# What the filters tell apart; the other platforms and languages go together.
MAX_ASPECTS = 20
MAX_PLATFORMS = 12
MAX_LANGUAGES = 8
# Posts behind the points of the charts, in all.
MAX_DAILY_POSTS = 400

COUNTS = """\
    sum(count_posts)::bigint as count_posts,
    sum(count_predicted)::bigint as count_predicted,
    sum(count_negative)::bigint as count_negative,
    sum(count_neutral)::bigint as count_neutral,
    sum(count_positive)::bigint as count_positive,
    sum(count_positive - count_negative)
        / nullif(sum(count_predicted), 0) as net_sentiment,"""

_BOTH_LEVELS = """\
(
    select '' as aspect, * from daily_sentiment
    union all by name
    select * from aspect_daily
)"""


def choose_grain(first: date, last: date) -> str:
    """The finest period that cuts a span into few enough pieces for a chart."""
    n_days = (last - first).days + 1
    for grain, length in _DAYS_IN.items():
        if n_days / length <= MAX_PERIODS:
            return grain
    return "year"


def write_days(scope: Scope) -> str:
    """The query of the posts of each day."""
    return f"""\
select
    sentiment_date as start,
{COUNTS}
from {_series_table(scope)}
where {_series_condition(scope)}
group by all
order by start"""


def write_queries(
    scope: Scope, *, grain: str, n_periods: int, window: Window | None, max_posts: int
) -> dict[str, str]:
    """The queries of the report by figure."""
    queries = {
        "platforms": f"""\
select
    platform as name,
    date_trunc('{grain}', sentiment_date)::date as start,
{COUNTS}
from {_series_table(scope)}
where {_series_condition(scope)}
group by all
order by name, start""",
        "aspects": _write_aspects(scope),
        "aspect_series": f"""\
select
    aspect as name,
    date_trunc('{grain}', sentiment_date)::date as start,
{COUNTS}
from aspect_daily
where {scope.says_days("sentiment_date")}
group by all
order by name, start""",
        "posts": _write_posts(scope, max_posts),
        "aspect_posts": _write_aspect_posts(scope),
        "daily_posts": _write_daily_posts(scope, grain, n_periods),
        "conflicts": _write_conflicts(scope, "conflicts"),
        "pictures": _write_conflicts(scope, "picture_conflicts"),
        "surprising": _write_surprising_posts(scope),
        "model": "select *\nfrom model_quality",
        "rejects": """\
select *
from reject_summary
order by count_rejects desc, stage, reason
limit 50""",
        "runs": """\
select *
from run_facts
order by started_at desc, run_id desc""",
        "dumps": "select *\nfrom dump_facts\norder by platform",
        "media": "select *\nfrom media_facts\norder by platform, kind, status",
    }
    if window is not None:
        queries["changes"] = _write_changes(scope, window)
    return queries


def write_cells(
    scope: Scope, *, grain: str, has_slices: bool, n_aspects: int, platforms: tuple[str, ...]
) -> str:
    """The query of the counts by period, aspect, platform and language that the filters add up.

    Without `sentiment_slices` languages are not told apart.
    """
    shown = ", ".join(quote(name) for name in platforms)
    name = f"case when platform in ({shown}) then platform else '*' end" if platforms else "'*'"
    if has_slices:
        source = "sentiment_slices"
        own = "period = 'day' and platform <> '*' and lang <> '*'"
        day, language = "period_start", "case when lang in (from languages) then lang else '*' end"
    else:
        source, own, day, language = _BOTH_LEVELS, "true", "sentiment_date", "'*'"
    languages = f"""\
    languages as (
        select lang
        from sentiment_slices
        where period = 'all' and aspect = '' and platform = '*' and lang <> '*'
        order by count_posts desc, lang
        limit {MAX_LANGUAGES}
    ),

"""
    return f"""\
with
{languages if has_slices else ""}    aspects as (
        select aspect
        from aspect_totals
        where {_name_condition(scope)}
        order by count_posts desc, aspect
        limit {n_aspects}
    )

select
    date_trunc('{grain}', {day})::date as start,
    aspect,
    {name} as platform,
    {language} as lang,
{COUNTS}
from {source}
where {own}
    and {scope.says_days(day)}
    and (aspect = '' or aspect in (from aspects))
group by all
order by all"""


def _series_table(scope: Scope) -> str:
    return "daily_sentiment" if scope.aspect is None else "aspect_daily"


def _series_condition(scope: Scope) -> str:
    days = scope.says_days("sentiment_date")
    return days if scope.aspect is None else f"aspect = {quote(scope.aspect)} and {days}"


def _name_condition(scope: Scope) -> str:
    return "aspect <> ''" if scope.aspect is None else f"aspect = {quote(scope.aspect)}"


def _level(scope: Scope) -> str:
    """The aspect that the report's posts are judged toward."""
    return quote(scope.aspect or "")


def _write_aspects(scope: Scope) -> str:
    if scope.is_all:
        return "select *\nfrom aspect_totals\norder by count_posts desc, aspect"
    return f"""\
select
    aspect,
{COUNTS}
    sum(count_empty)::bigint as count_empty,
    count(distinct platform) as count_platforms,
    null::bigint as count_contents,
    0 as count_undated,
    min(sentiment_date) as first_date,
    max(sentiment_date) as last_date,
from {_BOTH_LEVELS}
where {scope.says_days("sentiment_date")}
group by aspect
order by count_posts desc, aspect"""


def _write_posts(scope: Scope, max_posts: int) -> str:
    if scope.is_all:
        return f"""\
select
    top_posts.* replace (post_tags.lang as lang),
    post_tags.aspects,
    post_tags.sentiment_date,
from top_posts
inner join post_tags on top_posts.post_id = post_tags.post_id
where aspect = {_level(scope)} and rank <= {int(max_posts)}
order by rank"""
    # Of some days only: the first of all days, and the first of each day.
    return f"""\
with
    pool as (
        select * from top_posts
        union all by name
        select * from daily_posts
    )

select
    pool.* replace (
        post_tags.lang as lang,
        post_tags.sentiment_date as sentiment_date,
        max(count_copies) over (partition by content_key) as count_copies
    ),
    post_tags.aspects,
from pool
inner join post_tags on pool.post_id = post_tags.post_id
where aspect = {_level(scope)} and {scope.says_days("post_tags.sentiment_date")}
qualify row_number() over (
    partition by content_key
    order by count_engagement desc, pool.post_id, count_copies desc
) = 1
order by count_engagement desc, created_at desc nulls last, pool.post_id
limit {int(max_posts)}"""


def _write_aspect_posts(scope: Scope) -> str:
    return f"""\
select
    top_posts.* replace (post_tags.lang as lang),
    post_tags.aspects,
    post_tags.sentiment_date,
from top_posts
inner join post_tags on top_posts.post_id = post_tags.post_id
where {_name_condition(scope)} and {scope.says_days("post_tags.sentiment_date")}
qualify row_number() over (partition by aspect order by rank) <= 3
order by aspect, rank"""


def _write_daily_posts(scope: Scope, grain: str, n_periods: int) -> str:
    """Of each period the posts with most engagement, fewer where there are many periods.

    Those toward an aspect are there for the filter by aspect.
    """
    n_each = max(1, min(8, MAX_DAILY_POSTS // max(1, n_periods)))
    n_aspects = max(4, min(MAX_ASPECTS, MAX_DAILY_POSTS // max(1, n_periods)))
    toward = f"""
    or aspect in (
        select aspect
        from aspect_totals
        where aspect <> ''
        order by count_posts desc, aspect
        limit {n_aspects}
    )"""
    return f"""\
select
    daily_posts.* replace (
        date_trunc('{grain}', daily_posts.sentiment_date)::date as sentiment_date
    ),
    post_tags.lang,
    post_tags.aspects,
from daily_posts
inner join post_tags on daily_posts.post_id = post_tags.post_id
where {scope.says_days("daily_posts.sentiment_date")}
    and (aspect = {_level(scope)}{toward if scope.aspect is None else ""})
qualify row_number() over (
    partition by date_trunc('{grain}', daily_posts.sentiment_date), aspect
    order by count_engagement desc, daily_posts.post_id
) <= case when aspect = {_level(scope)} then {n_each} else {max(1, n_each // 4)} end
order by
    sentiment_date desc,
    aspect,
    count_engagement desc,
    daily_posts.post_id
limit {3 * MAX_DAILY_POSTS}"""


def _write_conflicts(scope: Scope, mart: str) -> str:
    """Posts of `conflicts` or `picture_conflicts`, copies of a content as one."""
    toward = "true" if scope.aspect is None else f"aspect = {quote(scope.aspect)}"
    return f"""\
select
    {mart}.* replace (coalesce(post_tags.lang, 'und') as lang),
    count(*) over (partition by aspect, content_key) as count_copies,
    coalesce(post_tags.aspects, []) as aspects,
    post_tags.sentiment_date,
from {mart}
left join post_tags on {mart}.post_id = post_tags.post_id
where {toward} and {scope.says_days("post_tags.sentiment_date")}
qualify row_number() over (
    partition by aspect, content_key
    order by count_engagement desc, {mart}.post_id
) = 1
order by count_engagement desc, {mart}.post_id, aspect
limit 12"""


def _write_surprising_posts(scope: Scope) -> str:
    return f"""\
select
    surprising_posts.* replace (post_tags.lang as lang),
    post_tags.aspects,
    post_tags.sentiment_date,
from surprising_posts
inner join post_tags on surprising_posts.post_id = post_tags.post_id
where aspect = {_level(scope)} and {scope.says_days("post_tags.sentiment_date")}
order by rank
limit 6"""


def _write_changes(scope: Scope, window: Window) -> str:
    level = "true" if scope.aspect is None else f"aspect = {quote(scope.aspect)}"
    return f"""\
select
    aspect,
    sentiment_date >= date '{window.first.isoformat()}' as is_now,
{COUNTS}
from {_BOTH_LEVELS}
where sentiment_date >= date '{window.before.first.isoformat()}'
    and sentiment_date <= date '{window.last.isoformat()}'
    and {level}
group by all
order by aspect, is_now"""
