-- grain: one row per (post_id, aspect)
-- reads: int_pairs, int_current_predictions, int_names, settings
-- kept: as a temporary table while marts are built
-- What the marts count, read once from the wide tables and narrow: what
-- int_judged_pairs holds, in numbers. post_number is the row of posts, aspects,
-- platforms and languages are numbered by int_names, and numbers of 64 bits
-- stand for the keys: content_id (null of empty posts), author_id of an author
-- and an aspect (null of unknown authors), slice_id of (aspect, platform, lang,
-- sentiment_date). The chance that any two of 10 million keys share a number is
-- 3 in a million. engagement_score puts posts in the order of their engagement
-- and then their time, to the second.
with
    pairs as (
        select
            *,
            hash(post_id, aspect, content_key) as item_id,
        from int_pairs
    ),

    -- One short key: the table to join with fits into memory.
    predicted as (
        select
            hash(post_id, aspect, content_key) as item_id,
            label,
            -- Of a status that this version does not know, none is counted.
            try_cast(
                rationale_status
                as enum ('ok', 'no_label', 'ambiguous', 'truncated', 'empty')
            ) as rationale_status,
            cast(p_negative as real) as p_negative,
            cast(p_positive as real) as p_positive,
            contradicts_label,
        from int_current_predictions
    ),

    aspect_names as (
        select *
        from int_names
        where kind = 'aspect'
    ),

    platform_names as (
        select *
        from int_names
        where kind = 'platform'
    ),

    lang_names as (
        select *
        from int_names
        where kind = 'lang'
    ),

    zone as (
        select coalesce(max(value), 'UTC') as name
        from settings
        where key = 'time_zone'
    ),

    numbered as (
        select
            pairs.item_id,
            aspect_names.number as aspect_number,
            platform_names.number as platform_number,
            lang_names.number as lang_number,
            pairs.post_number,
            case
                when pairs.content_key is not null
                    then hash(pairs.content_key)
            end as content_id,
            case
                when pairs.author_key is not null
                    then hash(
                        pairs.platform, pairs.author_key, pairs.aspect
                    )
            end as author_id,
            least(greatest(pairs.count_engagement, 0), 1000000000) * 4294967296
                + least(
                    greatest(coalesce(epoch(pairs.created_at), 0), 0),
                    4294967295
                )::bigint as engagement_score,
            pairs.is_empty,
            pairs.is_item,
            cast(
                pairs.created_at at time zone zone.name as date
            ) as sentiment_date,
        from pairs
        cross join zone
        inner join aspect_names on pairs.aspect = aspect_names.name
        inner join platform_names on pairs.platform = platform_names.name
        inner join lang_names on pairs.language = lang_names.name
    ),

    final as (
        select
            numbered.aspect_number,
            numbered.platform_number,
            numbered.lang_number,
            predicted.label,
            predicted.rationale_status,
            numbered.post_number,
            hash(
                numbered.aspect_number,
                numbered.platform_number,
                numbered.lang_number,
                numbered.sentiment_date
            ) as slice_id,
            numbered.content_id,
            numbered.author_id,
            predicted.p_negative,
            predicted.p_positive,
            numbered.engagement_score,
            predicted.contradicts_label,
            numbered.is_empty,
            numbered.is_item,
            numbered.sentiment_date,
        from numbered
        left join predicted on numbered.item_id = predicted.item_id
    )

select * from final
