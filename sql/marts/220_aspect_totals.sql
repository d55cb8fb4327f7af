-- grain: one row per aspect ('' is the post level)
-- reads: sentiment_slices
-- Sentiment over all posts, undated ones included, toward each aspect.
with
    slices as (
        select *
        from sentiment_slices
        where lang = '*'
    ),

    totals as (
        select *
        from slices
        where period = 'all' and platform = '*'
    ),

    platforms as (
        select
            aspect,
            count(*) as count_platforms,
        from slices
        where period = 'all' and platform <> '*'
        group by all
    ),

    days as (
        select
            aspect,
            sum(count_posts) as count_dated,
            min(period_start) as first_date,
            max(period_start) as last_date,
        from slices
        where period = 'day' and platform = '*'
        group by all
    ),

    final as (
        select
            totals.aspect,
            totals.count_posts,
            totals.count_predicted,
            totals.count_contents,
            totals.count_empty,
            totals.count_negative,
            totals.count_neutral,
            totals.count_positive,
            totals.share_negative,
            totals.share_neutral,
            totals.share_positive,
            totals.net_sentiment,
            platforms.count_platforms,
            cast(
                totals.count_posts - coalesce(days.count_dated, 0) as bigint
            ) as count_undated,
            days.first_date,
            days.last_date,
        from totals
        left join platforms on totals.aspect = platforms.aspect
        left join days on totals.aspect = days.aspect
        order by totals.aspect
    )

select * from final
