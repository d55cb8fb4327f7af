-- grain: a type
-- reads: nothing
-- The label set in its fixed order; equal to analytics.contract.labels.Label.
create type sentiment_label as enum ('negative', 'neutral', 'positive');
