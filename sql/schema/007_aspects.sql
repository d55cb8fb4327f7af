-- grain: one row per (post_id, aspect)
-- reads: nothing
-- Targets of opinion in a post. origin: source (named by the dump) or config.
create table aspects (
    post_id varchar not null,
    aspect varchar not null,
    origin varchar not null,
);
