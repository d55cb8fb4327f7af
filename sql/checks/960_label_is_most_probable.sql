-- grain: one row per prediction whose label is not its most probable one
-- reads: predictions
-- The label of a prediction has the greatest of its probabilities.
with
    raw_predictions as (select * from predictions),

    weighed as (
        select
            *,
            case label
                when 'negative' then p_negative
                when 'neutral' then p_neutral
                else p_positive
            end as p_label,
        from raw_predictions
    ),

    final as (
        select
            post_id,
            aspect,
            model_id,
            label,
            p_negative,
            p_neutral,
            p_positive,
        from weighed
        where p_label < greatest(p_negative, p_neutral, p_positive)
        order by all
    )

select * from final
