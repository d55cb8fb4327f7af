-- grain: one row per mart row whose shares are wrong
-- reads: daily_sentiment, aspect_daily, aspect_totals
-- Where something was predicted, the label shares are in 0 to 1 and sum to 1.
with
    post_days as (select * from daily_sentiment),

    aspect_days as (select * from aspect_daily),

    totals as (select * from aspect_totals),

    shares as (
        select
            'daily_sentiment' as mart,
            concat_ws(' ', sentiment_date, platform) as mart_key,
            count_predicted,
            share_negative,
            share_neutral,
            share_positive,
        from post_days
        union all
        select
            'aspect_daily' as mart,
            concat_ws(' ', sentiment_date, platform, aspect) as mart_key,
            count_predicted,
            share_negative,
            share_neutral,
            share_positive,
        from aspect_days
        union all
        select
            'aspect_totals' as mart,
            aspect as mart_key,
            count_predicted,
            share_negative,
            share_neutral,
            share_positive,
        from totals
    ),

    final as (
        select
            mart,
            mart_key,
            share_negative,
            share_neutral,
            share_positive,
        from shares
        where
            count_predicted > 0
            and (
                share_negative + share_neutral + share_positive is null
                or least(share_negative, share_neutral, share_positive) < 0
                or abs(share_negative + share_neutral + share_positive - 1)
                > 1e-9
            )
        order by mart, mart_key
    )

select * from final
