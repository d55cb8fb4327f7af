-- grain: one row per (aspect, content_id), the first 50 of each aspect
-- reads: int_facts, int_names, sentiment_slices, posts,
-- int_current_predictions, int_pictures
-- Posts of the newest four weeks that say what was rarely said before.
-- surprise, in bits, is the relative entropy of the model's probabilities p to
-- the shares q of the labels toward the aspect in the four weeks before the
-- post's own: the sum of p * log2(p / q), each content counted once and one
-- added to each label. It is about -log2 q of the label where the model is
-- sure, less where it is not, and 0 where it expects just what was usual; so
-- unsure posts, of which it can least be told that they differ, do not come
-- first. Weeks with fewer than 30 contents before them surprise nobody. Copies
-- of a content show once, as the latest.
with
    facts as (
        select *
        from int_facts
        where
            label is not null
            and content_id is not null
            and sentiment_date is not null
    ),

    names as (
        select
            name,
            number,
        from int_names
        where kind = 'aspect'
    ),

    weeks as (
        select *
        from sentiment_slices
        where period = 'week' and platform = '*' and lang = '*'
    ),

    raw_posts as (
        select
            *,
            rowid as post_number,
        from posts
    ),

    predicted as (select * from int_current_predictions),

    pictures as (select * from int_pictures),

    newest as (select max(period_start) as period_start from weeks),

    usual as (
        select
            weeks.aspect,
            weeks.period_start,
            sum(earlier.content_count_predicted) as count_before,
            sum(
                earlier.content_share_negative * earlier.content_count_predicted
            ) as count_negative,
            sum(
                earlier.content_share_positive * earlier.content_count_predicted
            ) as count_positive,
        from weeks
        inner join weeks as earlier
            on weeks.aspect = earlier.aspect
            and earlier.period_start < weeks.period_start
            and earlier.period_start >= weeks.period_start - 28
        cross join newest
        where weeks.period_start > newest.period_start - 28
        group by all
        having count_before >= 30
    ),

    shares as (
        select
            usual.aspect,
            names.number as aspect_number,
            usual.period_start,
            cast(usual.count_before as bigint) as count_before,
            (usual.count_negative + 1) / (usual.count_before + 3)
                as q_negative,
            (
                usual.count_before
                - usual.count_negative
                - usual.count_positive
                + 1
            ) / (usual.count_before + 3) as q_neutral,
            (usual.count_positive + 1) / (usual.count_before + 3)
                as q_positive,
        from usual
        inner join names on usual.aspect = names.name
    ),

    weighed as (
        select
            shares.aspect,
            facts.content_id,
            facts.post_number,
            facts.engagement_score,
            facts.sentiment_date,
            shares.count_before,
            shares.q_negative,
            shares.q_neutral,
            shares.q_positive,
            greatest(facts.p_negative, 1e-9) as p_negative,
            greatest(1 - facts.p_negative - facts.p_positive, 1e-9)
                as p_neutral,
            greatest(facts.p_positive, 1e-9) as p_positive,
        from facts
        inner join shares
            on facts.aspect_number = shares.aspect_number
            and facts.sentiment_date >= shares.period_start
            and facts.sentiment_date < shares.period_start + 7
    ),

    surprises as (
        select
            *,
            round(
                p_negative * log2(p_negative / q_negative)
                + p_neutral * log2(p_neutral / q_neutral)
                + p_positive * log2(p_positive / q_positive),
                6
            ) as surprise,
        from weighed
    ),

    contents as (
        select
            aspect,
            content_id,
            arg_max(surprises, (sentiment_date, post_number)) as latest,
            count(*) as count_copies,
        from surprises
        group by all
    ),

    ranked as (
        select
            aspect,
            latest.post_number as post_number,
            latest.surprise as surprise,
            latest.count_before as count_before,
            latest.q_negative as usual_share_negative,
            latest.q_neutral as usual_share_neutral,
            latest.q_positive as usual_share_positive,
            count_copies,
            row_number() over (
                partition by aspect
                order by
                    latest.surprise desc,
                    latest.engagement_score desc,
                    latest.post_number
            ) as rank,
        from contents
        qualify rank <= 50
    ),

    final as (
        select
            ranked.aspect,
            ranked.rank,
            raw_posts.post_id,
            predicted.content_key,
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
            ranked.surprise,
            ranked.usual_share_negative,
            ranked.usual_share_neutral,
            ranked.usual_share_positive,
            ranked.count_before,
            predicted.p_negative,
            predicted.p_neutral,
            predicted.p_positive,
            raw_posts.likes,
            raw_posts.reposts,
            raw_posts.replies,
            raw_posts.views,
            coalesce(raw_posts.likes, 0)
                + coalesce(raw_posts.reposts, 0)
                + coalesce(raw_posts.replies, 0) as count_engagement,
            ranked.count_copies,
            predicted.contradicts_label,
            raw_posts.created_at,
        from ranked
        inner join raw_posts on ranked.post_number = raw_posts.post_number
        inner join predicted
            on raw_posts.post_id = predicted.post_id
            and ranked.aspect = predicted.aspect
        left join pictures on raw_posts.post_id = pictures.post_id
        order by ranked.aspect, ranked.rank
    )

select * from final
