-- grain: one row per (slice_id, scope), and per slice of what those lack
-- reads: int_facts
-- kept: as a temporary table while marts are built
-- Authors counted, each once a slice, as in int_content_slices. An author is of
-- one platform, so over platforms authors add up, and platform_number is never
-- null. Shares of an author are summed as whole numbers of 1e-12: a sum of
-- those does not depend on the order.
with
    facts as not materialized (
        select
            author_id,
            slice_id,
            aspect_number,
            platform_number,
            lang_number,
            label,
            sentiment_date,
            cast(date_trunc('week', sentiment_date) as date) as week,
        from int_facts
        where author_id is not null
    ),

    author_weeks as materialized (
        select
            author_id,
            week,
            min(slice_id) as slice_id,
            any_value(aspect_number) as aspect_number,
            any_value(platform_number) as platform_number,
            min(lang_number) as lang_number,
            cast(count(label) as integer) as count_predicted,
            cast(count(*) filter (where label = 'negative') as integer)
                as count_negative,
            cast(count(*) filter (where label = 'positive') as integer)
                as count_positive,
            min(slice_id) <> max(slice_id) as is_spread,
            min(lang_number) <> max(lang_number) as has_langs,
        from facts
        group by all
    ),

    authors as materialized (
        select
            author_id,
            any_value(aspect_number) as aspect_number,
            any_value(platform_number) as platform_number,
            min(lang_number) as lang_number,
            cast(sum(count_predicted) as integer) as count_predicted,
            cast(sum(count_negative) as integer) as count_negative,
            cast(sum(count_positive) as integer) as count_positive,
            min(lang_number) <> max(lang_number)
                or bool_or(has_langs) as has_langs,
        from author_weeks
        group by author_id
    ),

    cells as (
        select
            slice_id,
            'week' as scope,
            count(*) as count_authors,
            count(*) filter (where count_predicted > 0)
                as author_count_predicted,
            sum(
                cast(
                    1e12 * count_negative / nullif(count_predicted, 0) as bigint
                )
            ) as author_sum_negative,
            sum(
                cast(
                    1e12 * count_positive / nullif(count_predicted, 0) as bigint
                )
            ) as author_sum_positive,
        from author_weeks
        where not is_spread and week is not null
        group by slice_id
    ),

    in_weeks as (
        select
            facts.author_id,
            case when grouping(facts.sentiment_date) = 1
                then 'week' else 'day' end as period,
            case when grouping(facts.sentiment_date) = 1
                then facts.week else facts.sentiment_date end as period_start,
            any_value(facts.aspect_number) as aspect_number,
            any_value(facts.platform_number) as platform_number,
            facts.lang_number,
            count(facts.label) as count_predicted,
            count(*) filter (where facts.label = 'negative') as count_negative,
            count(*) filter (where facts.label = 'positive') as count_positive,
        from facts
        semi join (select * from author_weeks where is_spread) as spread
            on facts.author_id = spread.author_id
            and facts.week = spread.week
        group by
            facts.author_id,
            facts.week,
            rollup (facts.sentiment_date),
            rollup (facts.lang_number)
    ),

    in_langs as (
        select
            facts.author_id,
            any_value(facts.aspect_number) as aspect_number,
            any_value(facts.platform_number) as platform_number,
            facts.lang_number,
            count(facts.label) as count_predicted,
            count(*) filter (where facts.label = 'negative') as count_negative,
            count(*) filter (where facts.label = 'positive') as count_positive,
        from facts
        semi join (select * from authors where has_langs) as spread
            on facts.author_id = spread.author_id
        group by facts.author_id, facts.lang_number
    ),

    groups as (
        select * exclude (author_id)
        from in_weeks
        union all by name
        select
            * exclude (author_id),
            'all' as period,
        from in_langs
        union all by name
        select
            * exclude (author_id, has_langs),
            'all' as period,
        from authors
        where not has_langs
        union all by name
        select
            * exclude (author_id, has_langs, lang_number),
            'all' as period,
        from authors
    ),

    slices as (
        select
            period,
            period_start,
            aspect_number,
            platform_number,
            lang_number,
            count(*) as count_authors,
            count(*) filter (where count_predicted > 0)
                as author_count_predicted,
            sum(
                cast(
                    1e12 * count_negative / nullif(count_predicted, 0) as bigint
                )
            ) as author_sum_negative,
            sum(
                cast(
                    1e12 * count_positive / nullif(count_predicted, 0) as bigint
                )
            ) as author_sum_positive,
        from groups
        group by all
    ),

    final as (
        select * from cells
        union all by name
        select * from slices
    )

select * from final
