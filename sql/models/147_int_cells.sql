-- grain: one row per slice_id: (aspect, platform, lang, sentiment_date)
-- reads: int_facts, int_names
-- kept: as a temporary table while marts are built
-- The least slices, with their names and the counts of their posts.
with
    facts as (select * from int_facts),

    names as (select * from int_names),

    counted as (
        select
            slice_id,
            any_value(aspect_number) as aspect_number,
            any_value(platform_number) as platform_number,
            any_value(lang_number) as lang_number,
            any_value(sentiment_date) as sentiment_date,
            count(*) as count_posts,
            count(label) as count_predicted,
            count(*) filter (where label = 'negative') as count_negative,
            count(*) filter (where label = 'neutral') as count_neutral,
            count(*) filter (where label = 'positive') as count_positive,
            count(*) filter (where is_empty) as count_empty,
        from facts
        group by slice_id
    ),

    final as (
        select
            counted.slice_id,
            counted.aspect_number,
            counted.platform_number,
            counted.lang_number,
            aspect_names.name as aspect,
            platform_names.name as platform,
            lang_names.name as lang,
            counted.count_posts,
            counted.count_predicted,
            counted.count_negative,
            counted.count_neutral,
            counted.count_positive,
            counted.count_empty,
            counted.sentiment_date,
        from counted
        inner join names as aspect_names
            on counted.aspect_number = aspect_names.number
            and aspect_names.kind = 'aspect'
        inner join names as platform_names
            on counted.platform_number = platform_names.number
            and platform_names.kind = 'platform'
        inner join names as lang_names
            on counted.lang_number = lang_names.number
            and lang_names.kind = 'lang'
    )

select * from final
