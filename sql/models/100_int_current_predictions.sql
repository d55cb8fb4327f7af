-- grain: one row per (post_id, aspect)
-- reads: predictions, current_model
-- The predictions of the current model and contract: what all marts show.
with
    predicted as (select * from predictions),

    chosen as (select * from current_model),

    final as (
        select predicted.*
        from predicted
        inner join chosen
            on predicted.model_id = chosen.model_id
            and predicted.result_digest = chosen.result_digest
    )

select * from final
