-- grain: one row per post_id that occurs more than once
-- reads: posts
-- Each post is stored once.
with
    raw_posts as (select * from posts),

    final as (
        select
            post_id,
            count(*) as count_rows,
        from raw_posts
        group by all
        having count(*) > 1
        order by post_id
    )

select * from final
