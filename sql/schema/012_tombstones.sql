-- grain: one row per forgotten post or author
-- reads: nothing
-- What was forgotten must not come back; kind is post or author, key is the
-- keyed hash of the post_id or the author_key.
create table tombstones (
    kind varchar not null,
    key varchar not null,
    forgotten_at timestamptz not null,
);
