-- grain: one row per (post_id, aspect)
-- reads: posts, aspects, int_pictures, settings
-- Each post ('' as aspect) and each of its aspects, with the key of its content
-- (analytics.contract.text.content_key). A post with neither text nor usable
-- picture is empty and has no key. is_item marks what is to be judged: all that
-- is not empty, at post level unless the setting post_level is false.
with
    texts as (select * from posts),

    named as (select * from aspects),

    pictures as (select * from int_pictures),

    both_levels as (
        select
            post_id,
            '' as aspect,
        from texts
        union all
        select
            post_id,
            aspect,
        from named
    ),

    described as (
        select
            both_levels.post_id,
            both_levels.aspect,
            texts.clean_text,
            pictures.image_sha256,
            pictures.image_path,
            texts.clean_text = ''
                and pictures.image_sha256 is null as is_empty,
        from both_levels
        inner join texts on both_levels.post_id = texts.post_id
        left join pictures on both_levels.post_id = pictures.post_id
    ),

    final as (
        select
            post_id,
            aspect,
            case
                when not is_empty then sha256(
                    clean_text
                    || chr(31)
                    || coalesce(image_sha256, '')
                    || chr(31)
                    || aspect
                )
            end as content_key,
            clean_text,
            image_sha256,
            image_path,
            is_empty,
            not is_empty and (
                aspect <> ''
                or not exists (
                    select 1
                    from settings
                    where key = 'post_level' and value = 'false'
                )
            ) as is_item,
        from described
    )

select * from final
