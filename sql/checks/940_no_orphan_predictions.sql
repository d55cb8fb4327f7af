-- grain: one row per prediction without a post
-- reads: predictions, posts
-- Each prediction belongs to a post.
with
    raw_predictions as (select * from predictions),

    raw_posts as (select * from posts),

    final as (
        select
            raw_predictions.post_id,
            raw_predictions.aspect,
            raw_predictions.model_id,
        from raw_predictions
        anti join raw_posts on raw_predictions.post_id = raw_posts.post_id
        order by all
    )

select * from final
