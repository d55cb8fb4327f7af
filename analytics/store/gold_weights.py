"""What labels of draws weigh, wherever people stopped, and over several draws."""

import duckdb

# How far each draw was answered: position up to which somebody who took part has answered all.
_REACHED = """
with
    answers as (
        select post_id, aspect, annotator, draw_id from gold
        union all
        select post_id, aspect, annotator, draw_id from gold_unclear
    ),
    people as (select distinct draw_id, annotator from answers where draw_id is not null),
    gone_through as (
        select
            draws.draw_id,
            people.annotator,
            coalesce(
                min(items.position) filter (where answers.post_id is null) - 1,
                any_value(draws.count_items)
            ) as n_reached,
        from gold_draws as draws
        inner join people on draws.draw_id = people.draw_id
        left join gold_draw_items as items on draws.draw_id = items.draw_id
        left join answers
            on items.post_id = answers.post_id
            and items.aspect = answers.aspect
            and people.annotator = answers.annotator
        group by all
    ),
    reached as (
        select draws.*, furthest.n_reached, furthest.n_reached / draws.count_pool as rate
        from gold_draws as draws
        inner join (
            select draw_id, max(n_reached) as n_reached from gone_through group by all
        ) as furthest on draws.draw_id = furthest.draw_id
        where furthest.n_reached > 0
    )
"""

_WEIGHTS = f"""
create or replace temp table draw_weights as
{_REACHED},
    sampled as (
        select
            items.*,
            items.probability * reached.n_reached / reached.count_items as inclusion,
            reached.rate,
        from gold_draw_items as items
        inner join reached on items.draw_id = reached.draw_id
        where items.position <= reached.n_reached
    ),
    distinct_items as (
        select
            post_id, aspect,
            any_value(platform) as platform,
            any_value(sentiment_date) as sentiment_date,
            min(ingested_at) as ingested_at,
        from sampled
        group by post_id, aspect
    ),
    covered as (
        select items.post_id, items.aspect, sum(reached.rate) as total_rate
        from distinct_items as items
        inner join reached
            on (reached.aspect is null or reached.aspect = items.aspect)
            and (reached.platform is null or reached.platform = items.platform)
            and (reached.since is null or reached.since <= items.sentiment_date)
            and (reached.until is null or reached.until >= items.sentiment_date)
            and items.ingested_at <= reached.created_at
        group by all
    )
select
    sampled.draw_id,
    sampled.post_id,
    sampled.aspect,
    sampled.inclusion,
    sum(sampled.rate / covered.total_rate / sampled.inclusion) over (
        partition by sampled.post_id, sampled.aspect
    ) as weight,
from sampled
inner join covered on sampled.post_id = covered.post_id and sampled.aspect = covered.aspect
"""


def weigh_gold(connection: duckdb.DuckDBPyConnection) -> None:
    """Give all labels that came of draws their probabilities and weights; others keep theirs.

    To be called in the transaction that stores or removes answers. `probability` is that of
    being drawn and reached in the row's own draw. The weight is the sum, over the draws that the
    item was reached in, of share / probability; the shares of all draws that could have given
    the item add up to 1 and are as their sampling rates, reached / pool. So each draw alone, and
    all together, estimate a total without bias (Hartley's multiple frames), and with one draw
    the weight is 1 / probability.

    Source: H. O. Hartley, "Multiple Frame Surveys", Proceedings of the Social Statistics
    Section, American Statistical Association (1962).
    """
    connection.execute(_WEIGHTS)
    for table in ("gold", "gold_unclear"):
        connection.execute(
            f"""
            update {table}
            set weight = draw_weights.weight, probability = draw_weights.inclusion
            from draw_weights
            where {table}.post_id = draw_weights.post_id
                and {table}.aspect = draw_weights.aspect
                and {table}.draw_id = draw_weights.draw_id
            """
        )
    connection.execute("drop table draw_weights")
