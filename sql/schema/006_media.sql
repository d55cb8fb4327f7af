-- grain: one row per (post_id, position)
-- reads: nothing
-- Pictures and films of posts. `path` is the prepared picture, relative to the
-- data directory; width, height and bytes are those of the original file.
-- status: pending, ok, missing, broken, too_large, not_fetched, not_an_image.
create table media (
    post_id varchar not null,
    position integer not null,
    url varchar,
    kind varchar not null,
    sha256 varchar,
    source_path varchar,
    path varchar,
    alt_text varchar,
    status varchar not null,
    error varchar,
    width integer,
    height integer,
    bytes bigint,
);
