-- grain: one row per (post_id, aspect)
-- reads: int_judged_pairs, posts
-- Predicted items with the language that is known best: what the source says,
-- else what was detected, else 'und', without its region.
with
    judged_pairs as (select * from int_judged_pairs),

    raw_posts as (select * from posts),

    final as (
        select
            judged_pairs.post_id,
            judged_pairs.aspect,
            judged_pairs.content_key,
            judged_pairs.author_key,
            judged_pairs.platform,
            lower(
                split_part(
                    replace(
                        coalesce(
                            raw_posts.lang, raw_posts.detected_lang, 'und'
                        ),
                        '_',
                        '-'
                    ),
                    '-',
                    1
                )
            ) as lang,
            judged_pairs.sentiment_date,
            judged_pairs.label,
            judged_pairs.p_negative,
            judged_pairs.p_neutral,
            judged_pairs.p_positive,
        from judged_pairs
        inner join raw_posts on judged_pairs.post_id = raw_posts.post_id
        where judged_pairs.label is not null
    )

select * from final
