-- grain: one row per (post_id, aspect)
-- reads: gold
-- Human labels, each item once: the label that most people gave (ties: the
-- first in the order of labels), with the weight of the item. A weight that
-- follows from draws goes before one that came with a file.
with
    human_labels as (select * from gold),

    votes as (
        select
            post_id,
            aspect,
            label,
            count(*) as count_votes,
        from human_labels
        group by all
    ),

    majority as (
        select
            post_id,
            aspect,
            label,
            sum(count_votes) over (
                partition by post_id, aspect
            ) as count_annotators,
        from votes
        qualify row_number() over (
            partition by post_id, aspect
            order by count_votes desc, label
        ) = 1
    ),

    weighed as (
        select
            post_id,
            aspect,
            coalesce(
                max(weight) filter (where draw_id is not null),
                max(weight)
            ) as weight,
            bool_or(draw_id is not null) as is_drawn,
        from human_labels
        group by all
    ),

    final as (
        select
            majority.post_id,
            majority.aspect,
            majority.label,
            majority.count_annotators,
            weighed.weight,
            weighed.is_drawn,
        from majority
        inner join weighed
            on majority.post_id = weighed.post_id
            and majority.aspect = weighed.aspect
    )

select * from final
