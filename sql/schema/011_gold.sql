-- grain: one row per (post_id, aspect, annotator)
-- reads: nothing
-- Human labels. weight is the inverse of the sampling probability.
create table gold (
    post_id varchar not null,
    aspect varchar not null,
    label sentiment_label not null,
    annotator varchar not null,
    weight double not null default 1.0,
    created_at timestamptz not null,
);
