-- grain: one row per (post_id, aspect, model_id, result_digest)
-- reads: nothing
-- A label and a rationale for each item; aspect is '' at post level.
create table predictions (
    post_id varchar not null,
    aspect varchar not null,
    content_key varchar not null,
    model_id varchar not null,
    result_digest varchar not null,
    label sentiment_label not null,
    text_analysis varchar,
    image_analysis varchar,
    conflict_resolution varchar,
    final_conclusion varchar,
    rationale_label sentiment_label,
    rationale_status varchar,
    run_id varchar not null,
    p_negative double not null,
    p_neutral double not null,
    p_positive double not null,
    contradicts_label boolean,
    created_at timestamptz not null,
);
