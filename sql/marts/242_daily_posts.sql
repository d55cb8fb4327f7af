-- grain: one row per (sentiment_date, aspect, content_key), the first of each day
-- reads: posts, int_judged_pairs, int_current_predictions, int_pictures
-- The posts behind the points of a chart: of each day those with most
-- engagement, 5 at post level ('') and 2 toward each aspect. Posts of the same
-- content and day show once; count_copies is their number on that day.
with
    judged_pairs as (
        select *
        from int_judged_pairs
        where not is_empty and sentiment_date is not null
    ),

    raw_posts as (select * from posts),

    predicted as (select * from int_current_predictions),

    pictures as (select * from int_pictures),

    copies as (
        select
            post_id,
            aspect,
            content_key,
            count_engagement,
            created_at,
            sentiment_date,
            count(*) over (
                partition by sentiment_date, aspect, content_key
            ) as count_copies,
        from judged_pairs
        qualify row_number() over (
            partition by sentiment_date, aspect, content_key
            order by
                count_engagement desc,
                created_at desc nulls last,
                post_id
        ) = 1
    ),

    ranked as (
        select
            *,
            row_number() over (
                partition by sentiment_date, aspect
                order by
                    count_engagement desc,
                    created_at desc nulls last,
                    post_id
            ) as rank,
        from copies
        qualify rank <= case when aspect = '' then 5 else 2 end
    ),

    final as (
        select
            ranked.sentiment_date,
            ranked.aspect,
            ranked.rank,
            ranked.post_id,
            ranked.content_key,
            raw_posts.platform,
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
        order by ranked.sentiment_date, ranked.aspect, ranked.rank
    )

select * from final
