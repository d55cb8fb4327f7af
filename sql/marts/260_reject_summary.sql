-- grain: one row per (stage, reason)
-- reads: rejects
-- Why records were turned away. A reason is kept up to its first colon or the
-- end of its first sentence, so that the values in it do not make a row each;
-- the example is the first one.
with
    raw_rejects as (select * from rejects),

    final as (
        select
            stage,
            trim(
                regexp_replace(reason, '(:|\. [A-Z]).*', '', 's')
            ) as reason,
            count(*) as count_rejects,
            min({'file': source_file, 'line': line}).file as example_file,
            min({'file': source_file, 'line': line}).line as example_line,
        from raw_rejects
        group by all
        order by count_rejects desc, stage, reason
    )

select * from final
