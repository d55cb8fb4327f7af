-- grain: one row per aspect ('' is the post level)
-- reads: int_sentiment
-- Sentiment over all posts, undated ones included, toward each aspect.
with
    sentiment as (select * from int_sentiment where is_total),

    final as (
        select
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
            count_platforms,
            count_undated,
            first_date,
            last_date,
        from sentiment
        order by aspect
    )

select * from final
