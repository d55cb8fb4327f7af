-- grain: one row per execution of a writing command, of runs
-- reads: nothing
-- Of count_rationales_incomplete, those that the token limit cut before their
-- prediction.
alter table runs add column count_rationales_cut bigint default 0;
