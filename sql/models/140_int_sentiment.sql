-- grain: one row per (aspect, sentiment_date, platform), and one per aspect
-- reads: int_judged_pairs
-- Counts of posts, judged or not, shares of the predicted ones and net
-- sentiment (share_positive - share_negative). count_empty are the posts with
-- neither text nor usable picture. is_total marks the rows of an aspect over
-- all days and platforms; sentiment_date is null also for undated posts.
with
    judged_pairs as (select * from int_judged_pairs),

    counted as (
        select
            aspect,
            sentiment_date,
            platform,
            count(*) as count_posts,
            count(label) as count_predicted,
            count(distinct content_key) as count_contents,
            count(*) filter (where is_empty) as count_empty,
            count(*) filter (where label = 'negative') as count_negative,
            count(*) filter (where label = 'neutral') as count_neutral,
            count(*) filter (where label = 'positive') as count_positive,
            count(distinct platform) as count_platforms,
            count(*) filter (where sentiment_date is null) as count_undated,
            grouping(platform) = 1 as is_total,
            min(sentiment_date) as first_date,
            max(sentiment_date) as last_date,
        from judged_pairs
        group by grouping sets ((aspect, sentiment_date, platform), (aspect))
    ),

    final as (
        select
            aspect,
            sentiment_date,
            platform,
            count_posts,
            count_predicted,
            count_contents,
            count_empty,
            count_negative,
            count_neutral,
            count_positive,
            count_negative / nullif(count_predicted, 0) as share_negative,
            count_neutral / nullif(count_predicted, 0) as share_neutral,
            count_positive / nullif(count_predicted, 0) as share_positive,
            (count_positive - count_negative)
                / nullif(count_predicted, 0) as net_sentiment,
            count_platforms,
            count_undated,
            is_total,
            first_date,
            last_date,
        from counted
    )

select * from final
