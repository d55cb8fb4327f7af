-- grain: one row per platform
-- reads: posts, int_pictures
-- What was read: posts, authors, pictures and the days they cover (UTC).
-- count_reposts are those that the dump tells of; X archives have no other mark
-- than the text. count_with_picture counts posts with a usable picture,
-- count_empty those with neither text nor usable picture.
with
    raw_posts as (select * from posts),

    pictures as (select * from int_pictures),

    final as (
        select
            raw_posts.platform,
            count(*) as count_posts,
            count(distinct raw_posts.author_key) as count_authors,
            count(*) filter (
                where
                    raw_posts.repost_of is not null
                    or (
                        raw_posts.platform = 'x'
                        and starts_with(raw_posts.text, 'RT @')
                    )
            ) as count_reposts,
            count(pictures.post_id) as count_with_picture,
            count(*) filter (
                where raw_posts.clean_text = '' and pictures.post_id is null
            ) as count_empty,
            count(*) - count(raw_posts.created_at) as count_undated,
            min(raw_posts.created_at) as first_at,
            max(raw_posts.created_at) as last_at,
        from raw_posts
        left join pictures on raw_posts.post_id = pictures.post_id
        group by all
        order by raw_posts.platform
    )

select * from final
