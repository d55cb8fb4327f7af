-- grain: one row per (aspect, content_id), the first of each aspect
-- reads: int_facts, int_contents, int_names, posts, int_pictures
-- kept: as a temporary table while marts are built
-- What int_ranked_contents holds, from facts: contents by engagement, each as
-- the post that has most of it. To sort all contents would take longest; so the
-- least score that can be among the first is found, and what is above it
-- sorted. content_key is made as in int_pairs.
with
    facts as not materialized (select * from int_facts),

    contents as not materialized (select * from int_contents),

    names as (
        select
            name,
            number,
        from int_names
        where kind = 'aspect'
    ),

    raw_posts as not materialized (
        select
            *,
            rowid as post_number,
        from posts
    ),

    least_scores as (
        select
            aspect_number,
            list_min(max(engagement_score, 1000)) as engagement_score,
        from contents
        where aspect_number = 0
        group by all
        union all
        select
            aspect_number,
            list_min(max(engagement_score, 50)) as engagement_score,
        from contents
        where aspect_number <> 0
        group by all
    ),

    candidates as (
        select
            contents.*,
            names.name as aspect,
        from contents
        inner join least_scores
            on contents.aspect_number = least_scores.aspect_number
            and contents.engagement_score >= least_scores.engagement_score
        inner join names on contents.aspect_number = names.number
    ),

    copies as (
        select
            candidates.aspect,
            candidates.content_id,
            candidates.count_copies,
            raw_posts.post_id,
            facts.post_number,
            coalesce(raw_posts.likes, 0)
                + coalesce(raw_posts.reposts, 0)
                + coalesce(raw_posts.replies, 0) as count_engagement,
            raw_posts.created_at,
        from candidates
        inner join facts
            on candidates.content_id = facts.content_id
            and candidates.engagement_score = facts.engagement_score
        inner join raw_posts on facts.post_number = raw_posts.post_number
        qualify row_number() over (
            partition by candidates.aspect, candidates.content_id
            order by
                count_engagement desc,
                raw_posts.created_at desc nulls last,
                raw_posts.post_id
        ) = 1
    ),

    pictures as (select * from int_pictures),

    ranked as (
        select
            *,
            row_number() over (
                partition by aspect
                order by
                    count_engagement desc,
                    created_at desc nulls last,
                    post_id
            ) as rank,
        from copies
        qualify rank <= case when aspect = '' then 1000 else 50 end
    ),

    final as (
        select
            ranked.aspect,
            ranked.rank,
            ranked.post_id,
            sha256(
                raw_posts.clean_text
                || chr(31)
                || coalesce(pictures.image_sha256, '')
                || chr(31)
                || ranked.aspect
            ) as content_key,
            ranked.count_engagement,
            ranked.count_copies,
            ranked.created_at,
        from ranked
        inner join raw_posts on ranked.post_number = raw_posts.post_number
        left join pictures on ranked.post_id = pictures.post_id
    )

select * from final
