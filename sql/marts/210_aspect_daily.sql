-- grain: one row per (sentiment_date, platform, aspect)
-- reads: sentiment_slices
-- Sentiment toward each aspect on each day, counted as in daily_sentiment.
with
    sentiment as (
        select *
        from sentiment_slices
        where
            period = 'day'
            and aspect <> ''
            and platform <> '*'
            and lang = '*'
    ),

    final as (
        select
            period_start as sentiment_date,
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
