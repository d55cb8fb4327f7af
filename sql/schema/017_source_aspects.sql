-- grain: one row per (source_file, post_id, aspect)
-- reads: posts, aspects
-- Which file names which aspect, so that a file that was corrected takes back
-- what it no longer names.
create table source_aspects (
    source_file varchar not null,
    post_id varchar not null,
    aspect varchar not null,
);

insert into source_aspects
select
    posts.source_file,
    aspects.post_id,
    aspects.aspect,
from aspects
inner join posts on aspects.post_id = posts.post_id
where aspects.origin = 'source';
