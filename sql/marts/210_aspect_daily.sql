-- grain: one row per (sentiment_date, platform, aspect)
-- reads: int_judged_items
-- Sentiment toward each aspect on each UTC day, counted as in daily_sentiment.
with
    judged_items as (
        select *
        from int_judged_items
        where aspect <> '' and sentiment_date is not null
    ),

    counted as (
        select
            sentiment_date,
            platform,
            aspect,
            count(*) as count_posts,
            count(label) as count_predicted,
            count(distinct content_key) as count_contents,
            count(*) filter (where label = 'negative') as count_negative,
            count(*) filter (where label = 'neutral') as count_neutral,
            count(*) filter (where label = 'positive') as count_positive,
        from judged_items
        group by all
    ),

    final as (
        select
            sentiment_date,
            platform,
            aspect,
            count_posts,
            count_predicted,
            count_contents,
            count_negative,
            count_neutral,
            count_positive,
            count_negative / nullif(count_predicted, 0) as share_negative,
            count_neutral / nullif(count_predicted, 0) as share_neutral,
            count_positive / nullif(count_predicted, 0) as share_positive,
            (count_positive - count_negative)
                / nullif(count_predicted, 0) as net_sentiment,
        from counted
        order by all
    )

select * from final
