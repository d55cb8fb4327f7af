-- grain: one row per (post_id, aspect)
-- reads: posts, aspects, int_pictures, settings
-- What is to be judged: each post ('' as aspect; not where the setting
-- post_level is false) and each of its aspects, with the key of its content
-- (analytics.contract.text.content_key). A post with neither text nor picture
-- has nothing to judge.
with
    texts as (select * from posts),

    targets as (select * from aspects),

    pictures as (select * from int_pictures),

    pairs as (
        select
            post_id,
            '' as aspect,
        from texts
        where not exists (
            select 1
            from settings
            where key = 'post_level' and value = 'false'
        )
        union all
        select
            post_id,
            aspect,
        from targets
    ),

    final as (
        select
            pairs.post_id,
            pairs.aspect,
            sha256(
                texts.clean_text
                || chr(31)
                || coalesce(pictures.image_sha256, '')
                || chr(31)
                || pairs.aspect
            ) as content_key,
            texts.clean_text,
            pictures.image_sha256,
            pictures.image_path,
        from pairs
        inner join texts on pairs.post_id = texts.post_id
        left join pictures on pairs.post_id = pictures.post_id
        where texts.clean_text <> '' or pictures.image_sha256 is not null
    )

select * from final
