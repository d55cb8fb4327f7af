-- grain: one row per key of predictions that occurs more than once
-- reads: predictions
-- Each item has one prediction per model and contract.
with
    raw_predictions as not materialized (
        select
            *,
            hash(post_id, aspect, model_id, result_digest) as key_id,
        from predictions
    ),

    -- Numbers are faster to count than four texts; those are compared then.
    repeated as (
        select key_id
        from raw_predictions
        group by key_id
        having count(*) > 1
    ),

    final as (
        select
            post_id,
            aspect,
            model_id,
            result_digest,
            count(*) as count_rows,
        from raw_predictions
        semi join repeated on raw_predictions.key_id = repeated.key_id
        group by all
        having count(*) > 1
        order by all
    )

select * from final
