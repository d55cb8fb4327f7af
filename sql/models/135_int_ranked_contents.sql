-- grain: one row per (aspect, content_key), the first of each aspect
-- reads: int_judged_pairs
-- Contents by engagement (likes + reposts + replies), each as the post that has
-- most of it; count_copies is the number of its posts. Aspect '' is the post
-- level: 1,000 rows at most (what the settings max_posts and top_posts may ask
-- for), 50 for any other. Empty posts are left out.
with
    judged_pairs as (select * from int_judged_pairs),

    copies as (
        select
            post_id,
            aspect,
            content_key,
            count_engagement,
            created_at,
            count(*) over (partition by aspect, content_key) as count_copies,
        from judged_pairs
        where not is_empty
        qualify row_number() over (
            partition by aspect, content_key
            order by
                count_engagement desc,
                created_at desc nulls last,
                post_id
        ) = 1
    ),

    final as (
        select
            *,
            row_number() over (
                partition by aspect
                order by
                    count_engagement desc,
                    created_at desc nulls last,
                    post_id
            ) as rank,
        from copies
        qualify rank <= case when aspect = '' then 1000 else 50 end
    )

select * from final
