-- grain: one row per (slice_id, scope), and per slice of what those lack
-- reads: int_facts, int_contents
-- kept: as a temporary table while marts are built
-- Contents counted, each once a slice. Those whose posts of a week (scope
-- 'week') or of all time (scope 'all') are in one cell stand at that cell, by
-- slice_id, and add up over days and weeks, or over all time. The others are
-- counted in each slice; there a number that is null means all.
with
    contents as not materialized (select * from int_contents),

    spread_facts as materialized (
        select
            facts.content_id,
            facts.slice_id,
            facts.aspect_number,
            facts.platform_number,
            facts.lang_number,
            facts.label,
            facts.sentiment_date,
            cast(date_trunc('week', facts.sentiment_date) as date) as week,
        from int_facts as facts
        semi join (select content_id from contents where is_spread) as spread
            on facts.content_id = spread.content_id
    ),

    content_weeks as (
        select
            content_id,
            week,
            min(slice_id) as slice_id,
            max(label) as label,
            min(slice_id) <> max(slice_id) as is_spread,
        from spread_facts
        where sentiment_date is not null
        group by all
    ),

    scoped as (
        select
            slice_id,
            unnest(['week', 'all']) as scope,
            label,
        from contents
        where not is_spread
        union all
        select
            slice_id,
            'week' as scope,
            label,
        from content_weeks
        where not is_spread
    ),

    cells as (
        select
            slice_id,
            scope,
            count(*) as count_contents,
            count(label) as content_count_predicted,
            count(*) filter (where label = 'negative')
                as content_count_negative,
            count(*) filter (where label = 'positive')
                as content_count_positive,
        from scoped
        group by all
    ),

    in_weeks as (
        select
            spread_facts.content_id,
            case when grouping(spread_facts.sentiment_date) = 1
                then 'week' else 'day' end as period,
            case when grouping(spread_facts.sentiment_date) = 1
                then spread_facts.week else spread_facts.sentiment_date end
                as period_start,
            any_value(spread_facts.aspect_number) as aspect_number,
            spread_facts.platform_number,
            spread_facts.lang_number,
            max(spread_facts.label) as label,
        from spread_facts
        semi join (select * from content_weeks where is_spread) as spread
            on spread_facts.content_id = spread.content_id
            and spread_facts.week = spread.week
        group by
            spread_facts.content_id,
            spread_facts.week,
            rollup (spread_facts.sentiment_date),
            cube (spread_facts.platform_number, spread_facts.lang_number)
    ),

    in_all as (
        select
            content_id,
            'all' as period,
            null::date as period_start,
            any_value(aspect_number) as aspect_number,
            platform_number,
            lang_number,
            max(label) as label,
        from spread_facts
        group by content_id, cube (platform_number, lang_number)
    ),

    slices as (
        select
            period,
            period_start,
            aspect_number,
            platform_number,
            lang_number,
            count(*) as count_contents,
            count(label) as content_count_predicted,
            count(*) filter (where label = 'negative')
                as content_count_negative,
            count(*) filter (where label = 'positive')
                as content_count_positive,
        from (
            select * from in_weeks
            union all
            select * from in_all
        )
        group by all
    ),

    final as (
        select * from cells
        union all by name
        select * from slices
    )

select * from final
