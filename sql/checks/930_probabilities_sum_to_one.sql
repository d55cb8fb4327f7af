-- grain: one row per prediction whose probabilities are wrong
-- reads: predictions
-- The three probabilities of a prediction are in 0 to 1 and sum to 1.
with
    raw_predictions as (select * from predictions),

    final as (
        select
            post_id,
            aspect,
            model_id,
            p_negative,
            p_neutral,
            p_positive,
        from raw_predictions
        where
            least(p_negative, p_neutral, p_positive) < 0
            or abs(p_negative + p_neutral + p_positive - 1) > 1e-4
        order by all
    )

select * from final
