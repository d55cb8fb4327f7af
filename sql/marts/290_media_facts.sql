-- grain: one row per (platform, kind, status)
-- reads: posts, media
-- What became of pictures and films.
with
    raw_posts as (select * from posts),

    raw_media as (select * from media),

    final as (
        select
            raw_posts.platform,
            raw_media.kind,
            raw_media.status,
            count(*) as count_media,
        from raw_media
        inner join raw_posts on raw_media.post_id = raw_posts.post_id
        group by all
        order by raw_posts.platform, raw_media.kind, raw_media.status
    )

select * from final
