-- grain: one row per file content that was read, per way of reading it
-- reads: nothing
-- A file with the same content, read the same way, is not read again.
create table source_files (
    source_file varchar not null,
    content_digest varchar not null,
    reading_digest varchar not null,
    connector varchar not null,
    bytes bigint not null,
    count_read bigint not null,
    count_rejects bigint not null,
    run_id varchar not null,
    read_at timestamptz not null,
);
