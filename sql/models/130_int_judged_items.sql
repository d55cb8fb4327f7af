-- grain: one row per (post_id, aspect)
-- reads: int_judged_pairs
-- What is to be judged, each with its current prediction where there is one.
with
    judged_pairs as (select * from int_judged_pairs),

    final as (
        select * exclude (is_empty, is_item)
        from judged_pairs
        where is_item
    )

select * from final
