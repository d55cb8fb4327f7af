-- grain: one row per (post_id, aspect)
-- reads: posts, aspects, int_pictures, settings
-- Each post ('' as aspect) and each of its aspects, with the key of its content
-- (analytics.contract.text.content_key). A post with neither text nor usable
-- picture is empty and has no key. language is what the source says, else what
-- was detected, as a primary subtag ('en' of 'en-GB'). is_item marks what is to
-- be judged: all that is not empty, at post level unless the setting post_level
-- is false.
-- post_number is the row of posts, which holds until rows are deleted.
with
    -- Read twice rather than kept: they hold the text of all posts.
    raw_posts as not materialized (
        select
            *,
            rowid as post_number,
        from posts
    ),

    named as (select * from aspects),

    pictures as (select * from int_pictures),

    described as not materialized (
        select
            raw_posts.post_id,
            raw_posts.platform,
            raw_posts.lang,
            lower(
                regexp_extract(
                    coalesce(
                        nullif(trim(raw_posts.lang), ''),
                        raw_posts.detected_lang,
                        'und'
                    ),
                    '^[^-_]*'
                )
            ) as language,
            raw_posts.author_key,
            raw_posts.clean_text,
            pictures.image_sha256,
            pictures.image_path,
            coalesce(raw_posts.likes, 0)
                + coalesce(raw_posts.reposts, 0)
                + coalesce(raw_posts.replies, 0) as count_engagement,
            raw_posts.post_number,
            raw_posts.clean_text = ''
                and pictures.image_sha256 is null as is_empty,
            raw_posts.created_at,
        from raw_posts
        left join pictures on raw_posts.post_id = pictures.post_id
    ),

    both_levels as (
        select
            '' as aspect,
            described.*,
        from described
        union all
        select
            named.aspect,
            described.*,
        from named
        inner join described on named.post_id = described.post_id
    ),

    final as (
        select
            post_id,
            aspect,
            platform,
            lang,
            language,
            author_key,
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
            count_engagement,
            post_number,
            is_empty,
            not is_empty and (
                aspect <> ''
                or not exists (
                    select 1
                    from settings
                    where key = 'post_level' and value = 'false'
                )
            ) as is_item,
            created_at,
        from both_levels
    )

select * from final
