-- grain: one row where too few items have a prediction, else none
-- reads: int_facts, posts, current_model, runs, settings
-- Of the items that the last run could judge, at least the share [checks]
-- min_coverage has a prediction.
with
    judged_items as (
        select *
        from int_facts
        where is_item
    ),

    raw_posts as (
        select
            run_id,
            rowid as post_number,
        from posts
    ),

    chosen as (select * from current_model),

    raw_runs as (select * from runs),

    wanted as (
        select coalesce(max(try_cast(value as double)), 0.9) as min_coverage
        from settings
        where key = 'min_coverage'
    ),

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

    later_posts as (
        select raw_posts.post_number
        from raw_posts
        semi join later_runs on raw_posts.run_id = later_runs.run_id
    ),

    counted as (
        select
            count(*) as count_items,
            count(judged_items.label) as count_predicted,
        from judged_items
        anti join later_posts
            on judged_items.post_number = later_posts.post_number
        where exists (select 1 from chosen)
    ),

    final as (
        select
            counted.count_predicted / counted.count_items as coverage,
            wanted.min_coverage,
            counted.count_items,
            counted.count_predicted,
        from counted
        cross join wanted
        where
            counted.count_items > 0
            and counted.count_predicted / counted.count_items
            < wanted.min_coverage
    )

select * from final
