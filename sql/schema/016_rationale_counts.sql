-- grain: one row per execution of a writing command, of runs
-- reads: nothing
-- Of count_engine_rationales, those that a policy of [infer] rationales asked
-- for; a content that several ask for counts at the first: sample, top,
-- uncertain. All three are 0 where every content gets a rationale.
alter table runs add column count_rationales_sample bigint default 0;
alter table runs add column count_rationales_top bigint default 0;
alter table runs add column count_rationales_uncertain bigint default 0;
