-- grain: one row per mart row whose shares are wrong
-- reads: daily_sentiment, aspect_daily, aspect_totals, sentiment_slices
-- Where something was predicted, the label shares are in 0 to 1 and sum to 1.
with
    post_days as (select * from daily_sentiment),

    aspect_days as (select * from aspect_daily),

    totals as (select * from aspect_totals),

    slices as (
        select
            *,
            concat_ws(' ', period, period_start, platform, lang, aspect)
                as mart_key,
        from sentiment_slices
    ),

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
        union all
        select
            'sentiment_slices' as mart,
            mart_key,
            count_predicted,
            share_negative,
            share_neutral,
            share_positive,
        from slices
        union all
        select
            'sentiment_slices, contents' as mart,
            mart_key,
            content_count_predicted as count_predicted,
            content_share_negative as share_negative,
            content_share_neutral as share_neutral,
            content_share_positive as share_positive,
        from slices
        union all
        select
            'sentiment_slices, authors' as mart,
            mart_key,
            author_count_predicted as count_predicted,
            author_share_negative as share_negative,
            author_share_neutral as share_neutral,
            author_share_positive as share_positive,
        from slices
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
