-- grain: one row per url, of fetches
-- reads: nothing
-- What came of asking for a picture at its address; each address is asked for
-- once, whatever the number of posts that name it. sha256, path, width, height
-- and bytes are as in media. status is ok, or why there is no picture; one that
-- may come later has a time from which it is tried again.
create table fetches (
    url varchar not null,
    status varchar not null,
    error varchar,
    sha256 varchar,
    path varchar,
    width integer,
    height integer,
    bytes bigint,
    count_tries integer not null,
    tried_at timestamptz not null,
    next_try_at timestamptz,
);
alter table runs add column count_media_fetched bigint default 0;
alter table runs add column count_media_unfetched bigint default 0;
