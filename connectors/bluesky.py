"""Bluesky: author feeds and searches of its API as JSON, Jetstream as lines."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analytics.contract.errors import SourceFormatError
from analytics.contract.records import Reject
from connectors.bluesky_posts import parse_bluesky
from connectors.files import detect_in_folder, has_suffix, list_matching_files
from connectors.json_stream import ArrayReader
from connectors.lines import (
    FieldWatch,
    JsonObject,
    load_head_objects,
    load_json_line,
    open_lines,
    parse_safely,
    read_behind_long_lines,
    starts_behind_bad_line,
)
from connectors.protocol import Detection, ReadOptions, Record
from connectors.streams import ByteStream, read_head
from connectors.values import BadRecordError, TimeWindow, make_reject

_SUFFIXES = (".json", ".jsonl", ".ndjson")
_MARK = b'"app.bsky.'
_COMMIT = re.compile(rb'"kind"\s*:\s*"commit"')
_ARRAY_KEYS = ("feed", "posts")
# The way to the array: a list at the top, or the key of an API reply after keys
# with plain values.
_ARRAY = re.compile(
    r'[\s\ufeff]*(?:\{(?:\s*"[^"]*"\s*:\s*(?:"[^"]*"|[^\s"\[\]{},]+)\s*,)*'
    r'\s*"(?:feed|posts)"\s*:\s*)?\['
)
_NEXT_FEED_ITEM = re.compile(r'\{\s*"post"\s*:\s*\{')
# Of a Jetstream event, a feed item and a post view, as they stand on lines.
_FIELDS = frozenset(
    {
        *("did", "time_us", "kind", "commit", "identity", "account"),
        *("post", "reason", "reply", "feedContext", "reqId"),
        *("$type", "uri", "cid", "author", "record", "embed", "indexedAt", "labels", "viewer"),
        *("likeCount", "repostCount", "replyCount", "quoteCount", "bookmarkCount"),
        *("threadgate", "debug", "notFound", "blocked"),
    }
)
_MAX_DOCUMENT_BYTES = 64 * 1024 * 1024


class BlueskyConnector:
    """Reads feed, search and single-post replies of the API, and Jetstream lines."""

    name = "bluesky"
    version = 2
    takes: tuple[str, ...] = ()

    def detect(self, path: Path) -> Detection | None:
        """Look for Bluesky's record names at the start of the file."""
        if path.is_dir():
            return detect_in_folder(path, _is_candidate, self.detect)
        head = read_head(path)
        if _MARK not in head:
            head = read_behind_long_lines(path)
        if _MARK not in head or head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"["):
            return None
        if _COMMIT.search(head):
            return Detection(confidence=0.97, found="Bluesky Jetstream, one event a line")
        return Detection(confidence=0.95, found="Bluesky posts, a reply of its API")

    def list_files(self, path: Path) -> list[Path]:
        """The file, or all JSON files below the folder."""
        return list_matching_files(path, _is_candidate, "*.json, *.jsonl, *.ndjson, also .zst")

    def read_file(self, path: Path, options: ReadOptions) -> Iterator[Record]:
        """One record for each feed item, post or Jetstream event."""
        head = read_head(path)
        window = TimeWindow(options.now)
        if not head.strip() or _has_lines(head):
            return _read_lines(path, options, window)
        if _MARK not in head and _MARK in read_behind_long_lines(path):
            return _read_lines(path, options, window)
        opening = _ARRAY.match(head.decode("utf-8", "replace"))
        if opening is not None:
            return _read_array(path, options, window, is_whole="{" not in opening[0])
        if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
            return _read_document(path, options, window)
        raise _not_bluesky(path, "it begins with neither '{' nor '['")


def _is_candidate(name: str) -> bool:
    return has_suffix(name, _SUFFIXES)


def _not_bluesky(path: Path, what: str) -> SourceFormatError:
    return SourceFormatError(
        f"{path}: not a Bluesky file: {what}; expected a reply of the API "
        '({"feed": [...]}, {"posts": [...]}, {"post": {...}}) or Jetstream lines'
    )


def _has_lines(head: bytes) -> bool:
    """Whether the file has one JSON object a line, rather than one document."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text[:1] == b"[":
        return starts_behind_bad_line(text)
    first, _, rest = text.partition(b"\n")
    objects = load_head_objects(first)
    if objects:
        return bool(rest.strip()) or _page_of(objects[0]) is None
    if _ARRAY.match(text.decode("utf-8", "replace")):
        return False
    return bool(load_head_objects(rest, limit=50)) or _COMMIT.search(text) is not None


def _read_lines(path: Path, options: ReadOptions, window: TimeWindow) -> Iterator[Record]:
    def parse(value: JsonObject, line: int) -> Any:
        return parse_bluesky(value, line, window)

    watch = FieldWatch(_FIELDS, options.on_new_field)
    for item in open_lines(path, options.on_bytes):
        if isinstance(item, Reject):
            yield item
            continue
        number, line = item
        try:
            value = load_json_line(line)
        except BadRecordError as exc:
            yield make_reject(number, str(exc), line)
            continue
        if value is None and not line.strip():
            continue
        page = _page_of(value)
        if page is None:
            watch.look(value)
            yield parse_safely(parse, value, number, line)
            continue
        for element in page:  # a whole reply of the API in one line
            yield parse_safely(parse, element, number, _dump(element))


def _page_of(value: object) -> list[Any] | None:
    if isinstance(value, dict) and "uri" not in value:
        for key in _ARRAY_KEYS:
            if isinstance(value.get(key), list):
                page: list[Any] = value[key]
                return page
    return None


def _dump(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (RecursionError, ValueError):
        return ""


def _read_array(
    path: Path, options: ReadOptions, window: TimeWindow, *, is_whole: bool
) -> Iterator[Record]:
    def parse(value: JsonObject, position: int) -> Any:
        return parse_bluesky(value, position, window)

    with ByteStream(path, options.on_bytes) as stream:
        is_feed = _NEXT_FEED_ITEM.search(read_head(path).decode("utf-8", "replace"))
        reader = ArrayReader(
            stream,
            opening=_ARRAY,
            resync=_NEXT_FEED_ITEM if is_feed else None,
            is_whole=is_whole,
        )
        reader.open()
        for element in reader:
            if element.fault is not None:
                yield make_reject(element.position, element.fault, element.raw)
            else:
                yield parse_safely(parse, element.value, element.position, element.raw)


def _read_document(path: Path, options: ReadOptions, window: TimeWindow) -> Iterator[Record]:
    """A file that is one JSON object: a post, or a reply with its array behind other keys."""
    with ByteStream(path, options.on_bytes) as stream:
        data = stream.read(_MAX_DOCUMENT_BYTES + 1)
        fault = stream.fault
    if len(data) > _MAX_DOCUMENT_BYTES:
        raise _not_bluesky(path, f"one JSON object of more than {_MAX_DOCUMENT_BYTES:,} bytes")
    if fault is not None:
        yield make_reject(1, fault, data, "read")
        return
    try:
        value = load_json_line(data.removeprefix(b"\xef\xbb\xbf"))
    except BadRecordError as exc:
        yield make_reject(1, str(exc), data)
        return
    page = _page_of(value)
    for position, element in enumerate([value] if page is None else page, start=1):
        yield parse_safely(
            lambda item, line: parse_bluesky(item, line, window), element, position, _dump(element)
        )
