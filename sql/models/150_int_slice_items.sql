-- grain: one row per (post_id, aspect)
-- reads: int_judged_pairs
-- Predicted items, as slices with intervals count them.
with
    judged_pairs as (select * from int_judged_pairs),

    final as (
        select
            post_id,
            aspect,
            content_key,
            author_key,
            platform,
            language as lang,
            sentiment_date,
            label,
            p_negative,
            p_neutral,
            p_positive,
        from judged_pairs
        where label is not null
    )

select * from final
