"""What events are made of, and the tables that hold them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb

from analytics.store.transactions import first_row, transaction

# The columns of the tables that Python makes after the marts.
TABLES: Mapping[str, str] = {
    "sentiment_events": """
        aspect varchar not null, platform varchar not null, measure varchar not null,
        kind varchar not null, period_start date not null, period_end date not null,
        detected_on date not null, direction varchar not null,
        value double not null, expected double not null,
        expected_low double, expected_high double,
        size double not null, size_low double, size_high double,
        p_value double not null, false_alarms_per_year double not null, count_posts bigint""",
    "model_seam": """
        aspect varchar not null, platform varchar not null,
        old_model_id varchar not null, old_result_digest varchar not null,
        new_model_id varchar not null, new_result_digest varchar not null,
        count_posts bigint not null, count_contents bigint not null,
        old_net_sentiment double not null, new_net_sentiment double not null,
        jump double not null, jump_low double, jump_high double,
        share_agreement double not null,
        count_negative_negative bigint, count_negative_neutral bigint,
        count_negative_positive bigint, count_neutral_negative bigint,
        count_neutral_neutral bigint, count_neutral_positive bigint,
        count_positive_negative bigint, count_positive_neutral bigint,
        count_positive_positive bigint,
        count_earlier_models bigint not null""",
    "input_drift": """
        feature varchar not null, reference varchar not null,
        period_start date not null, period_end date not null,
        count_current bigint not null, count_reference bigint not null,
        psi double not null, psi_chance double not null, js double not null, ks double,
        level varchar not null, reading varchar not null""",
}
_LABELS = ("negative", "neutral", "positive")
_MATRIX = ", ".join(
    f"sum(n) filter (where old_label = '{old}' and new_label = '{new}')::bigint"
    for old in _LABELS
    for new in _LABELS
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DailySeries:
    """One aspect on one platform ('*': all), a row a day that has posts."""

    aspect: str
    platform: str
    days: list[date]
    counts: list[int]
    contents: list[int]
    net: list[float | None]
    opinionated: list[float | None]


def write_table(
    connection: duckdb.DuckDBPyConnection, name: str, rows: Sequence[Sequence[Any]]
) -> None:
    """Put rows in the place of those that a table had."""
    with transaction(connection):
        connection.execute(f"create or replace table {name} ({TABLES[name]})")
        if rows:
            marks = ", ".join("?" for _ in rows[0])
            connection.executemany(f"insert into {name} values ({marks})", rows)


def find_last_day(connection: duckdb.DuckDBPyConnection) -> date | None:
    """The last day of data, which may not be whole; days after the last ingest are none."""
    row = first_row(
        connection.execute(
            "select max(period_start) from sentiment_slices where period = 'day'"
            " and period_start <= (select cast(max(ingested_at) as date) + 1 from posts)"
        )
    )
    return row[0] if row else None


def find_data_time(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    """When the newest post was stored."""
    row = first_row(connection.execute("select max(ingested_at) from posts"))
    return row[0] if row else None


def read_daily(
    connection: duckdb.DuckDBPyConnection, first: date, last: date, *, max_series: int
) -> list[DailySeries]:
    """The series of most posts, days from `first` to `last`; the post level always."""
    rows = connection.execute(
        """
        select aspect, platform, list(period_start order by period_start),
            list(count_posts order by period_start),
            list(content_count_predicted order by period_start),
            list(content_net_sentiment order by period_start),
            list(content_share_positive + content_share_negative order by period_start),
        from sentiment_slices
        where period = 'day' and lang = '*' and period_start between $first and $last
        group by aspect, platform
        order by aspect <> '', sum(count_posts) desc, aspect, platform
        limit $max
        """,
        {"first": first, "last": last, "max": max_series},
    ).fetchall()
    return [
        DailySeries(aspect=a, platform=p, days=d, counts=n, contents=c, net=s, opinionated=o)
        for a, p, d, n, c, s, o in rows
    ]


def read_posts_to_look_at(
    connection: duckdb.DuckDBPyConnection,
    *,
    aspect: str,
    platform: str,
    first: date,
    last: date,
    label: str | None,
    limit: int = 5,
) -> list[tuple[str, str | None]]:
    """Ids and addresses of the posts of most engagement, one a content."""
    return connection.execute(
        """
        select post_id, url
        from (
            select pairs.post_id, posts.url, count_engagement, row_number() over (
                partition by pairs.content_key order by count_engagement desc, pairs.post_id
            ) as copy
            from int_judged_pairs as pairs
            inner join posts on pairs.post_id = posts.post_id
            where aspect = $aspect and not is_empty
                and ($platform = '*' or pairs.platform = $platform)
                and sentiment_date between $first and $last
                and ($label is null or label = $label)
        )
        where copy = 1
        order by count_engagement desc, post_id
        limit $limit
        """,
        {
            "aspect": aspect,
            "platform": platform,
            "first": first,
            "last": last,
            "label": label,
            "limit": limit,
        },
    ).fetchall()


def find_seam(
    connection: duckdb.DuckDBPyConnection,
) -> tuple[tuple[str, str, str, str], int] | None:
    """The current model and contract, and those used before it: old and new, id and digest.

    Beside them, how many others came before both: the comparison ends at the last change. What
    only runs that failed or were stopped have used was never the current one.
    """
    row = first_row(
        connection.execute(
            """
            select said.model_id, said.result_digest, chosen.model_id, chosen.result_digest,
                count(*) over () - 1,
            from predictions as said
            cross join current_model as chosen
            left join runs on said.run_id = runs.run_id
            where coalesce(runs.status, '') not in ('failed', 'interrupted')
                and (said.model_id, said.result_digest)
                    is distinct from (chosen.model_id, chosen.result_digest)
            group by all
            order by max(said.created_at) desc, said.model_id, said.result_digest
            limit 1
            """
        )
    )
    return None if row is None else (row[:4], row[4])


def read_overlap(
    connection: duckdb.DuckDBPyConnection, seam: tuple[str, str, str, str]
) -> list[tuple[Any, ...]]:
    """Per aspect and platform ('*': all): sums over what both models have judged.

    Columns: aspect, platform, contents, posts, sums of the old and the new score, then dd, wd
    and ww of `estimates.seam.Overlap`, then the nine counts of old label and new label.
    """
    return connection.execute(
        f"""
        with
            pairs as (
                select old.aspect, posts.platform, old.content_key,
                    old.label as old_label, new.label as new_label, count(*) as n,
                from predictions as old
                inner join predictions as new
                    on old.post_id = new.post_id and old.aspect = new.aspect
                    and old.content_key = new.content_key
                inner join posts on old.post_id = posts.post_id
                where old.model_id = ? and old.result_digest = ?
                    and new.model_id = ? and new.result_digest = ?
                group by all
            ),
            contents as (
                select aspect, if(grouping(platform) = 1, '*', platform) as slice,
                    content_key, old_label, new_label, sum(n) as n,
                    (new_label = 'positive')::int - (new_label = 'negative')::int as new_score,
                    (old_label = 'positive')::int - (old_label = 'negative')::int as old_score,
                from pairs
                group by grouping sets (
                    (aspect, platform, content_key, old_label, new_label),
                    (aspect, content_key, old_label, new_label)
                )
            )
        select aspect, slice, count(*), sum(n)::bigint,
            sum(n * old_score)::bigint, sum(n * new_score)::bigint,
            sum(n * n * (new_score - old_score) ** 2)::double,
            sum(n * n * (new_score - old_score))::double, sum(n * n)::double, {_MATRIX}
        from contents
        group by aspect, slice
        order by aspect, slice
        """,
        list(seam),
    ).fetchall()


def read_inputs(
    connection: duckdb.DuckDBPyConnection,
    first: date,
    last: date,
    *,
    text_edges: Sequence[float],
    confidence_edges: Sequence[float],
) -> dict[str, dict[Any, int]]:
    """Counts of posts by feature and value; bins are numbered from 0. Post level."""
    rows = connection.execute(
        """
        with
            seen as (
                select
                    least(len(list_filter($text, lambda edge: edge <= length(posts.clean_text))),
                        len($text)) - 1 as text_length,
                    lower(split_part(coalesce(posts.lang, detected_lang, 'und'), '-', 1))
                        as language,
                    posts.platform,
                    (pictures.image_sha256 is not null)::int as has_picture,
                    len(list_filter($confidence,
                        lambda edge: edge <= greatest(p_negative, p_neutral, p_positive))) - 1
                        as confidence,
                from int_judged_pairs as pairs
                inner join posts on pairs.post_id = posts.post_id
                left join int_pictures as pictures on pairs.post_id = pictures.post_id
                where aspect = '' and not is_empty and sentiment_date between $first and $last
            ),
            features as (
                unpivot (
                    select text_length::varchar as text_length, language, platform,
                        has_picture::varchar as has_picture, confidence::varchar as confidence,
                    from seen
                )
                on text_length, language, platform, has_picture, confidence
                into name feature value value
            )
        select feature, value, count(*) from features group by all order by all
        """,
        {
            "first": first,
            "last": last,
            "text": [float(edge) for edge in text_edges],
            "confidence": [float(edge) for edge in confidence_edges],
        },
    ).fetchall()
    found: dict[str, dict[Any, int]] = {}
    for feature, value, count in rows:
        found.setdefault(feature, {})[value] = int(count)
    return found


def list_sent(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The ids of alerts that were sent."""
    return {str(i) for (i,) in connection.execute("select alert_id from sent_alerts").fetchall()}


def remember_sent(
    connection: duckdb.DuckDBPyConnection, alert_ids: Sequence[str], *, run_id: str, now: datetime
) -> None:
    """Remember that alerts were sent."""
    rows = [(alert_id, run_id, now) for alert_id in alert_ids]
    connection.executemany("insert or ignore into sent_alerts values (?, ?, ?)", rows)
