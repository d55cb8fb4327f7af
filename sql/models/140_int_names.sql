-- grain: one row per (kind, name)
-- reads: int_pairs, aspects
-- kept: as a temporary table while marts are built
-- Numbers for aspects ('' is 0), platforms and languages, so that facts need
-- not hold text.
with
    -- Each platform and language is that of a post.
    post_names as (
        select distinct
            platform,
            language,
        from int_pairs
        where aspect = ''
    ),

    named as (select distinct aspect from aspects),

    names as (
        select
            'aspect' as kind,
            '' as name
        union
        select
            'aspect' as kind,
            aspect as name,
        from named
        union
        select
            'platform' as kind,
            platform as name,
        from post_names
        union
        select
            'lang' as kind,
            language as name,
        from post_names
    ),

    final as (
        select
            kind,
            name,
            cast(
                row_number() over (partition by kind order by name) - 1
                as integer
            ) as number,
        from names
    )

select * from final
