-- grain: one row per (sentiment_date, platform, aspect)
-- reads: int_sentiment
-- Sentiment toward each aspect on each UTC day, counted as in daily_sentiment.
with
    sentiment as (
        select *
        from int_sentiment
        where aspect <> '' and sentiment_date is not null and not is_total
    ),

    final as (
        select
            sentiment_date,
            platform,
            aspect,
            count_posts,
            count_predicted,
            count_contents,
            count_empty,
            count_negative,
            count_neutral,
            count_positive,
            share_negative,
            share_neutral,
            share_positive,
            net_sentiment,
        from sentiment
        order by all
    )

select * from final
