-- grain: one row per execution of a writing command, of runs
-- reads: nothing
-- Of count_engine_rationales, those that lack a part. The picture part counts
-- where the model was shown a picture, and no part that the model was taught
-- to leave empty does.
alter table runs add column count_rationales_incomplete bigint default 0;
