"""A warehouse of millions of predictions, made in DuckDB, for `benchmarks/marts.py`.

Nothing is judged: labels are drawn. What a mart's time depends on is drawn like real dumps: few
aspects, platforms and languages have most posts, few authors write most, and three posts in ten
repeat the content of another.
"""

import duckdb

# Two posts in three name an aspect: 6 posts make about 10 predictions.
POSTS_PER_PREDICTION = 0.6
N_DAYS = 365

# `u` are uniform draws of the row's own, the same in every run.
_DRAWS = """
create temp table draws as
select
    n,
    hash(n || ' draw 1') / 18446744073709551616.0 as u1,
    hash(n || ' draw 2') / 18446744073709551616.0 as u2,
    hash(n || ' draw 3') / 18446744073709551616.0 as u3,
    hash(n || ' draw 4') / 18446744073709551616.0 as u4,
    hash(n || ' draw 5') / 18446744073709551616.0 as u5,
    hash(n || ' draw 6') / 18446744073709551616.0 as u6,
from range($n_posts) as numbers (n)
"""

_POSTS = """
insert into posts (
    post_id, platform, native_id, author_key, text, clean_text, lang, source_file, source_line,
    run_id, likes, reposts, replies, created_at, ingested_at
)
select
    platform || ':' || native_id as post_id,
    platform,
    native_id,
    md5(platform || (u3 * u3 * u3 * $n_posts / 3)::bigint) as author_key,
    content as text,
    content as clean_text,
    ['en', 'en-GB', 'de', 'fr', 'es', 'pt', 'it', 'nl', 'pl', 'tr', 'ru', 'ja'][
        1 + (u4 * u4 * 12)::bigint % 12
    ] as lang,
    'dump.jsonl' as source_file,
    n as source_line,
    'run-1' as run_id,
    (1 / (1 - u6))::bigint % 100000 as likes,
    0 as reposts,
    0 as replies,
    timestamptz '2025-01-01 00:00:00+00' + to_seconds((u5 * 86400 * $n_days)::bigint)
        as created_at,
    timestamptz '2026-01-02 00:00:00+00' as ingested_at,
from (
    select
        *,
        ['x', 'reddit', 'bluesky', 'mastodon', 'youtube'][1 + (u1 * u1 * 5)::bigint % 5]
            as platform,
        (2000000000000000000 + n)::varchar as native_id,
        case
            when u2 < 0.7 then repeat(md5(n::varchar) || ' ', 3)
            else repeat(md5((hash(n || ' content') % ($n_posts // 20))::varchar) || ' ', 3)
        end as content,
    from draws
)
"""

_ASPECTS = """
insert into aspects (post_id, aspect, origin)
select
    post_id,
    'aspect ' || floor(20 * (hash(clean_text) / 18446744073709551616.0) ** 2)::int as aspect,
    'config' as origin,
from posts
where hash(clean_text || ' aspect') % 3 < 2
"""

_PREDICTIONS = """
insert into predictions (
    post_id, aspect, content_key, model_id, result_digest, label, rationale_status, run_id,
    p_negative, p_neutral, p_positive, contradicts_label, created_at
)
select
    post_id,
    aspect,
    content_key,
    'model' as model_id,
    'digest' as result_digest,
    case h % 10
        when 0 then 'negative' when 1 then 'negative' when 2 then 'negative'
        when 3 then 'positive' when 4 then 'positive'
        else 'neutral'
    end as label,
    case when h % 50 = 7 then 'ok' end as rationale_status,
    'run-1' as run_id,
    case when h % 10 < 3 then 0.8 else 0.1 end as p_negative,
    case when h % 10 > 4 then 0.8 else 0.1 end as p_neutral,
    case when h % 10 in (3, 4) then 0.8 else 0.1 end as p_positive,
    case when h % 50 = 7 then h % 5000 = 7 end as contradicts_label,
    timestamptz '2026-01-02 00:00:00+00' as created_at,
from (select *, hash(content_key) as h from int_items)
"""

_REST = (
    "insert into current_model values ('model', 'digest', 'run-1')",
    "insert into models (model_id, name, description, is_distilled, accepts_images,"
    " first_used_at) values ('model', 'model', 'drawn labels', false, false,"
    " timestamptz '2026-01-02 00:00:00+00')",
    "insert into runs (run_id, command, status, model_id, result_digest, config_digest,"
    " config_json, version, started_at, ended_at) values ('run-1', 'run', 'done', 'model',"
    " 'digest', '', '{}', '0', timestamptz '2026-01-02', timestamptz '2026-01-02')",
    "insert into gold (post_id, aspect, label, annotator, weight, created_at)"
    " select post_id, aspect, label, 'ann', 1.0, created_at from predictions"
    " where hash(post_id) % 10000 = 0",
)


def fill(connection: duckdb.DuckDBPyConnection, n_predictions: int) -> None:
    """Fill an empty, migrated warehouse with about that many predictions."""
    sizes = {"n_posts": int(n_predictions * POSTS_PER_PREDICTION)}
    connection.execute(_DRAWS, sizes)
    connection.execute(_POSTS, {**sizes, "n_days": N_DAYS})
    connection.execute("drop table draws")
    connection.execute(_ASPECTS)
    connection.execute(_PREDICTIONS)
    for statement in _REST:
        connection.execute(statement)
