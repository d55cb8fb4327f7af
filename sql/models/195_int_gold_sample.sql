-- grain: one row per (post_id, aspect)
-- reads: int_gold_items
-- The gold items whose weights stand for all items. At the post level, and of
-- aspects, these are the drawn ones where 20 or more were drawn (MIN_GOLD of
-- analytics.estimates.families) or there are no others, and else those that
-- came with a file: weights of the two are not on one scale. is_in_total tells
-- those that figures of both levels together count: where one level has draws,
-- the drawn ones alone.
with
    items as (select * from int_gold_items),

    counted as (
        select
            *,
            count(*) filter (where is_drawn) over (
                partition by aspect = ''
            ) as count_drawn,
            count(*) over (partition by aspect = '') as count_items,
        from items
    ),

    chosen as (
        select *
        from counted
        where is_drawn = (count_drawn >= 20 or count_drawn = count_items)
    ),

    final as (
        select
            post_id,
            aspect,
            label,
            count_annotators,
            weight,
            is_drawn,
            is_drawn = bool_or(is_drawn) over () as is_in_total,
        from chosen
    )

select * from final
