-- grain: one row per (reason, kind, key), of tombstones
-- reads: posts
-- Notices that a post or an account was deleted, beside what was forgotten.
-- reason is forgotten or deleted; what was seen after deleted_at may stay, and
-- without a time nothing may. A repost goes with its original, by that one's id
-- or author. A post's counts have a time and a file of their own, to know
-- whether they are older than a notice or a newer word of a file.
alter table tombstones add column reason varchar default 'forgotten';
alter table tombstones add column deleted_at timestamptz;
alter table posts add column repost_author_key varchar;
alter table posts add column counts_seen_at timestamptz;
alter table posts add column counts_source_file varchar;
update posts set
    counts_seen_at = coalesce(retrieved_at, edited_at, created_at),
    counts_source_file = source_file
where coalesce(likes, reposts, replies, views) is not null;
alter table runs add column count_deletions bigint default 0;
alter table runs add column count_posts_deleted bigint default 0;
