"""Mastodon: the outbox of an account's archive, and posts as the API gives them."""

import re
from collections.abc import Iterator
from pathlib import Path

from analytics.contract.records import Ignored, Post
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
from connectors.mastodon_api import find_embedded, is_version, parse_api_status
from connectors.mastodon_outbox import ArchiveFiles, parse_activity
from connectors.protocol import Detection, ReadOptions, Record
from connectors.streams import read_head
from connectors.values import BadRecordError, TimeWindow, show

_FORM = JsonFormat(
    name="a file of Mastodon",
    wanted="outbox.json of an archive, or the API's posts as an array or one a line",
    array_keys=("orderedItems", "statuses"),
    page_keys=("ancestors", "descendants"),
    # A record inside another one stands behind its key, not behind a comma.
    resync=re.compile(
        r',\s*\{\s*"id"\s*:\s*"[^"]*"\s*,\s*"(?:type|created_at)"\s*:\s*"(?:Create"|Announce"|\d)'
    ),
)
_COLLECTION = re.compile(rb'(?<!\\)"type"\s*:\s*"OrderedCollection(?:Page)?"')
# Keys of a post whose object is broken or longer than what is looked at.
_MARKS = tuple(
    re.compile(rb'(?<!\\)"%s"\s*:' % key)
    for key in (b"content", b"spoiler_text", b"visibility", b"account", b"acct")
)
_ACTORS = frozenset(("Person", "Service", "Application", "Organization", "Group"))


class MastodonConnector:
    """Reads posts of archives and of replies of the API: those for all, unless asked for all."""

    name = "mastodon"
    version = 1
    takes: tuple[str, ...] = ("include_private",)

    def detect(self, path: Path) -> Detection | None:
        """Look for the parts of an archive or the API's fields in the first values."""
        if path.is_dir():
            return detect_in_folder(path, is_json_file, self.detect)
        values = load_first_values(path, _FORM)
        objects = objects_of(values)
        head = read_head(path)
        is_collection = _COLLECTION.search(head) is not None and _FORM.opening.match(
            head.decode("utf-8", "replace")
        )
        if is_collection and any(map(_is_activity, objects)):
            return Detection(confidence=0.98, found="outbox of a Mastodon archive")
        if is_collection and not objects:
            found = "addresses of a Mastodon archive" if values else "empty list of an archive"
            return Detection(confidence=0.9, found=found)
        if any(map(_is_status, objects)):
            return Detection(confidence=0.98, found="posts of Mastodon's API")
        if any(map(is_version, objects)):
            return Detection(confidence=0.9, found="versions of an edited Mastodon post")
        if any(map(_is_actor, objects)):
            return Detection(confidence=0.9, found="account of a Mastodon archive")
        if objects:
            return None  # whole objects of another kind say more than marks
        is_json = head.lstrip(BLANK)[:1] in (b"{", b"[")
        if is_json and all(mark.search(head) for mark in _MARKS):
            return Detection(confidence=0.8, found="posts of Mastodon's API, it seems")
        return None

    def list_files(self, path: Path) -> list[Path]:
        """The file, or all JSON files below the folder."""
        return list_matching_files(path, is_json_file, "outbox.json, *.json, *.jsonl, *.ndjson")

    def read_file(self, path: Path, options: ReadOptions) -> Iterator[Record]:
        """One record for each activity, post, embedded post, and address of a like."""
        window = TimeWindow(options.now)
        private = options.includes_private
        files = ArchiveFiles(path.parent)

        def parse(value: JsonObject, line: int) -> Post | Ignored:
            return parse_api_status(value, line, window, includes_private=private)

        def parse_item(value: JsonObject, line: int) -> Post | Ignored:
            return parse_activity(value, line, window, files, includes_private=private)

        def expand(value: object, line: int, raw: bytes | str) -> Iterator[Record]:
            if isinstance(value, str) and value.startswith(("http://", "https://")):
                yield Ignored(line=line, reason="address alone (a like or bookmark)")
            elif not isinstance(value, dict):
                raise BadRecordError("not a JSON object")
            elif "object" in value:
                yield parse_safely(parse_item, value, line, raw)
            elif _is_actor(value):
                yield Ignored(line=line, reason="account record")
            elif "content" in value or "uri" in value:
                yield parse_safely(parse, value, line, raw)
                for embedded in find_embedded(value):
                    yield parse_part(parse, embedded, line)
            else:
                keys = show(sorted(value))
                raise BadRecordError(f"neither a post nor an activity; its keys: {keys}")

        return read_json_records(path, options, _FORM, expand)


def _is_activity(value: JsonObject) -> bool:
    return isinstance(value.get("type"), str) and "object" in value and "actor" in value


def _is_status(value: JsonObject) -> bool:
    account = value.get("account")
    return (
        isinstance(value.get("content"), str)
        and isinstance(value.get("uri", value.get("url")), str)
        and "visibility" in value
        and isinstance(account, dict)
        and "acct" in account
    )


def _is_actor(value: JsonObject) -> bool:
    return value.get("type") in _ACTORS and "preferredUsername" in value and "outbox" in value
