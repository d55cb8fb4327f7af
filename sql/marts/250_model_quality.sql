-- grain: one row, of the current model (none before the first inference)
-- reads: current_model, models, int_judged_pairs, gold, settings
-- How far the labels and rationales that the marts show can be trusted. Gold
-- counts one per human label on a predicted item, unweighted. Items are what is
-- to be judged; count_empty are the posts with neither text nor usable picture.
with
    chosen as (select * from current_model),

    named as (select * from models),

    judged_pairs as (select * from int_judged_pairs),

    human_labels as (select * from gold),

    judged_items as (
        select *
        from judged_pairs
        where is_item
    ),

    counted as (
        select
            count(*) as count_items,
            count(label) as count_predicted,
            count(rationale_status) as count_rationales,
            count(*) filter (
                where rationale_status = 'ok'
            ) as count_rationale_ok,
            count(*) filter (
                where rationale_status = 'no_label'
            ) as count_rationale_no_label,
            count(*) filter (
                where rationale_status = 'ambiguous'
            ) as count_rationale_ambiguous,
            count(*) filter (
                where rationale_status = 'truncated'
            ) as count_rationale_truncated,
            count(*) filter (
                where rationale_status = 'empty'
            ) as count_rationale_empty,
            count(contradicts_label) as count_rationale_labels,
            count(*) filter (where contradicts_label) as count_contradictions,
            avg(
                greatest(p_negative, p_neutral, p_positive)
            ) as mean_confidence,
        from judged_items
    ),

    seen as (
        select
            count(*) filter (where is_empty) as count_empty,
            count(*) filter (where created_at is null) as count_undated,
        from judged_pairs
        where aspect = ''
    ),

    compared as (
        select
            count(*) as count_gold,
            count(*) filter (
                where human_labels.label = judged_items.label
            ) as count_agreements,
        from human_labels
        inner join judged_items
            on human_labels.post_id = judged_items.post_id
            and human_labels.aspect = judged_items.aspect
        where judged_items.label is not null
    ),

    final as (
        select
            chosen.model_id,
            chosen.result_digest,
            coalesce(named.name, chosen.model_id) as name,
            coalesce(named.description, '') as description,
            counted.count_items,
            counted.count_predicted,
            counted.count_predicted
                / nullif(counted.count_items, 0) as share_predicted,
            counted.mean_confidence,
            counted.count_rationales,
            counted.count_rationale_ok,
            counted.count_rationale_no_label,
            counted.count_rationale_ambiguous,
            counted.count_rationale_truncated,
            counted.count_rationale_empty,
            counted.count_rationale_labels,
            counted.count_contradictions,
            counted.count_contradictions / nullif(
                counted.count_rationale_labels, 0
            ) as share_contradictions,
            compared.count_gold,
            compared.count_agreements,
            compared.count_agreements
                / nullif(compared.count_gold, 0) as share_agreement,
            seen.count_empty,
            seen.count_undated,
            not exists (
                select 1
                from settings
                where key = 'post_level' and value = 'false'
            ) as is_post_level,
            coalesce(named.is_distilled, false) as is_distilled,
            coalesce(named.accepts_images, false) as accepts_images,
        from chosen
        left join named on chosen.model_id = named.model_id
        cross join counted
        cross join seen
        cross join compared
    )

select * from final
