-- grain: one row per (period, period_start, aspect, platform, lang)
-- reads: int_facts, int_contents
-- Sentiment by day, week (from Monday) and in all (period_start null), of all
-- posts, by platform, by language and by both; '*' is all, aspect '' the post
-- level. Three views: of posts, of contents (content_...: each distinct content
-- of the slice counts once) and of authors (author_...: each author counts
-- once, by the mean of his posts in the slice). Copies of a content move the
-- first alone, and what one author posts moves his own share of the third
-- alone. Posts of unknown authors are not in the third, undated ones in no day
-- or week. What has all its posts in one (aspect, platform, lang, day) adds up;
-- only the contents and authors that are spread over several are counted in
-- each slice.
with
    facts as (select * from int_facts),

    cells as (
        select
            slice_id,
            any_value(aspect) as aspect,
            any_value(sentiment_date) as sentiment_date,
            any_value(platform) as platform,
            any_value(lang) as lang,
            count(*) as count_posts,
            count(label) as count_predicted,
            count(*) filter (where label = 'negative') as count_negative,
            count(*) filter (where label = 'neutral') as count_neutral,
            count(*) filter (where label = 'positive') as count_positive,
            count(*) filter (where is_empty) as count_empty,
        from facts
        group by slice_id
    ),

    contents as (select * from int_contents),

    -- One author's posts toward one aspect.
    authors as (
        select
            author_id,
            aspect,
            min(slice_id) as slice_id,
            min(slice_id) <> max(slice_id) as is_spread,
            count(label) as count_predicted,
            count(*) filter (where label = 'negative') as count_negative,
            count(*) filter (where label = 'positive') as count_positive,
        from facts
        where author_id is not null
        group by all
    ),

    content_cells as (
        select
            slice_id,
            count(*) as count_contents,
            count(label) as content_count_predicted,
            count(*) filter (where label = 'negative')
                as content_count_negative,
            count(*) filter (where label = 'positive')
                as content_count_positive,
        from contents
        where not is_spread
        group by all
    ),

    -- Shares of an author are summed as whole numbers of 1e-12: a sum of those
    -- does not depend on the order.
    author_cells as (
        select
            slice_id,
            count(*) as count_authors,
            count(*) filter (where count_predicted > 0)
                as author_count_predicted,
            sum(
                cast(
                    1e12 * count_negative / nullif(count_predicted, 0) as bigint
                )
            ) as author_sum_negative,
            sum(
                cast(
                    1e12 * count_positive / nullif(count_predicted, 0) as bigint
                )
            ) as author_sum_positive,
        from authors
        where not is_spread
        group by slice_id
    ),

    periods as (select unnest(['day', 'week', 'all']) as period),

    dated_cells as (
        select
            cells.*,
            periods.period,
            case periods.period
                when 'day' then cells.sentiment_date
                when 'week' then cast(
                    date_trunc('week', cells.sentiment_date) as date
                )
            end as period_start,
        from cells
        cross join periods
        where periods.period = 'all' or cells.sentiment_date is not null
    ),

    gathered as (
        select
            dated_cells.*,
            content_cells.* exclude (slice_id),
            author_cells.* exclude (slice_id),
        from dated_cells
        left join content_cells
            on dated_cells.slice_id = content_cells.slice_id
        left join author_cells
            on dated_cells.slice_id = author_cells.slice_id
    ),

    gathered_slices as (
        select
            period,
            period_start,
            aspect,
            case when grouping(platform) = 1 then '*' else platform end
                as slice_platform,
            case when grouping(lang) = 1 then '*' else lang end as slice_lang,
            sum(count_posts) as count_posts,
            sum(count_predicted) as count_predicted,
            sum(count_negative) as count_negative,
            sum(count_neutral) as count_neutral,
            sum(count_positive) as count_positive,
            sum(count_empty) as count_empty,
            sum(count_contents) as count_contents,
            sum(content_count_predicted) as content_count_predicted,
            sum(content_count_negative) as content_count_negative,
            sum(content_count_positive) as content_count_positive,
            sum(count_authors) as count_authors,
            sum(author_count_predicted) as author_count_predicted,
            sum(author_sum_negative) as author_sum_negative,
            sum(author_sum_positive) as author_sum_positive,
        from gathered
        group by grouping sets (
            (period, period_start, aspect, platform, lang),
            (period, period_start, aspect, platform),
            (period, period_start, aspect, lang),
            (period, period_start, aspect)
        )
    ),

    -- The slices that a cell is in, as numbers, which are short keys.
    targets as (
        select
            slice_id,
            period,
            period_start,
            aspect,
            unnest([platform, platform, '*', '*']) as slice_platform,
            unnest([lang, '*', lang, '*']) as slice_lang,
        from dated_cells
    ),

    numbered as (
        select
            *,
            hash(period, period_start, aspect, slice_platform, slice_lang)
                as target_id,
        from targets
    ),

    target_keys as (
        select
            target_id,
            any_value(period) as period,
            any_value(period_start) as period_start,
            any_value(aspect) as aspect,
            any_value(slice_platform) as slice_platform,
            any_value(slice_lang) as slice_lang,
        from numbered
        group by target_id
    ),

    content_groups as (
        select
            facts.content_id,
            numbered.target_id,
            max(facts.label) as label,
        from facts
        semi join (select content_id from contents where is_spread) as spread
            on facts.content_id = spread.content_id
        inner join numbered on facts.slice_id = numbered.slice_id
        group by all
    ),

    content_targets as (
        select
            target_id,
            count(*) as count_contents,
            count(label) as content_count_predicted,
            count(*) filter (where label = 'negative')
                as content_count_negative,
            count(*) filter (where label = 'positive')
                as content_count_positive,
        from content_groups
        group by target_id
    ),

    -- An author is of one platform, so over all platforms authors add up.
    author_groups as (
        select
            facts.author_id,
            numbered.target_id,
            count(facts.label) as count_predicted,
            count(*) filter (where facts.label = 'negative') as count_negative,
            count(*) filter (where facts.label = 'positive') as count_positive,
        from facts
        semi join (select * from authors where is_spread) as spread
            on facts.author_id = spread.author_id
            and facts.aspect = spread.aspect
        inner join numbered
            on facts.slice_id = numbered.slice_id
            and numbered.slice_platform <> '*'
        group by all
    ),

    author_targets as (
        select
            target_id,
            count(*) as count_authors,
            count(*) filter (where count_predicted > 0)
                as author_count_predicted,
            sum(
                cast(
                    1e12 * count_negative / nullif(count_predicted, 0) as bigint
                )
            ) as author_sum_negative,
            sum(
                cast(
                    1e12 * count_positive / nullif(count_predicted, 0) as bigint
                )
            ) as author_sum_positive,
        from author_groups
        group by target_id
    ),

    author_slices as (
        select
            target_keys.* exclude (target_id, slice_platform),
            unnest([target_keys.slice_platform, '*']) as slice_platform,
            author_targets.* exclude (target_id),
        from author_targets
        inner join target_keys
            on author_targets.target_id = target_keys.target_id
    ),

    content_slices as (
        select
            target_keys.* exclude (target_id),
            content_targets.* exclude (target_id),
        from content_targets
        inner join target_keys
            on content_targets.target_id = target_keys.target_id
    ),

    parts as (
        select * from gathered_slices
        union all by name
        select * from content_slices
        union all by name
        select * from author_slices
    ),

    slices as (
        select
            period,
            period_start,
            aspect,
            slice_platform as platform,
            slice_lang as lang,
            cast(sum(count_posts) as bigint) as count_posts,
            cast(sum(count_predicted) as bigint) as count_predicted,
            cast(sum(count_negative) as bigint) as count_negative,
            cast(sum(count_neutral) as bigint) as count_neutral,
            cast(sum(count_positive) as bigint) as count_positive,
            cast(sum(count_empty) as bigint) as count_empty,
            cast(coalesce(sum(count_contents), 0) as bigint) as count_contents,
            cast(coalesce(sum(content_count_predicted), 0) as bigint)
                as content_count_predicted,
            coalesce(sum(content_count_negative), 0) as content_count_negative,
            coalesce(sum(content_count_positive), 0) as content_count_positive,
            cast(coalesce(sum(count_authors), 0) as bigint) as count_authors,
            cast(coalesce(sum(author_count_predicted), 0) as bigint)
                as author_count_predicted,
            coalesce(sum(author_sum_negative), 0) / 1e12 as author_sum_negative,
            coalesce(sum(author_sum_positive), 0) / 1e12 as author_sum_positive,
        from parts
        group by all
    ),

    shares as (
        select
            *,
            count_negative / nullif(count_predicted, 0) as share_negative,
            count_neutral / nullif(count_predicted, 0) as share_neutral,
            count_positive / nullif(count_predicted, 0) as share_positive,
            content_count_negative / nullif(content_count_predicted, 0)
                as content_share_negative,
            content_count_positive / nullif(content_count_predicted, 0)
                as content_share_positive,
            author_sum_negative / nullif(author_count_predicted, 0)
                as author_share_negative,
            author_sum_positive / nullif(author_count_predicted, 0)
                as author_share_positive,
            aspect <> '' as is_named,
        from slices
    ),

    final as (
        select
            period,
            period_start,
            aspect,
            platform,
            lang,
            count_posts,
            count_predicted,
            count_contents,
            content_count_predicted,
            count_authors,
            author_count_predicted,
            count_empty,
            count_negative,
            count_neutral,
            count_positive,
            share_negative,
            share_neutral,
            share_positive,
            (count_positive - count_negative)
                / nullif(count_predicted, 0) as net_sentiment,
            case when is_named then count_posts
            / sum(count_posts) over voices end as share_of_voice,
            content_share_negative,
            greatest(1 - content_share_negative - content_share_positive, 0)
                as content_share_neutral,
            content_share_positive,
            content_share_positive - content_share_negative
                as content_net_sentiment,
            case when is_named then count_contents
            / nullif(sum(count_contents) over voices, 0) end
                as content_share_of_voice,
            author_share_negative,
            greatest(1 - author_share_negative - author_share_positive, 0)
                as author_share_neutral,
            author_share_positive,
            author_share_positive - author_share_negative
                as author_net_sentiment,
            case when is_named then count_authors
            / nullif(sum(count_authors) over voices, 0) end
                as author_share_of_voice,
        from shares
        window voices as (
            partition by period, period_start, platform, lang, is_named
        )
        order by period, period_start, aspect, platform, lang
    )

select * from final
