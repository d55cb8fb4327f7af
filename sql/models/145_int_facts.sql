-- grain: one row per (post_id, aspect)
-- reads: int_judged_pairs
-- kept: as a temporary table while marts are built
-- What the marts count, read once from the wide tables and narrow. post_number
-- is the row of posts. Numbers of 64 bits stand for the keys: content_id (null
-- of empty posts), author_id (null of unknown authors), slice_id of (aspect,
-- platform, lang, sentiment_date). The chance that any two of 10 million keys
-- share a number is 3 in a million. engagement_score puts posts in the order of
-- their engagement and then their time, to the second.
with
    judged_pairs as (select * from int_judged_pairs),

    final as (
        select
            aspect,
            platform,
            language as lang,
            label,
            rationale_status,
            post_number,
            hash(aspect, platform, language, sentiment_date) as slice_id,
            case
                when content_key is not null then hash(content_key)
            end as content_id,
            case
                when author_key is not null then hash(platform, author_key)
            end as author_id,
            cast(p_negative as real) as p_negative,
            cast(p_positive as real) as p_positive,
            least(greatest(count_engagement, 0), 1000000000) * 4294967296
                + least(
                    greatest(coalesce(epoch(created_at), 0), 0), 4294967295
                )::bigint as engagement_score,
            contradicts_label,
            is_empty,
            is_item,
            sentiment_date,
        from judged_pairs
    )

select * from final
