-- grain: one row per key
-- reads: nothing
-- What derived tables were last made with (aspects_digest, text_version).
create table settings (
    key varchar not null primary key,
    value varchar not null,
);
