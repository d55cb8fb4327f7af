-- grain: one row per (post_id, aspect)
-- reads: int_facts, int_names, posts, int_current_predictions, int_pictures
-- Items of which the text says one thing and the picture another: in the
-- rationale, the analysis of the text names one label, that of the picture
-- another. A part that names no label or several ('not negative, but neutral')
-- says none. What the model wrote to resolve it, and its conclusion, are there.
with
    names as (
        select
            name,
            number,
        from int_names
        where kind = 'aspect'
    ),

    explained as (
        select
            facts.post_number,
            names.name as aspect,
        from int_facts as facts
        inner join names on facts.aspect_number = names.number
        where facts.rationale_status is not null and facts.is_item
    ),

    raw_posts as (
        select
            *,
            rowid as post_number,
        from posts
    ),

    predicted as (select * from int_current_predictions),

    pictures as (select * from int_pictures),

    compared as (
        select
            raw_posts.post_id,
            explained.aspect,
            predicted.content_key,
            raw_posts.platform,
            raw_posts.lang,
            raw_posts.url,
            raw_posts.text,
            predicted.label,
            list_distinct(
                regexp_extract_all(
                    lower(predicted.text_analysis),
                    '\b(negative|neutral|positive)\b'
                )
            ) as text_labels,
            list_distinct(
                regexp_extract_all(
                    lower(predicted.image_analysis),
                    '\b(negative|neutral|positive)\b'
                )
            ) as image_labels,
            predicted.text_analysis,
            predicted.image_analysis,
            predicted.conflict_resolution,
            predicted.final_conclusion,
            predicted.rationale_label,
            predicted.rationale_status,
            pictures.image_path,
            pictures.image_alt_text,
            predicted.p_negative,
            predicted.p_neutral,
            predicted.p_positive,
            coalesce(raw_posts.likes, 0)
                + coalesce(raw_posts.reposts, 0)
                + coalesce(raw_posts.replies, 0) as count_engagement,
            predicted.contradicts_label,
            raw_posts.created_at,
        from explained
        inner join raw_posts on explained.post_number = raw_posts.post_number
        inner join predicted
            on raw_posts.post_id = predicted.post_id
            and explained.aspect = predicted.aspect
        inner join pictures on raw_posts.post_id = pictures.post_id
    ),

    final as (
        select
            post_id,
            aspect,
            content_key,
            platform,
            lang,
            url,
            text,
            label,
            text_labels[1] as text_label,
            image_labels[1] as image_label,
            text_analysis,
            image_analysis,
            conflict_resolution,
            final_conclusion,
            rationale_label,
            rationale_status,
            image_path,
            image_alt_text,
            p_negative,
            p_neutral,
            p_positive,
            count_engagement,
            contradicts_label,
            created_at,
        from compared
        where
            len(text_labels) = 1
            and len(image_labels) = 1
            and text_labels[1] <> image_labels[1]
        order by post_id, aspect
    )

select * from final
