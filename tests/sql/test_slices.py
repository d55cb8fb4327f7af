"""Sentiment by period, aspect, platform and language, in three views."""

from datetime import date, timedelta
from typing import Any

import duckdb
import pytest

from analytics.store.sql_files import build_marts
from tests.sql.rows import NOON, add_aspect, add_post, add_prediction, insert, use_model

NEGATIVE = (0.7, 0.2, 0.1)
NEUTRAL = (0.2, 0.7, 0.1)
POSITIVE = (0.1, 0.2, 0.7)
SUNDAY = date(2026, 3, 1)
MONDAY = date(2026, 3, 2)


def read(connection: duckdb.DuckDBPyConnection, columns: str, where: str = "true") -> Any:
    build_marts(connection)
    return connection.execute(
        f"select {columns} from sentiment_slices where {where} order by all"
    ).fetchall()


def judge(
    connection: duckdb.DuckDBPyConnection,
    post_id: str,
    p: tuple[float, float, float],
    **values: Any,
) -> None:
    add_post(connection, post_id, **{"lang": "en", **values})
    add_prediction(connection, post_id, p)


def test_slices_are_of_each_period_platform_and_language(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    use_model(connection)
    judge(connection, "x:1", POSITIVE, lang="en-GB")
    judge(connection, "x:2", NEGATIVE, lang="de", created_at=NOON + timedelta(days=1))
    judge(connection, "reddit:1", NEUTRAL, lang=None, created_at=None, detected_lang="EN")

    keys = "period, period_start, platform, lang, count_posts, net_sentiment"
    assert read(connection, keys) == [
        ("all", None, "*", "*", 3, 0.0),
        ("all", None, "*", "de", 1, -1.0),
        ("all", None, "*", "en", 2, 0.5),
        ("all", None, "reddit", "*", 1, 0.0),
        ("all", None, "reddit", "en", 1, 0.0),
        ("all", None, "x", "*", 2, 0.0),
        ("all", None, "x", "de", 1, -1.0),
        ("all", None, "x", "en", 1, 1.0),
        *(
            (period, start, platform, lang, 1, net)
            for period, starts in (
                ("day", (SUNDAY, MONDAY)),
                ("week", (MONDAY - timedelta(days=7), MONDAY)),
            )
            for start, own, net in zip(starts, ("en", "de"), (1.0, -1.0), strict=True)
            for platform in ("*", "x")
            for lang in ("*", own)
        ),
    ]


def test_unknown_language_is_undetermined(connection: duckdb.DuckDBPyConnection) -> None:
    add_post(connection, "x:1", lang=None)
    add_post(connection, "x:2", lang=" ")
    add_post(connection, "x:3", lang="pt_BR")
    found = read(connection, "lang, count_posts", "period = 'all' and platform = '*'")
    assert found == [("*", 3), ("pt", 1), ("und", 2)]


def test_flood_of_copies_moves_the_view_of_posts_alone(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    use_model(connection)
    for number, p in enumerate((POSITIVE, POSITIVE, NEGATIVE, NEUTRAL)):
        judge(connection, f"x:{number}", p, author_key=f"author {number}")
    views = "net_sentiment, content_net_sentiment, author_net_sentiment"
    whole = "period = 'all' and platform = '*' and lang = '*'"
    assert read(connection, views, whole) == [(0.25, 0.25, 0.25)]

    for number in range(96):
        judge(connection, f"x:copy-{number}", NEGATIVE, text="x:2", author_key="author 2",
              created_at=NOON + timedelta(days=number % 9))  # fmt: skip
    assert read(connection, f"count_posts, count_contents, count_authors, {views}", whole) == [
        (100, 4, 4, -0.95, 0.25, 0.25)
    ]


def test_author_counts_once_by_the_mean_of_his_posts(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    use_model(connection)
    for number, p in enumerate((POSITIVE, NEUTRAL, NEUTRAL, NEGATIVE)):
        judge(connection, f"x:a{number}", p, author_key="a", lang=("en", "de")[number % 2])
    judge(connection, "x:b", NEGATIVE, author_key="b")
    judge(connection, "reddit:b", POSITIVE, author_key="b")  # a hash of another platform
    judge(connection, "x:nobody", NEGATIVE)

    shares = "author_share_negative, author_share_neutral, author_share_positive"
    columns = f"platform, lang, count_authors, author_count_predicted, {shares}"
    third = pytest.approx(1 / 3)
    assert read(connection, columns, "period = 'week'") == [
        ("*", "*", 3, 3, pytest.approx(1.25 / 3), pytest.approx(0.5 / 3), pytest.approx(1.25 / 3)),
        ("*", "de", 1, 1, 0.5, 0.5, 0.0),
        ("*", "en", 3, 3, third, pytest.approx(0.5 / 3), 0.5),
        ("reddit", "*", 1, 1, 0.0, 0.0, 1.0),
        ("reddit", "en", 1, 1, 0.0, 0.0, 1.0),
        ("x", "*", 2, 2, 0.625, 0.25, 0.125),
        ("x", "de", 1, 1, 0.5, 0.5, 0.0),
        ("x", "en", 2, 2, 0.5, 0.25, 0.25),
    ]


def test_share_of_voice_is_of_named_aspects(connection: duckdb.DuckDBPyConnection) -> None:
    for number in range(4):
        add_post(connection, f"x:{number}", text=f"{number // 2}", author_key="a")
        add_aspect(connection, f"x:{number}", "bus" if number < 3 else "tram")
    voices = "share_of_voice, content_share_of_voice, author_share_of_voice"
    assert read(connection, f"aspect, {voices}", "period = 'day' and platform = '*'") == [
        *[("", None, None, None)] * 2,
        *[("bus", 0.75, pytest.approx(2 / 3), 0.5)] * 2,
        *[("tram", 0.25, pytest.approx(1 / 3), 0.5)] * 2,
    ]


def test_days_are_of_the_time_zone(connection: duckdb.DuckDBPyConnection) -> None:
    add_post(connection, "x:1")
    insert(connection, "settings", key="time_zone", value="Pacific/Kiritimati")
    found = read(connection, "period, period_start", "platform = '*' and lang = '*'")
    assert found == [("all", None), ("day", MONDAY), ("week", MONDAY)]


# Each slice by a query of its own: what the mart must equal.
_BRUTE = """
with
    dated as (
        select
            *,
            case $period
                when 'day' then sentiment_date
                when 'week' then date_trunc('week', sentiment_date)::date
            end as period_start,
        from int_judged_pairs
        where
            ($period = 'all' or sentiment_date is not null)
            and $platform in ('*', platform) and $lang in ('*', language)
    ),
    contents as (
        select period_start, aspect, max(label) as label
        from dated where content_key is not null group by period_start, aspect, content_key
    ),
    authors as (
        select
            period_start, aspect,
            avg(case label when 'negative' then 1.0 when 'neutral' then 0 when 'positive' then 0
                end) as negative,
            avg(case label when 'positive' then 1.0 when 'neutral' then 0 when 'negative' then 0
                end) as positive,
        from dated where author_key is not null group by period_start, aspect, platform, author_key
    ),
    posts_ as (
        select period_start, aspect, count(*) as n, count(label) as n_p,
            count(*) filter (label = 'negative') as n_neg,
            count(*) filter (label = 'positive') as n_pos,
        from dated group by all
    ),
    contents_ as (
        select period_start, aspect, count(*) as c, count(label) as c_p,
            count(*) filter (label = 'negative') as c_neg,
            count(*) filter (label = 'positive') as c_pos,
        from contents group by all
    ),
    authors_ as (
        select period_start, aspect, count(*) as a, count(negative) as a_p,
            avg(negative) as a_neg, avg(positive) as a_pos,
        from authors group by all
    )
select
    $period, p.period_start, p.aspect, $platform, $lang, n, n_p, coalesce(c, 0), coalesce(c_p, 0),
    coalesce(a, 0), coalesce(a_p, 0), round(n_neg / nullif(n_p, 0), 9),
    round(n_pos / nullif(n_p, 0), 9), round(c_neg / nullif(c_p, 0), 9),
    round(c_pos / nullif(c_p, 0), 9), round(a_neg, 9), round(a_pos, 9),
from posts_ as p
left join contents_ as c
    on p.aspect = c.aspect and p.period_start is not distinct from c.period_start
left join authors_ as a
    on p.aspect = a.aspect and p.period_start is not distinct from a.period_start
"""
_MART = """
select
    period, period_start, aspect, platform, lang, count_posts, count_predicted, count_contents,
    content_count_predicted, count_authors, author_count_predicted, round(share_negative, 9),
    round(share_positive, 9), round(content_share_negative, 9), round(content_share_positive, 9),
    round(author_share_negative, 9), round(author_share_positive, 9),
from sentiment_slices
"""


def test_slices_equal_those_counted_one_by_one(connection: duckdb.DuckDBPyConnection) -> None:
    use_model(connection)
    connection.execute(
        """
        insert into posts (post_id, platform, native_id, author_key, text, clean_text, lang,
            source_file, source_line, run_id, created_at, ingested_at)
        select p || ':' || n, p, n, case when hash(n, 1) % 5 > 0 then p || hash(n, 2) % 40 end,
            content, content, ['en', 'de', null][1 + (hash(n, 3) % 3)::int], 'f', n, 'run-1',
            case when hash(n, 4) % 20 > 0 then
                timestamptz '2026-03-01 00:00+00' + to_days((hash(n, 5) % 16)::int) end,
            timestamptz '2026-04-01 00:00+00'
        from (
            select n, ['x', 'reddit'][1 + (hash(n, 6) % 2)::int] as p,
                case when hash(n, 7) % 2 = 0 then n::varchar
                    when hash(n, 7) % 31 = 1 then '' else (hash(n, 8) % 25)::varchar
                end as content,
            from range(600) as numbers (n)
        )
        """
    )
    connection.execute(
        "insert into aspects select post_id, 'aspect ' || hash(post_id) % 2, 'config' from posts"
        " where hash(post_id, 1) % 3 > 0"
    )
    connection.execute(
        """
        insert into predictions (post_id, aspect, content_key, model_id, result_digest, label,
            run_id, p_negative, p_neutral, p_positive, created_at)
        select post_id, aspect, content_key, 'model-a', 'digest-a',
            ['negative', 'neutral', 'positive'][1 + (hash(content_key) % 3)::int], 'run-1',
            0.3, 0.3, 0.4, timestamptz '2026-04-01 00:00+00'
        from int_items where hash(post_id, 2) % 10 > 0
        """
    )
    build_marts(connection)
    expected = []
    for period in ("day", "week", "all"):
        for platform in ("*", "x", "reddit"):
            for lang in ("*", "en", "de", "und"):
                expected += connection.execute(
                    _BRUTE, {"period": period, "platform": platform, "lang": lang}
                ).fetchall()
    found = connection.execute(_MART).fetchall()

    assert len(found) > 400
    assert sorted(found, key=repr) == sorted(expected, key=repr)
