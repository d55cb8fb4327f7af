-- grain: one row per post_id
-- reads: int_facts, int_names, posts, top_posts, surprising_posts, conflicts,
-- daily_posts, picture_conflicts
-- What a reader filters posts by, for the posts of marts that hold posts (of
-- conflicts and picture_conflicts the first 100): the language (as
-- sentiment_slices counts it), the day, and the aspects, each with its label,
-- by name.
with
    facts as (select * from int_facts),

    aspect_names as (
        select *
        from int_names
        where kind = 'aspect'
    ),

    lang_names as (
        select *
        from int_names
        where kind = 'lang'
    ),

    raw_posts as (
        select
            *,
            rowid as post_number,
        from posts
    ),

    most_engaging as (select * from top_posts),

    most_surprising as (select * from surprising_posts),

    of_the_day as (select * from daily_posts),

    contradicting as (
        select *
        from conflicts
        qualify row_number() over (
            partition by aspect, content_key
            order by count_engagement desc, post_id
        ) = 1
        order by count_engagement desc, post_id, aspect
        limit 100
    ),

    divided as (
        select *
        from picture_conflicts
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
        select post_id from most_surprising
        union
        select post_id from of_the_day
        union
        select post_id from contradicting
        union
        select post_id from divided
    ),

    numbered as (
        select
            wanted.post_id,
            raw_posts.post_number,
        from wanted
        inner join raw_posts on wanted.post_id = raw_posts.post_id
    ),

    final as (
        select
            numbered.post_id,
            any_value(lang_names.name) as lang,
            coalesce(
                list(
                    {
                        'aspect': aspect_names.name,
                        'label': cast(facts.label as varchar)
                    }
                    order by aspect_names.name
                ) filter (where aspect_names.name <> ''),
                []
            ) as aspects,
            any_value(facts.sentiment_date) as sentiment_date,
        from numbered
        inner join facts on numbered.post_number = facts.post_number
        inner join aspect_names on facts.aspect_number = aspect_names.number
        inner join lang_names on facts.lang_number = lang_names.number
        group by numbered.post_id
        order by numbered.post_id
    )

select * from final
