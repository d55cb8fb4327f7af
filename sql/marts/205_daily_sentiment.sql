-- grain: one row per (sentiment_date, platform)
-- reads: sentiment_slices
-- Sentiment of the posts of each day (of the setting time_zone): counts, shares
-- of the predicted ones, net sentiment (share_positive - share_negative).
-- count_posts are all dated posts, judged or not; count_empty of them have
-- neither text nor usable picture. Undated posts are left out.
with
    sentiment as (
        select *
        from sentiment_slices
        where
            period = 'day'
            and aspect = ''
            and platform <> '*'
            and lang = '*'
    ),

    final as (
        select
            period_start as sentiment_date,
            platform,
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
