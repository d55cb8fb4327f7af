-- grain: one row per key of predictions that occurs more than once
-- reads: predictions
-- Each item has one prediction per model and contract.
with
    raw_predictions as (select * from predictions),

    final as (
        select
            post_id,
            aspect,
            model_id,
            result_digest,
            count(*) as count_rows,
        from raw_predictions
        group by all
        having count(*) > 1
        order by all
    )

select * from final
