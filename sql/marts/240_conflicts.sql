-- grain: one row per (post_id, aspect)
-- reads: int_facts, int_names, posts, int_current_predictions, int_pictures
-- Items whose rationale predicts another label than the one that counts.
with
    names as (
        select
            name,
            number,
        from int_names
        where kind = 'aspect'
    ),

    conflicting as (
        select
            facts.post_number,
            names.name as aspect,
        from int_facts as facts
        inner join names on facts.aspect_number = names.number
        where facts.contradicts_label and facts.is_item
    ),

    raw_posts as (
        select
            *,
            rowid as post_number,
        from posts
    ),

    predicted as (select * from int_current_predictions),

    pictures as (select * from int_pictures),

    final as (
        select
            raw_posts.post_id,
            conflicting.aspect,
            predicted.content_key,
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
            coalesce(raw_posts.likes, 0)
                + coalesce(raw_posts.reposts, 0)
                + coalesce(raw_posts.replies, 0) as count_engagement,
            raw_posts.created_at,
        from conflicting
        inner join raw_posts
            on conflicting.post_number = raw_posts.post_number
        inner join predicted
            on raw_posts.post_id = predicted.post_id
            and conflicting.aspect = predicted.aspect
        left join pictures on raw_posts.post_id = pictures.post_id
        order by raw_posts.post_id, conflicting.aspect
    )

select * from final
