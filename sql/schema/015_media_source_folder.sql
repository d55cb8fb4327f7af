-- grain: one row per (post_id, position), of media
-- reads: media, posts
-- The folder of the dump that names a picture: a picture is read from there
-- only, or from the folders of the setting picture_folders. A picture that
-- leads elsewhere has the status outside_folder.
alter table media add column source_folder varchar;
update media set source_folder = found.folder
from (
    select
        post_id,
        nullif(regexp_extract(source_file, '^(.*)/', 1), '') as folder,
    from posts
) as found
where media.post_id = found.post_id;
