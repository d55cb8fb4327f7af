-- grain: one row per source_file
-- reads: nothing
-- The digest of a file's content while its size and times are these: it need not be read to be known.
create table file_digests (
    source_file varchar not null primary key,
    file_state varchar not null,
    content_digest varchar not null,
);
