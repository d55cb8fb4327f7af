-- grain: one row per (post_id, aspect)
-- reads: posts, int_judged_items, int_current_predictions, int_pictures
-- Items whose rationale predicts another label than the one that counts.
with
    conflicting as (
        select *
        from int_judged_items
        where contradicts_label
    ),

    raw_posts as (select * from posts),

    predicted as (select * from int_current_predictions),

    pictures as (select * from int_pictures),

    final as (
        select
            conflicting.post_id,
            conflicting.aspect,
            conflicting.content_key,
            raw_posts.platform,
            raw_posts.lang,
            raw_posts.url,
            raw_posts.text,
            predicted.label,
            predicted.rationale_label,
            predicted.rationale_status,
            predicted.text_analysis,
            predicted.image_analysis,
            predicted.conflict_resolution,
            predicted.final_conclusion,
            pictures.image_path,
            pictures.image_alt_text,
            predicted.p_negative,
            predicted.p_neutral,
            predicted.p_positive,
            conflicting.count_engagement,
            raw_posts.created_at,
        from conflicting
        inner join raw_posts on conflicting.post_id = raw_posts.post_id
        inner join predicted
            on conflicting.post_id = predicted.post_id
            and conflicting.aspect = predicted.aspect
        left join pictures on conflicting.post_id = pictures.post_id
        order by conflicting.post_id, conflicting.aspect
    )

select * from final
