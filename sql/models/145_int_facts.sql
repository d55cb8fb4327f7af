-- grain: one row per (post_id, aspect)
-- reads: int_judged_pairs
-- kept: as a temporary table while marts are built
-- What the marts count, narrow, read once from the wide tables. Numbers of 64
-- bits stand for the keys: content_id (null of empty posts), author_id (null of
-- unknown authors), slice_id of (aspect, platform, lang, sentiment_date). That
-- two keys out of 10 million share a number has a chance of 3 in a million.
with
    judged_pairs as (select * from int_judged_pairs),

    final as (
        select
            aspect,
            platform,
            language as lang,
            label,
            hash(aspect, platform, language, sentiment_date) as slice_id,
            case
                when content_key is not null then hash(content_key)
            end as content_id,
            case
                when author_key is not null then hash(platform, author_key)
            end as author_id,
            is_empty,
            is_item,
            sentiment_date,
        from judged_pairs
    )

select * from final
