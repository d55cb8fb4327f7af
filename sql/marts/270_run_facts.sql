-- grain: one row per run, the latest 20
-- reads: runs
-- What ran lately, with which model, and what came of it.
with
    raw_runs as (select * from runs),

    final as (
        select * exclude (config_json)
        from raw_runs
        order by started_at desc, run_id desc
        limit 20
    )

select * from final
