-- grain: one row per draw_id, of gold_draws; per (draw_id, position), of
-- gold_draw_items; per (post_id, aspect, annotator), of gold_unclear
-- reads: gold
-- Random samples that people label, in the random order in which they are
-- asked. gold_draw_items.probability is the share of its stratum that was drawn;
-- that of gold and gold_unclear is the probability to be drawn and reached (see
-- docs/labelling.md). gold_unclear are answers that no label can be told.
create table gold_draws (
    draw_id varchar not null,
    stratify varchar not null,
    allocation varchar not null,
    aspect varchar,
    platform varchar,
    since date,
    until date,
    seed bigint not null,
    count_wanted bigint not null,
    count_items bigint not null,
    count_pool bigint not null,
    created_at timestamptz not null,
);
create table gold_draw_items (
    draw_id varchar not null,
    position bigint not null,
    post_id varchar not null,
    aspect varchar not null,
    platform varchar not null,
    stratum varchar not null,
    probability double not null,
    sentiment_date date,
    ingested_at timestamptz not null,
);
create table gold_unclear (
    post_id varchar not null,
    aspect varchar not null,
    annotator varchar not null,
    stratum varchar,
    draw_id varchar,
    probability double,
    weight double not null default 1.0,
    created_at timestamptz not null,
);
alter table gold add column stratum varchar;
alter table gold add column draw_id varchar;
alter table gold add column probability double;
