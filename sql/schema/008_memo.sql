-- grain: one row per (content_key, model_id, result_digest)
-- reads: nothing
-- What a model said of a content; the same content is never sent twice.
create table memo (
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
    p_negative double not null,
    p_neutral double not null,
    p_positive double not null,
    contradicts_label boolean,
    run_id varchar not null,
    created_at timestamptz not null,
);
