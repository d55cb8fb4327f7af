-- grain: one row per (post_id, aspect)
-- reads: posts, int_items, int_current_predictions
-- Each item with its UTC date and, where there is one, the current prediction;
-- without a prediction `label` and what follows it are null.
with
    raw_posts as (select * from posts),

    items as (select * from int_items),

    predicted as (select * from int_current_predictions),

    final as (
        select
            items.post_id,
            items.aspect,
            items.content_key,
            raw_posts.platform,
            raw_posts.lang,
            raw_posts.author_key,
            predicted.label,
            predicted.rationale_label,
            predicted.rationale_status,
            predicted.p_negative,
            predicted.p_neutral,
            predicted.p_positive,
            coalesce(raw_posts.likes, 0)
                + coalesce(raw_posts.reposts, 0)
                + coalesce(raw_posts.replies, 0) as count_engagement,
            predicted.contradicts_label,
            raw_posts.created_at,
            cast(
                raw_posts.created_at at time zone 'UTC' as date
            ) as sentiment_date,
        from items
        inner join raw_posts on items.post_id = raw_posts.post_id
        left join predicted
            on items.post_id = predicted.post_id
            and items.aspect = predicted.aspect
            and items.content_key = predicted.content_key
    )

select * from final
