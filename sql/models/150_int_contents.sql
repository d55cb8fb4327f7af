-- grain: one row per content_id, of posts that are not empty
-- reads: int_facts
-- kept: as a temporary table while marts are built
-- Contents, each toward one aspect. One whose posts are of more than one day,
-- platform or language is spread; else slice_id is its slice.
with
    facts as (select * from int_facts),

    final as (
        select
            content_id,
            min(slice_id) as slice_id,
            any_value(aspect_number) as aspect_number,
            max(label) as label,
            cast(count(*) as integer) as count_copies,
            max(engagement_score) as engagement_score,
            min(slice_id) <> max(slice_id) as is_spread,
        from facts
        where content_id is not null
        group by content_id
    )

select * from final
