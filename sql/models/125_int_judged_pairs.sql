-- grain: one row per (post_id, aspect)
-- reads: posts, settings, int_pairs, int_current_predictions
-- Each post and each of its aspects with its date (of the setting time_zone, else
-- UTC) and, where there is one, the current prediction; without one `label` and
-- what follows it are null. language is what the source says, else what was
-- detected, as a primary subtag ('en' of 'en-GB').
with
    raw_posts as (select * from posts),

    pairs as (select * from int_pairs),

    predicted as (select * from int_current_predictions),

    zone as (
        select coalesce(max(value), 'UTC') as name
        from settings
        where key = 'time_zone'
    ),

    final as (
        select
            pairs.post_id,
            pairs.aspect,
            pairs.content_key,
            raw_posts.platform,
            raw_posts.lang,
            lower(
                regexp_extract(
                    coalesce(
                        nullif(trim(raw_posts.lang), ''),
                        raw_posts.detected_lang,
                        'und'
                    ),
                    '^[^-_]*'
                )
            ) as language,
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
            pairs.is_empty,
            pairs.is_item,
            raw_posts.created_at,
            cast(
                raw_posts.created_at at time zone zone.name as date
            ) as sentiment_date,
        from pairs
        inner join raw_posts on pairs.post_id = raw_posts.post_id
        cross join zone
        left join predicted
            on pairs.post_id = predicted.post_id
            and pairs.aspect = predicted.aspect
            and pairs.content_key = predicted.content_key
    )

select * from final
