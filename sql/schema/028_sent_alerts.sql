-- grain: one row per alert_id
-- reads: nothing
-- Alerts that a webhook has taken, so that none is sent twice.
create table sent_alerts (
    alert_id varchar not null primary key,
    run_id varchar not null,
    sent_at timestamptz not null,
);
