-- grain: one row per model that has made predictions
-- reads: nothing
-- How a model is named and described wherever its results show.
create table models (
    model_id varchar not null primary key,
    name varchar not null,
    description varchar not null,
    is_distilled boolean not null,
    accepts_images boolean not null,
    first_used_at timestamptz not null,
);
