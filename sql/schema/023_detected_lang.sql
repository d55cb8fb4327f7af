-- grain: one row per post_id, of posts
-- reads: nothing
-- The language of the text where the source names none (lang is null), as
-- ISO 639-1 (639-3 where there is no such code); 'und' where it cannot be
-- told; null where nobody looked yet.
alter table posts add column detected_lang varchar;
