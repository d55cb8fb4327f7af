-- grain: one row per (sentiment_date, aspect, content_key)
-- reads: int_facts, int_names, posts, int_current_predictions, int_pictures
-- The posts behind the points of a chart: the first of each day by
-- engagement, 5 at post level ('') and 2 toward each aspect. Posts of the same
-- content and day show once; count_copies is their number on that day. As in
-- int_top_contents, what cannot be among the first is not sorted.
with
    names as (
        select
            name,
            number,
        from int_names
        where kind = 'aspect'
    ),

    facts as (
        select
            int_facts.*,
            names.name as aspect,
        from int_facts
        inner join names on int_facts.aspect_number = names.number
        where int_facts.content_id is not null
            and int_facts.sentiment_date is not null
    ),

    raw_posts as (
        select
            *,
            rowid as post_number,
        from posts
    ),

    predicted as (select * from int_current_predictions),

    pictures as (select * from int_pictures),

    contents as (
        select
            sentiment_date,
            content_id,
            any_value(aspect) as aspect,
            max(engagement_score) as engagement_score,
            count(*) as count_copies,
        from facts
        group by sentiment_date, content_id
    ),

    least_scores as (
        select
            sentiment_date,
            aspect,
            list_min(
                max(engagement_score, case when aspect = '' then 5 else 2 end)
            ) as engagement_score,
        from contents
        group by sentiment_date, aspect
    ),

    candidates as (
        select contents.*
        from contents
        inner join least_scores
            on contents.sentiment_date = least_scores.sentiment_date
            and contents.aspect = least_scores.aspect
            and contents.engagement_score >= least_scores.engagement_score
    ),

    copies as (
        select
            candidates.sentiment_date,
            candidates.aspect,
            candidates.count_copies,
            facts.post_number,
            raw_posts.post_id,
            coalesce(raw_posts.likes, 0)
                + coalesce(raw_posts.reposts, 0)
                + coalesce(raw_posts.replies, 0) as count_engagement,
            raw_posts.created_at,
        from candidates
        inner join facts
            on candidates.sentiment_date = facts.sentiment_date
            and candidates.content_id = facts.content_id
            and candidates.engagement_score = facts.engagement_score
        inner join raw_posts on facts.post_number = raw_posts.post_number
        qualify row_number() over (
            partition by candidates.sentiment_date, candidates.content_id
            order by
                count_engagement desc,
                raw_posts.created_at desc nulls last,
                raw_posts.post_id
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
            sha256(
                raw_posts.clean_text
                || chr(31)
                || coalesce(pictures.image_sha256, '')
                || chr(31)
                || ranked.aspect
            ) as content_key,
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
        inner join raw_posts on ranked.post_number = raw_posts.post_number
        left join pictures on ranked.post_id = pictures.post_id
        left join predicted
            on ranked.post_id = predicted.post_id
            and ranked.aspect = predicted.aspect
            and predicted.content_key = sha256(
                raw_posts.clean_text
                || chr(31)
                || coalesce(pictures.image_sha256, '')
                || chr(31)
                || ranked.aspect
            )
        order by ranked.sentiment_date, ranked.aspect, ranked.rank
    )

select * from final
