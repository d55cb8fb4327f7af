"""Bluesky: author feeds and searches of its API as JSON, Jetstream as lines."""

import re
from collections.abc import Iterator
from pathlib import Path

from analytics.contract.records import Deletion, Ignored, Post
from connectors.bluesky_posts import parse_bluesky
from connectors.files import detect_in_folder, is_json_file, list_matching_files
from connectors.json_layouts import JsonFormat, read_json_records
from connectors.lines import (
    BLANK,
    JsonObject,
    parse_safely,
    read_behind_long_lines,
)
from connectors.protocol import Detection, ReadOptions, Record
from connectors.streams import read_head
from connectors.values import TimeWindow

# Not inside a text about such names: its quotes have backslashes.
_MARK = re.compile(rb'(?<!\\)"app\.bsky\.')
_COMMIT = re.compile(rb'(?<!\\)"kind"\s*:\s*"commit"')
# Events of accounts name no collection, and may stand alone in a file or at its start.
_ACCOUNT = re.compile(rb'(?<!\\)"kind"\s*:\s*"(?:account|identity|tombstone)"')
_DID = re.compile(rb'(?<!\\)"did"\s*:\s*"did:')
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
_FORM = JsonFormat(
    name="a Bluesky file",
    wanted=(
        'a reply of the API ({"feed": [...]}, {"posts": [...]}, {"post": {...}}) or Jetstream lines'
    ),
    array_keys=("feed", "posts"),
    known=_FIELDS,
    # A post inside another one stands behind its key, not behind a comma.
    resync=re.compile(r'\{\s*"post"\s*:\s*\{|,\s*\{\s*"uri"\s*:\s*"at:'),
)


class BlueskyConnector:
    """Reads feed, search and single-post replies of the API, and Jetstream lines."""

    name = "bluesky"
    version = 2
    takes: tuple[str, ...] = ()

    def detect(self, path: Path) -> Detection | None:
        """Look for Bluesky's record names at the start of the file."""
        if path.is_dir():
            return detect_in_folder(path, is_json_file, self.detect)
        head = read_head(path)
        if not _is_marked(head):
            head = read_behind_long_lines(path)
        if not _is_marked(head) or head.lstrip(BLANK)[:1] not in (b"{", b"["):
            return None
        if _COMMIT.search(head) or not _MARK.search(head):
            return Detection(confidence=0.97, found="Bluesky Jetstream, one event a line")
        return Detection(confidence=0.95, found="Bluesky posts, a reply of its API")

    def list_files(self, path: Path) -> list[Path]:
        """The file, or all JSON files below the folder."""
        return list_matching_files(path, is_json_file, "*.json, *.jsonl, *.ndjson, also .zst")

    def read_file(self, path: Path, options: ReadOptions) -> Iterator[Record]:
        """One record for each feed item, post or Jetstream event."""
        window = TimeWindow(options.now)

        def parse(value: JsonObject, line: int) -> Post | Ignored | Deletion:
            return parse_bluesky(value, line, window)

        def expand(value: object, line: int, raw: bytes | str) -> Iterator[Record]:
            yield parse_safely(parse, value, line, raw)

        return read_json_records(path, options, _FORM, expand)


def _is_marked(head: bytes) -> bool:
    return _MARK.search(head) is not None or (
        b'"time_us"' in head and None not in (_ACCOUNT.search(head), _DID.search(head))
    )
