-- grain: one row per (period, period_start, aspect, platform, lang)
-- reads: int_cells, int_content_slices, int_author_slices, int_names
-- Sentiment by day, week (from Monday) and in all (period_start null), of all
-- posts, by platform, by language and by both; '*' is all, aspect '' the post
-- level. Three views: of posts, of contents (content_...: each distinct content
-- of the slice counts once) and of authors (author_...: each author counts
-- once, by the mean of his posts in the slice). Copies of a content move the
-- first alone, and what one author posts moves his own share of the third
-- alone. Posts of unknown authors are not in the third, undated ones in no day
-- or week.
with
    cells as (select * from int_cells),

    contents as (select * from int_content_slices),

    authors as (select * from int_author_slices),

    names as (select * from int_names),

    periods as (
        select
            unnest(['day', 'week', 'all']) as period,
            unnest(['week', 'week', 'all']) as scope,
    ),

    dated_cells as (
        select
            cells.*,
            periods.period,
            periods.scope,
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
            contents.count_contents,
            contents.content_count_predicted,
            contents.content_count_negative,
            contents.content_count_positive,
            authors.count_authors,
            authors.author_count_predicted,
            authors.author_sum_negative,
            authors.author_sum_positive,
        from dated_cells
        left join contents
            on dated_cells.slice_id = contents.slice_id
            and dated_cells.scope = contents.scope
        left join authors
            on dated_cells.slice_id = authors.slice_id
            and dated_cells.scope = authors.scope
    ),

    -- A number that is null means all.
    gathered_slices as (
        select
            period,
            period_start,
            aspect_number,
            platform_number,
            lang_number,
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
        group by
            period,
            period_start,
            aspect_number,
            cube (platform_number, lang_number)
    ),

    author_slices as (
        select
            * exclude (slice_id, scope, platform_number),
            unnest([platform_number, null]) as platform_number,
        from authors
        where slice_id is null
    ),

    parts as (
        select * from gathered_slices
        union all by name
        select * exclude (slice_id, scope)
        from contents
        where slice_id is null
        union all by name
        select * from author_slices
    ),

    summed as (
        select
            period,
            period_start,
            aspect_number,
            platform_number,
            lang_number,
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

    slices as (
        select
            summed.*,
            aspect_names.name as aspect,
            coalesce(platform_names.name, '*') as platform,
            coalesce(lang_names.name, '*') as lang,
        from summed
        inner join names as aspect_names
            on summed.aspect_number = aspect_names.number
            and aspect_names.kind = 'aspect'
        left join names as platform_names
            on summed.platform_number = platform_names.number
            and platform_names.kind = 'platform'
        left join names as lang_names
            on summed.lang_number = lang_names.number
            and lang_names.kind = 'lang'
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
