"""Which version of a post is kept: SQL over staged and stored rows, the same in any order.

The version seen last wins: by the time it was retrieved, else edited, else made. Of versions
seen at one time the later edit wins, then the later retrieval, then what a file says now over
what it said before, then the one with more pictures, then a fixed order of what they say.
Counts are ranked apart, by when they were seen; a row without any count says nothing of them.
Equal versions count as those of the first file by name, on its first line.
"""

from analytics.contract.records import NO_PLATFORM
from analytics.store.deletions import SEEN_AT, STORED_SEEN_AT
from analytics.store.staging import MEDIA_KEY

# Columns of posts that a version is made of.
CONTENT = (
    "platform, native_id, author_key, reply_to, repost_of, repost_author_key, quote_of, text,"
    " clean_text, lang, url, created_at, edited_at"
)
_MEDIA = "count_media, media_key"
_COUNTS = "likes, reposts, replies, views"
COUNTS = f"{_COUNTS}, retrieved_at, counts_seen_at, counts_source_file"

# Posts of which there is more than one version; of the others nothing has to be ranked.
REPEATED = """
create or replace temp table repeated as
select post_id from _staging.stage_posts group by post_id having count(*) > 1
union
select post_id from posts where post_id in (select post_id from _staging.stage_posts)
"""

# Which staged rows are of the others.
IS_FRESH = "post_id not in (select post_id from repeated)"

# Those as rows of posts: what WINNERS would make of them.
FRESH = f"""
select ordinal, post_id, $file as source_file, source_line, {CONTENT},
    retrieved_at as content_retrieved_at, {_COUNTS}, retrieved_at,
    if(coalesce({_COUNTS}) is null, null, {SEEN_AT}) as counts_seen_at,
    if(coalesce({_COUNTS}) is null, null, $file) as counts_source_file,
from _staging.stage_posts
where {IS_FRESH}
"""

# Staged rows and stored rows of the same posts, with one ranking for content and one for
# counts. `ordinal` is null for the stored row. $restates: the file is read whole, so that it
# says anew all that it says.
CANDIDATES = f"""
create or replace temp table candidates as
with
    stored_media as (
        select post_id, count(*)::integer as count_media, {MEDIA_KEY} as media_key
        from media
        where post_id in (select post_id from repeated)
        group by all
    ),
    together as (
        select ordinal, post_id, {CONTENT}, {_MEDIA}, {_COUNTS}, retrieved_at,
            {SEEN_AT} as seen_at, {SEEN_AT} as counts_seen_at,
            retrieved_at as content_retrieved_at,
            $file as source_file, source_line, $file as counts_source_file,
        from _staging.stage_posts
        where post_id in (select post_id from repeated)
        union all
        select null, posts.post_id, {CONTENT}, coalesce(count_media, 0), media_key,
            {_COUNTS}, retrieved_at,
            {STORED_SEEN_AT}, counts_seen_at, content_retrieved_at,
            source_file, source_line, counts_source_file,
        from posts
        left join stored_media on posts.post_id = stored_media.post_id
        where posts.post_id in (select post_id from repeated)
    )
select
    *,
    coalesce({_COUNTS}) is not null as has_counts,
    row_number() over (
        partition by post_id
        order by
            seen_at desc nulls last,
            coalesce(edited_at, created_at) desc nulls last,
            content_retrieved_at desc nulls last,
            -- What this file said before it was corrected.
            $restates and ordinal is null and source_file = $file,
            count_media desc,
            author_key desc nulls last,
            text desc,
            clean_text desc,
            hash({CONTENT}, {_MEDIA}) desc,
            -- The file that an id without a platform was read from first has a say in it.
            platform = '{NO_PLATFORM}' and ordinal is not null,
            source_file,
            source_line,
            ordinal nulls first
    ) as content_rank,
    row_number() over (
        partition by post_id
        order by
            has_counts desc,
            counts_seen_at desc nulls last,
            retrieved_at desc nulls last,
            $restates and ordinal is null and counts_source_file is not distinct from $file,
            likes desc nulls last,
            reposts desc nulls last,
            replies desc nulls last,
            views desc nulls last,
            counts_source_file,
            ordinal nulls first
    ) as counts_rank,
from together
"""

WINNERS = f"""
create or replace temp table winners as
with
    content as (
        select ordinal, post_id, source_file, source_line, {CONTENT}, content_retrieved_at,
            row({CONTENT}, {_MEDIA}) as version,
        from candidates
        where content_rank = 1
    ),
    counted as (
        select
            candidates.post_id,
            {_COUNTS},
            if(has_counts, retrieved_at, content.content_retrieved_at) as retrieved_at,
            if(has_counts, counts_seen_at, null) as counts_seen_at,
            if(has_counts, counts_source_file, null) as counts_source_file,
        from candidates
        inner join content using (post_id)
        where counts_rank = 1
    ),
    before as (
        select post_id, row({CONTENT}, {_MEDIA}) as version, content_retrieved_at,
            row({_COUNTS}, retrieved_at, counts_seen_at) as counts,
            row(source_file, source_line, counts_source_file) as place,
        from candidates
        where ordinal is null
    )
select
    content.* exclude (version),
    counted.* exclude (post_id),
    before.post_id is null as is_new,
    not is_new and content.version is distinct from before.version as is_changed,
    not is_new and (
        row({_COUNTS}, retrieved_at, counts_seen_at) is distinct from before.counts
        or content.content_retrieved_at is distinct from before.content_retrieved_at
    ) as is_recounted,
    not is_new and not is_changed and not is_recounted
        and row(source_file, source_line, counts_source_file) is distinct from before.place
        as is_moved,
from content
inner join counted on content.post_id = counted.post_id
left join before on content.post_id = before.post_id
"""
