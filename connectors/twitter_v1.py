"""Twitter's API v1.1: streams with one JSON object a line, timelines, single posts."""

import re
from collections.abc import Iterator
from pathlib import Path

from analytics.contract.records import Post
from connectors.files import detect_in_folder, is_json_file, list_matching_files
from connectors.json_layouts import (
    JsonFormat,
    load_first_values,
    objects_of,
    parse_part,
    read_json_records,
)
from connectors.lines import (
    BLANK,
    JsonObject,
    parse_safely,
)
from connectors.protocol import Detection, ReadOptions, Record
from connectors.streams import read_head
from connectors.twitter_v1_posts import (
    find_embedded,
    is_delete_notice,
    parse_notice,
    parse_status,
    read_stream_time,
)
from connectors.values import BadRecordError, TimeWindow

_FORM = JsonFormat(
    name="a file of Twitter's API v1.1",
    wanted='posts, one a line, as an array or as a search\'s {"statuses": [...]}',
    array_keys=("statuses",),
    # A post inside another one stands behind its key, not behind a comma.
    resync=re.compile(r',\s*\{\s*"(?:created_at|contributors|coordinates)"\s*:'),
)
# Keys of a post whose object is broken or longer than what is looked at.
_MARKS = tuple(
    re.compile(rb'(?<!\\)"%s"\s*:' % key)
    for key in (b"id_str", b"created_at", b"screen_name", b"favorite_count", b"retweet_count")
)


class TwitterV1Connector:
    """Reads posts as Twitter's API v1.1 gave them."""

    name = "twitter_v1"
    version = 1
    takes: tuple[str, ...] = ()

    def detect(self, path: Path) -> Detection | None:
        """Look for the fields of v1.1 in the first objects."""
        if path.is_dir():
            return detect_in_folder(path, is_json_file, self.detect)
        objects = objects_of(load_first_values(path, _FORM))
        if any(map(_is_status, objects)):
            return Detection(confidence=0.98, found="posts of Twitter's API v1.1")
        if any(map(is_delete_notice, objects)):
            return Detection(confidence=0.95, found="a stream of Twitter's API v1.1")
        if objects:
            return None  # whole objects of another kind say more than marks
        head = read_head(path)
        is_json = head.lstrip(BLANK)[:1] in (b"{", b"[")
        if is_json and all(mark.search(head) for mark in _MARKS):
            return Detection(confidence=0.8, found="posts of Twitter's API v1.1, it seems")
        return None

    def list_files(self, path: Path) -> list[Path]:
        """The file, or all JSON files below the folder."""
        return list_matching_files(path, is_json_file, "*.json, *.jsonl, *.ndjson, also .bz2, .gz")

    def read_file(self, path: Path, options: ReadOptions) -> Iterator[Record]:
        """One record for each post, each post embedded in it, and each notice."""
        window = TimeWindow(options.now)

        def expand(value: object, line: int, raw: bytes | str) -> Iterator[Record]:
            if not isinstance(value, dict):
                raise BadRecordError("not a JSON object")
            notice = parse_notice(value, line, window)
            if notice is not None:
                yield notice
                return
            seen_at = read_stream_time(value, window)

            def parse(status: JsonObject, line: int) -> Post:
                return parse_status(status, line, window, seen_at)

            yield parse_safely(parse, value, line, raw)
            for embedded in find_embedded(value):
                yield parse_part(parse, embedded, line)

        return read_json_records(path, options, _FORM, expand)


def _is_status(value: JsonObject) -> bool:
    """A post of v1.1: its texts and times have names of their own, its user is an object."""
    user = value.get("user")
    return (
        isinstance(value.get("created_at"), str)
        and isinstance(value.get("full_text", value.get("text")), str)
        and ("id_str" in value or isinstance(value.get("id"), int))
        and isinstance(user, dict)
        and ("id_str" in user or "screen_name" in user)
        and "retweet_count" in value
    )
