-- grain: one row per platform ('*' is all) with too few or too many posts
-- reads: sentiment_slices, posts, settings
-- The posts of the last complete week are within [checks] min_volume and
-- max_volume times the median of the volume_weeks weeks before it, where all of
-- those have posts and their median is at least min_weekly_posts.
with
    slices as (
        select *
        from sentiment_slices
        where aspect = '' and lang = '*'
    ),

    raw_posts as (select * from posts),

    wanted as (
        select
            coalesce(
                max(try_cast(value as integer)) filter (
                    where key = 'volume_weeks'
                ),
                4
            ) as volume_weeks,
            coalesce(
                max(try_cast(value as double)) filter (
                    where key = 'min_volume'
                ),
                0.2
            ) as min_volume,
            coalesce(
                max(try_cast(value as double)) filter (
                    where key = 'max_volume'
                ),
                5.0
            ) as max_volume,
            coalesce(
                max(try_cast(value as bigint)) filter (
                    where key = 'min_weekly_posts'
                ),
                100
            ) as min_weekly_posts,
            coalesce(max(value) filter (where key = 'time_zone'), 'UTC')
                as time_zone,
        from settings
        where
            key in (
                'volume_weeks',
                'min_volume',
                'max_volume',
                'min_weekly_posts',
                'time_zone'
            )
    ),

    retrieved as (
        select max(coalesce(retrieved_at, ingested_at)) as retrieved_at
        from raw_posts
    ),

    -- The newest week with posts that had ended when they were retrieved.
    last_week as (
        select max(slices.period_start) as period_start
        from slices
        cross join retrieved
        cross join wanted
        where
            slices.period = 'week'
            and slices.platform = '*'
            and slices.period_start + 7
            <= cast(
                retrieved.retrieved_at at time zone wanted.time_zone as date
            )
    ),

    weeks as (
        select
            platforms.platform,
            last_week.period_start,
            coalesce(
                max(slices.count_posts) filter (
                    where slices.period_start = last_week.period_start
                ),
                0
            ) as count_posts,
            count(*) filter (
                where slices.period_start < last_week.period_start
            ) as count_weeks,
            median(slices.count_posts) filter (
                where slices.period_start < last_week.period_start
            ) as median_before,
            any_value(wanted) as bounds,
        from last_week
        cross join wanted
        cross join (
            select platform
            from slices
            where period = 'all'
        ) as platforms
        inner join slices
            on slices.period = 'week'
            and platforms.platform = slices.platform
            and slices.period_start <= last_week.period_start
            and slices.period_start
            >= last_week.period_start - 7 * wanted.volume_weeks
        group by all
    ),

    final as (
        select
            platform,
            period_start,
            count_posts,
            median_before,
            bounds.min_volume,
            bounds.max_volume,
        from weeks
        where
            bounds.volume_weeks > 0
            and count_weeks = bounds.volume_weeks
            and median_before >= bounds.min_weekly_posts
            and not count_posts between bounds.min_volume * median_before
            and bounds.max_volume * median_before
        order by platform
    )

select * from final
