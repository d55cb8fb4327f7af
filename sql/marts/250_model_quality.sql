-- grain: one row, of the current model (none before the first inference)
-- reads: current_model, models, int_facts, int_names, gold, int_gold_sample,
-- posts, rejects, settings, int_current_predictions
-- How far the labels and rationales that the marts show can be trusted.
-- count_gold, count_agreements and share_agreement count one per human label on
-- a predicted item, unweighted; count_gold_items and what follows it count each
-- item of int_gold_sample once, by weight. Items are what is to be judged;
-- count_empty are the posts with neither text nor usable picture.
-- expected_calibration_error is how far confidence is from agreement with gold,
-- in bins of a tenth; null without gold.
with
    chosen as (select * from current_model),

    named as (select * from models),

    facts as not materialized (select * from int_facts),

    names as (
        select
            name,
            number,
        from int_names
        where kind = 'aspect'
    ),

    human_labels as (select * from gold),

    gold_sample as (
        select *
        from int_gold_sample
        where is_in_total
    ),

    predicted as (select * from int_current_predictions),

    raw_rejects as (select * from rejects),

    raw_posts as (
        select
            *,
            rowid as post_number,
        from posts
    ),

    judged_items as not materialized (
        select *
        from facts
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
                greatest(
                    p_negative, 1 - p_negative - p_positive, p_positive
                )
            ) as mean_confidence,
        from judged_items
    ),

    seen as (
        select
            count(*) filter (where is_empty) as count_empty,
            count(*) filter (
                where sentiment_date is null
            ) as count_undated,
        from facts
        where aspect_number = 0
    ),

    -- Confidence is the probability of the label.
    labelled as (
        select
            human_labels.post_id,
            human_labels.aspect,
            human_labels.label,
            predicted.label as predicted_label,
            greatest(
                predicted.p_negative, predicted.p_neutral, predicted.p_positive
            ) as confidence,
        from human_labels
        inner join raw_posts on human_labels.post_id = raw_posts.post_id
        inner join names on human_labels.aspect = names.name
        inner join judged_items
            on raw_posts.post_number = judged_items.post_number
            and names.number = judged_items.aspect_number
        inner join predicted
            on human_labels.post_id = predicted.post_id
            and human_labels.aspect = predicted.aspect
        where judged_items.label is not null
    ),

    compared as (
        select
            count(*) as count_gold,
            count(*) filter (
                where label = predicted_label
            ) as count_agreements,
            avg(confidence) as mean_gold_confidence,
        from labelled
    ),

    judged_gold as (
        select
            post_id,
            aspect,
            any_value(predicted_label) as predicted_label,
            any_value(confidence) as confidence,
        from labelled
        group by all
    ),

    pairs as (
        select
            gold_sample.weight,
            gold_sample.label = judged_gold.predicted_label as is_agreement,
            judged_gold.confidence,
        from gold_sample
        inner join judged_gold
            on gold_sample.post_id = judged_gold.post_id
            and gold_sample.aspect = judged_gold.aspect
    ),

    weighed as (
        select
            count(*) as count_gold_items,
            sum(weight * is_agreement::int)
                / nullif(sum(weight), 0) as weighted_share_agreement,
            sum(weight * confidence)
                / nullif(sum(weight), 0) as weighted_gold_confidence,
        from pairs
    ),

    -- In bins of a tenth of confidence (Guo et al. 2017, equation 3), weighted
    -- as the sample was drawn.
    bins as (
        select
            least(floor(confidence * 10), 9) as bin,
            sum(weight) as sum_weight,
            sum(weight * confidence) as sum_confidence,
            sum(weight) filter (where is_agreement) as sum_agreement,
        from pairs
        group by all
    ),

    calibrated as (
        select
            sum(abs(sum_confidence - coalesce(sum_agreement, 0)))
                / nullif(sum(sum_weight), 0) as expected_calibration_error,
        from bins
    ),

    refused as (
        select
            count(*) as count_rejects,
            count(*) filter (where stage = 'infer') as count_infer_rejects,
        from raw_rejects
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
            compared.mean_gold_confidence,
            weighed.count_gold_items,
            weighed.weighted_share_agreement,
            weighed.weighted_gold_confidence,
            calibrated.expected_calibration_error,
            refused.count_rejects,
            refused.count_infer_rejects,
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
        cross join weighed
        cross join calibrated
        cross join refused
    )

select * from final
