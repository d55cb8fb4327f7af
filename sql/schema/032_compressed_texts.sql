-- grain: one row per post_id (checked by 900_unique_posts)
-- reads: nothing
-- The texts of posts by zstd: in a Reddit dump of 1 GB the warehouse takes two thirds of the
-- room that DuckDB's own choice takes, and is written in two thirds of the time.
create table compressed_posts (
    post_id varchar not null,
    platform varchar not null,
    native_id varchar not null,
    author_key varchar,
    reply_to varchar,
    repost_of varchar,
    quote_of varchar,
    text varchar not null using compression zstd,
    clean_text varchar not null using compression zstd,
    lang varchar,
    url varchar,
    source_file varchar not null,
    source_line bigint not null,
    run_id varchar not null,
    likes bigint,
    reposts bigint,
    replies bigint,
    views bigint,
    created_at timestamptz,
    edited_at timestamptz,
    retrieved_at timestamptz,
    content_retrieved_at timestamptz,
    ingested_at timestamptz not null,
    repost_author_key varchar,
    counts_seen_at timestamptz,
    counts_source_file varchar,
    detected_lang varchar,
);

insert into compressed_posts by name from posts;

drop table posts;

alter table compressed_posts rename to posts;
