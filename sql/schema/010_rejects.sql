-- grain: one row per (source_file, line, stage, reason, raw)
-- reads: nothing
-- Whatever was read and could not be used: where, why, and the start of it.
-- stage: read, parse, media, infer.
create table rejects (
    source_file varchar not null,
    line bigint not null,
    stage varchar not null,
    reason varchar not null,
    raw varchar not null,
    run_id varchar not null,
    rejected_at timestamptz not null,
);
