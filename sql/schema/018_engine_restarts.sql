-- grain: one row per execution of a writing command, of runs
-- reads: nothing
-- How often the engine died and was loaded again.
alter table runs add column count_engine_restarts bigint default 0;
