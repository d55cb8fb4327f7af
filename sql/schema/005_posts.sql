-- grain: one row per post_id (checked by 900_unique_posts)
-- reads: nothing
-- Posts as received, with a clean copy of the text for models and keys.
-- retrieved_at dates the counts, content_retrieved_at the rest of the row.
create table posts (
    post_id varchar not null,
    platform varchar not null,
    native_id varchar not null,
    author_key varchar,
    reply_to varchar,
    repost_of varchar,
    quote_of varchar,
    text varchar not null,
    clean_text varchar not null,
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
);
