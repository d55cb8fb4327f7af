-- grain: one row per (aspect, content_key), the first of each aspect
-- reads: int_top_contents, posts, int_current_predictions, int_pictures
-- Posts to read, by engagement (likes + reposts + replies). Posts of the same
-- content show once, as the one with most engagement; count_copies is their
-- number. Aspect '' is the post level: 1,000 rows at most (as many as the
-- setting max_posts may ask for), 50 for any other. Empty posts are left out.
with
    ranked as (select * from int_top_contents),

    raw_posts as (select * from posts),

    predicted as (select * from int_current_predictions),

    pictures as (select * from int_pictures),

    final as (
        select
            ranked.aspect,
            ranked.rank,
            ranked.post_id,
            ranked.content_key,
            raw_posts.platform,
            raw_posts.lang,
            raw_posts.url,
            raw_posts.text,
            predicted.label,
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
            raw_posts.likes,
            raw_posts.reposts,
            raw_posts.replies,
            raw_posts.views,
            ranked.count_engagement,
            ranked.count_copies,
            predicted.contradicts_label,
            ranked.created_at,
        from ranked
        inner join raw_posts on ranked.post_id = raw_posts.post_id
        left join predicted
            on ranked.post_id = predicted.post_id
            and ranked.aspect = predicted.aspect
            and ranked.content_key = predicted.content_key
        left join pictures on ranked.post_id = pictures.post_id
        order by ranked.aspect, ranked.rank
    )

select * from final
