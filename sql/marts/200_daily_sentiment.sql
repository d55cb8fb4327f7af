-- grain: one row per (sentiment_date, platform)
-- reads: int_judged_items
-- Sentiment of the posts of each UTC day: counts, shares of the predicted ones,
-- net sentiment (share_positive - share_negative). Undated posts are left out.
with
    judged_items as (
        select *
        from int_judged_items
        where aspect = '' and sentiment_date is not null
    ),

    counted as (
        select
            sentiment_date,
            platform,
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
