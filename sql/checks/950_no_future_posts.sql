-- grain: one row per post from the future
-- reads: posts
-- No post is dated more than two days after it was ingested.
with
    raw_posts as (select * from posts),

    final as (
        select
            post_id,
            source_file,
            source_line,
            created_at,
            ingested_at,
        from raw_posts
        where created_at > ingested_at + interval 2 day
        order by post_id
    )

select * from final
