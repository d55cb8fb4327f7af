-- grain: one row per post_id
-- reads: media
-- The first usable picture of each post: the one that a model sees.
with
    pictures as (
        select *
        from media
        where status = 'ok'
    ),

    final as (
        select
            post_id,
            arg_min(sha256, position) as image_sha256,
            arg_min(path, position) as image_path,
            arg_min(alt_text, position) as image_alt_text,
        from pictures
        group by all
    )

select * from final
