-- grain: one row per (post_id, aspect)
-- reads: settings, int_pairs, int_current_predictions
-- Each post and each of its aspects with its date (of the setting time_zone,
-- else UTC) and, where there is one, the current prediction; without one
-- `label` and what follows it are null.
with
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
            pairs.platform,
            pairs.lang,
            pairs.language,
            pairs.author_key,
            predicted.label,
            predicted.rationale_label,
            predicted.rationale_status,
            predicted.p_negative,
            predicted.p_neutral,
            predicted.p_positive,
            pairs.count_engagement,
            pairs.post_number,
            predicted.contradicts_label,
            pairs.is_empty,
            pairs.is_item,
            pairs.created_at,
            cast(
                pairs.created_at at time zone zone.name as date
            ) as sentiment_date,
        from pairs
        cross join zone
        left join predicted
            on pairs.post_id = predicted.post_id
            and pairs.aspect = predicted.aspect
            and pairs.content_key = predicted.content_key
    )

select * from final
