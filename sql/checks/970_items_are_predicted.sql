-- grain: one row per item without a prediction
-- reads: int_facts, int_names, posts, rejects, current_model, runs
-- Once a model has run, each item has its prediction, or its post stands among
-- the rejects of inference, or came after the last run that judged.
with
    unjudged as (
        select
            facts.post_number,
            names.name as aspect,
        from int_facts as facts
        inner join int_names as names
            on facts.aspect_number = names.number and names.kind = 'aspect'
        where facts.is_item and facts.label is null
    ),

    raw_posts as (
        select
            *,
            rowid as post_number,
        from posts
    ),

    infer_rejects as (
        select *
        from rejects
        where stage = 'infer'
    ),

    chosen as (select * from current_model),

    raw_runs as (select * from runs),

    last_judged as (
        select max(started_at) as started_at
        from raw_runs
        where
            model_id is not null
            and status in ('running', 'done', 'done_with_faults')
    ),

    later_runs as (
        select raw_runs.run_id
        from raw_runs
        inner join last_judged on raw_runs.started_at > last_judged.started_at
    ),

    missing as (
        select
            raw_posts.post_id,
            unjudged.aspect,
            raw_posts.source_file,
            raw_posts.source_line,
        from unjudged
        inner join raw_posts on unjudged.post_number = raw_posts.post_number
        where
            exists (select 1 from chosen)
            and raw_posts.run_id not in (select run_id from later_runs)
    ),

    final as (
        select missing.*
        from missing
        anti join infer_rejects
            on missing.source_file = infer_rejects.source_file
            and missing.source_line = infer_rejects.line
        order by missing.post_id, missing.aspect
    )

select * from final
