-- grain: one row per faulty answer of a person
-- reads: gold, gold_unclear, gold_draws
-- A weight of gold is a positive number and a probability in 0 to 1 (not 0);
-- while one draw alone was answered, the weight is 1 / probability.
with
    human_labels as (select * from gold),

    unclear_answers as (select * from gold_unclear),

    known_draws as (select * from gold_draws),

    answers as (
        select post_id, aspect, annotator, draw_id, probability, weight,
        from human_labels
        union all
        select post_id, aspect, annotator, draw_id, probability, weight,
        from unclear_answers
    ),

    placed as (
        select
            answers.*,
            known_draws.draw_id is not null as is_of_known_draw,
            count(distinct known_draws.draw_id) over () as count_draws,
        from answers
        left join known_draws on answers.draw_id = known_draws.draw_id
    ),

    final as (
        select
            post_id,
            aspect,
            annotator,
            draw_id,
            probability,
            weight,
        from placed
        where
            not (weight > 0 and isfinite(weight))
            or not (probability > 0 and probability <= 1)
            or (
                is_of_known_draw
                and count_draws = 1
                and abs(weight * probability - 1) > 1e-6
            )
    )

select * from final
