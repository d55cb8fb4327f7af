-- grain: one row per (post_id, aspect)
-- reads: int_pairs
-- What is to be judged, with the key of its content.
with
    pairs as (select * from int_pairs),

    final as (
        select
            post_id,
            aspect,
            content_key,
            clean_text,
            image_sha256,
            image_path,
        from pairs
        where is_item
    )

select * from final
