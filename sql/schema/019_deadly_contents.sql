-- grain: one row per (content_key, model_id, result_digest)
-- reads: nothing
-- Contents on which the engine died twice, alone: they are not sent again
-- until `analytics infer --retry` clears them.
create table deadly_contents (
    content_key varchar not null,
    model_id varchar not null,
    result_digest varchar not null,
    reason varchar not null,
    run_id varchar not null,
    found_at timestamptz not null,
);
