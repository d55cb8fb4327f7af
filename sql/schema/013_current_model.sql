-- grain: one row
-- reads: nothing
-- The model and contract whose predictions the marts show: the last run's.
create table current_model (
    model_id varchar not null,
    result_digest varchar not null,
    run_id varchar not null,
);
