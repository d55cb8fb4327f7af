-- grain: one row per (period, scope) whose parts do not sum to the change
-- reads: drivers, sentiment_slices
-- The parts of a change sum to it, and it is that of sentiment_slices.
with
    parts as (select * from drivers),

    slices as (
        select *
        from sentiment_slices
        where platform = '*' and lang = '*'
    ),

    sums as (
        select
            period,
            scope,
            period_start,
            previous_start,
            sum(contribution) as sum_contribution,
            max(scope_change) as scope_change,
        from parts
        group by all
    ),

    compared as (
        select
            sums.*,
            after_it.net_sentiment - before_it.net_sentiment as slice_change,
        from sums
        left join slices as after_it
            on sums.period = after_it.period
            and sums.period_start = after_it.period_start
            and sums.scope = after_it.aspect
        left join slices as before_it
            on sums.period = before_it.period
            and sums.previous_start = before_it.period_start
            and sums.scope = before_it.aspect
    ),

    final as (
        select
            period,
            scope,
            sum_contribution,
            scope_change,
            slice_change,
        from compared
        where
            not coalesce(abs(sum_contribution - scope_change) <= 1e-9, false)
            or (
                scope <> '*'
                and not coalesce(
                    abs(sum_contribution - slice_change) <= 1e-9, false
                )
            )
        order by period, scope
    )

select * from final
