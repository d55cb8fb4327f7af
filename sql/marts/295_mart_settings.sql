-- grain: one row
-- reads: settings
-- What the marts were made with: the time zone of their days and weeks, and
-- whether posts as a whole are judged.
with
    remembered as (select * from settings),

    final as (
        select
            coalesce(max(value) filter (where key = 'time_zone'), 'UTC')
                as time_zone,
            coalesce(
                bool_and(value <> 'false') filter (where key = 'post_level'),
                true
            ) as is_post_level,
        from remembered
    )

select * from final
