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
        select *
        from int_facts
        where content_id is not null and sentiment_date is not null
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
            any_value(aspect_number) as aspect_number,
            max(engagement_score) as engagement_score,
            count(*) as count_copies,
        from facts
        group by sentiment_date, content_id
    ),

    least_scores as (
        select
            sentiment_date,
            aspect_number,
            list_min(
                max(
                    engagement_score,
                    case when aspect_number = 0 then 5 else 2 end
                )
            ) as engagement_score,
        from contents
        group by sentiment_date, aspect_number
    ),

    candidates as (
        select
            contents.*,
            names.name as aspect,
        from contents
        inner join least_scores
            on contents.sentiment_date = least_scores.sentiment_date
            and contents.aspect_number = least_scores.aspect_number
            and contents.engagement_score >= least_scores.engagement_score
        inner join names on contents.aspect_number = names.number
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

    keyed as (
        select
            ranked.*,
            sha256(
                raw_posts.clean_text
                || chr(31)
                || coalesce(pictures.image_sha256, '')
                || chr(31)
                || ranked.aspect
            ) as content_key,
            pictures.image_path,
            pictures.image_alt_text,
        from ranked
        inner join raw_posts on ranked.post_number = raw_posts.post_number
        left join pictures on ranked.post_id = pictures.post_id
    ),

    final as (
        select
            keyed.sentiment_date,
            keyed.aspect,
            keyed.rank,
            keyed.post_id,
            keyed.content_key,
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
            keyed.image_path,
            keyed.image_alt_text,
            predicted.p_negative,
            predicted.p_neutral,
            predicted.p_positive,
            raw_posts.likes,
            raw_posts.reposts,
            raw_posts.replies,
            keyed.count_engagement,
            keyed.count_copies,
            predicted.contradicts_label,
            keyed.created_at,
        from keyed
        inner join raw_posts on keyed.post_number = raw_posts.post_number
        left join predicted
            on keyed.post_id = predicted.post_id
            and keyed.aspect = predicted.aspect
            and keyed.content_key = predicted.content_key
        order by keyed.sentiment_date, keyed.aspect, keyed.rank
    )

select * from final
