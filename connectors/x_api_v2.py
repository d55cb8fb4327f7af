"""X's API v2: responses as twarc and others keep them, one a line or one a file."""

import re
from collections.abc import Iterator
from pathlib import Path

from connectors.files import detect_in_folder, is_json_file, list_matching_files
from connectors.json_layouts import JsonFormat, load_first_values, objects_of, read_json_records
from connectors.lines import (
    BOM,
    JsonObject,
)
from connectors.protocol import Detection, ReadOptions, Record
from connectors.streams import read_head
from connectors.values import BadRecordError, TimeWindow
from connectors.x_api_v2_pages import expand_response

_FORM = JsonFormat(
    name="a file of X's API v2",
    wanted='responses ({"data": ..., "includes": ...}) or posts, one a line or one a file',
)
# For a look at the posts of a response that is longer than what is looked at.
_DATA = JsonFormat(name="", wanted="", array_keys=("data",))
_STARTS = re.compile(
    rb'\s*\[?\s*\{\s*"(?:data|includes|errors|meta|matching_rules|__twarc|title)"\s*:', re.DOTALL
)
# Fields that only X's posts have by these names.
_MARKS = tuple(
    re.compile(rb'(?<!\\)"%s"\s*:' % key)
    for key in (
        b"edit_history_tweet_ids",
        b"public_metrics",
        b"referenced_tweets",
        b"context_annotations",
        b"conversation_id",
        b"author_id",
        b"media_key",
    )
)
_N_MARKS = 2


class XApiV2Connector:
    """Reads responses of X's API v2, and posts that were taken out of them."""

    name = "x_api_v2"
    version = 1
    takes: tuple[str, ...] = ()

    def detect(self, path: Path) -> Detection | None:
        """Look for the posts or the frame of a response at the start of the file."""
        if path.is_dir():
            return detect_in_folder(path, is_json_file, self.detect)
        objects = objects_of(load_first_values(path, _FORM))
        if any(map(_is_response, objects)):
            return Detection(confidence=0.98, found="responses of X's API v2")
        if any(map(_is_bare_post, objects)):
            return Detection(confidence=0.97, found="posts of X's API v2, one by one")
        if objects:
            return None  # whole objects of another kind say more than marks
        head = read_head(path).lstrip(BOM)
        if not _STARTS.match(head):
            return None
        if any(_is_post(value) for value in objects_of(load_first_values(path, _DATA))):
            return Detection(confidence=0.95, found="responses of X's API v2")
        if sum(mark.search(head) is not None for mark in _MARKS) >= _N_MARKS:
            return Detection(confidence=0.9, found="responses of X's API v2")
        return None

    def list_files(self, path: Path) -> list[Path]:
        """The file, or all JSON files below the folder."""
        return list_matching_files(path, is_json_file, "*.json, *.jsonl, *.ndjson, also .zst")

    def read_file(self, path: Path, options: ReadOptions) -> Iterator[Record]:
        """One record for each post of a response, in `data` or included with it."""
        window = TimeWindow(options.now)

        def expand(value: object, line: int, raw: bytes | str) -> Iterator[Record]:
            if not isinstance(value, dict):
                raise BadRecordError("not a JSON object")
            return expand_response(value, line, raw, window)

        return read_json_records(path, options, _FORM, expand)


def _is_response(value: JsonObject) -> bool:
    data = value.get("data")
    posts = [data] if isinstance(data, dict) else objects_of(data)
    meta, includes = value.get("meta"), value.get("includes")
    has_frame = (
        "__twarc" in value
        or (isinstance(meta, dict) and "newest_id" in meta)
        or (isinstance(includes, dict) and "users" in includes)
    )
    if not posts:
        return "__twarc" in value and "text" not in value
    return any(_is_post(post) or (has_frame and _has_text(post)) for post in posts)


def _has_text(value: JsonObject) -> bool:
    native_id = value.get("id")
    is_id = isinstance(native_id, str) and native_id.isascii() and native_id.isdigit()
    return is_id and isinstance(value.get("text"), str)


def _is_post(value: JsonObject) -> bool:
    """A post with one of the fields that only the API v2 has."""
    metrics = value.get("public_metrics")
    return _has_text(value) and (
        "edit_history_tweet_ids" in value
        or (isinstance(metrics, dict) and "retweet_count" in metrics)
        or isinstance(value.get("referenced_tweets"), list)
        or isinstance(value.get("context_annotations"), list)
        or {"author_id", "conversation_id"} <= value.keys()
    )


def _is_bare_post(value: JsonObject) -> bool:
    return _is_post(value) or (_has_text(value) and "__twarc" in value)
