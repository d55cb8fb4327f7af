-- grain: sentiment_estimates one row per (period, period_start, aspect,
--   platform, lang, view, measure); prevalence_estimates one row per (period,
--   period_start, aspect, platform, lang, measure, method)
-- reads: nothing
-- Shares and net sentiment with 95 % intervals, made anew after the marts by
-- analytics.trends. models.errors is the model's errors.json, if it has one.
alter table models add column errors varchar;

create table sentiment_estimates (
    period varchar not null,
    period_start date,
    aspect varchar not null,
    platform varchar not null,
    lang varchar not null,
    view varchar not null,
    measure varchar not null,
    estimate double,
    low double,
    high double,
    method varchar not null,
    count_posts bigint not null,
    count_gold bigint not null,
    note varchar not null,
);

create table prevalence_estimates (
    period varchar not null,
    period_start date,
    aspect varchar not null,
    platform varchar not null,
    lang varchar not null,
    measure varchar not null,
    method varchar not null,
    estimate double not null,
    low double,
    high double,
    rates_from varchar not null,
    count_posts bigint not null,
    count_gold bigint not null,
    note varchar not null,
);
