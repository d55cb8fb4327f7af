-- grain: one row per post_id
-- reads: int_judged_pairs, top_posts, daily_posts, conflicts
-- What a reader filters posts by, for the posts of top_posts and daily_posts and
-- the first 100 of conflicts: the language (as sentiment_slices counts it), the
-- day, and the aspects, each with its label, by name.
with
    judged_pairs as (select * from int_judged_pairs),

    most_engaging as (select * from top_posts),

    of_the_day as (select * from daily_posts),

    conflicting as (
        select *
        from conflicts
        qualify row_number() over (
            partition by aspect, content_key
            order by count_engagement desc, post_id
        ) = 1
        order by count_engagement desc, post_id, aspect
        limit 100
    ),

    wanted as (
        select post_id from most_engaging
        union
        select post_id from of_the_day
        union
        select post_id from conflicting
    ),

    tagged as (
        select
            judged_pairs.post_id,
            any_value(judged_pairs.language) as lang,
            any_value(judged_pairs.sentiment_date) as sentiment_date,
            coalesce(
                list(
                    {
                        'aspect': judged_pairs.aspect,
                        'label': cast(judged_pairs.label as varchar)
                    }
                    order by judged_pairs.aspect
                ) filter (where judged_pairs.aspect <> ''),
                []
            ) as aspects,
        from judged_pairs
        inner join wanted on judged_pairs.post_id = wanted.post_id
        group by all
    ),

    final as (
        select
            post_id,
            lang,
            aspects,
            sentiment_date,
        from tagged
        order by post_id
    )

select * from final
