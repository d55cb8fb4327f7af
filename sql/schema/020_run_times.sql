-- grain: one row per execution of a writing command, of runs
-- reads: nothing
-- Seconds of judging, from the engine loaded to the last chunk stored, and of
-- those the seconds in which the engine was being asked. 0 where no engine
-- was loaded.
alter table runs add column infer_s double default 0;
alter table runs add column engine_s double default 0;
