-- grain: one row per (period, scope, aspect, platform, lang)
-- reads: sentiment_slices, posts, settings
-- What moved net sentiment from one day or week to the next: that between the
-- last complete period and the one before, in parts that sum to the change. One
-- is complete if it ended before the day on which posts were last retrieved (or
-- read). scope '' is of posts as a whole, '*' of all named aspects together,
-- else of that aspect. With shares w of the predicted posts and net sentiments
-- s in cells of (aspect, platform, lang), net sentiment is the sum of w * s; a
-- part is mix (the cell grew or shrank) = (w1 - w0) * ((s1 + s0) / 2 - (S1 +
-- S0) / 2) plus rate (its posts turned) = (s1 - s0) * (w1 + w0) / 2, after
-- Kitagawa (1955); S is that of the scope. A cell with posts in one period only
-- has no rate.
with
    slices as (
        select *
        from sentiment_slices
        where
            period in ('day', 'week')
            and platform <> '*'
            and lang <> '*'
            and count_predicted > 0
    ),

    raw_posts as (select * from posts),

    zone as (
        select coalesce(max(value), 'UTC') as name
        from settings
        where key = 'time_zone'
    ),

    retrieved as (
        select max(coalesce(retrieved_at, ingested_at)) as retrieved_at
        from raw_posts
    ),

    today as (
        select
            cast(retrieved.retrieved_at at time zone zone.name as date)
                as current_date_there,
        from retrieved
        cross join zone
    ),

    spans as (
        select
            slices.period,
            case slices.period when 'day' then 1 else 7 end as count_days,
            max(slices.period_start) as period_start,
        from slices
        cross join today
        where
            slices.period_start
            + case slices.period when 'day' then 1 else 7 end
            <= today.current_date_there
        group by slices.period
    ),

    scoped as (
        select
            slices.*,
            unnest(
                case slices.aspect
                    when '' then ['']
                    else ['*', slices.aspect]
                end
            ) as scope,
        from slices
    ),

    cells as (
        select
            scoped.period,
            scoped.scope,
            scoped.aspect,
            scoped.platform,
            scoped.lang,
            any_value(spans.period_start) as period_start,
            any_value(spans.period_start - spans.count_days) as previous_start,
            coalesce(
                sum(scoped.count_predicted) filter (
                    where scoped.period_start = spans.period_start
                ),
                0
            ) as count_predicted,
            coalesce(
                sum(scoped.count_predicted) filter (
                    where scoped.period_start < spans.period_start
                ),
                0
            ) as previous_count_predicted,
            max(scoped.net_sentiment) filter (
                where scoped.period_start = spans.period_start
            ) as net_sentiment,
            max(scoped.net_sentiment) filter (
                where scoped.period_start < spans.period_start
            ) as previous_net_sentiment,
        from scoped
        inner join spans
            on scoped.period = spans.period
            and scoped.period_start in (
                spans.period_start, spans.period_start - spans.count_days
            )
        group by all
    ),

    weighed as (
        select
            *,
            count_predicted / nullif(sum(count_predicted) over scopes, 0)
                as weight,
            previous_count_predicted
                / nullif(sum(previous_count_predicted) over scopes, 0)
                as previous_weight,
            sum(count_predicted * net_sentiment) over scopes
                / nullif(sum(count_predicted) over scopes, 0)
                as scope_net_sentiment,
            sum(previous_count_predicted * previous_net_sentiment) over scopes
                / nullif(sum(previous_count_predicted) over scopes, 0)
                as scope_previous_net_sentiment,
        from cells
        window scopes as (partition by period, scope)
    ),

    parts as (
        select
            *,
            (weight - previous_weight) * (
                (
                    coalesce(net_sentiment, previous_net_sentiment)
                    + coalesce(previous_net_sentiment, net_sentiment)
                    - scope_net_sentiment
                    - scope_previous_net_sentiment
                ) / 2
            ) as mix_part,
            coalesce(net_sentiment - previous_net_sentiment, 0)
                * (weight + previous_weight) / 2 as rate_part,
        from weighed
        -- A change needs something before and after it.
        where scope_net_sentiment + scope_previous_net_sentiment is not null
    ),

    final as (
        select
            period,
            period_start,
            previous_start,
            scope,
            aspect,
            platform,
            lang,
            cast(count_predicted as bigint) as count_predicted,
            cast(previous_count_predicted as bigint)
                as previous_count_predicted,
            net_sentiment,
            previous_net_sentiment,
            weight,
            previous_weight,
            mix_part,
            rate_part,
            mix_part + rate_part as contribution,
            scope_net_sentiment,
            scope_previous_net_sentiment,
            scope_net_sentiment - scope_previous_net_sentiment as scope_change,
        from parts
        order by
            period,
            scope,
            abs(mix_part + rate_part) desc,
            aspect,
            platform,
            lang
    )

select * from final
