"""YouTube comments: replies of the Data API's commentThreads.list and comments.list."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from analytics.contract.records import Ignored, Post
from connectors.files import detect_in_folder, is_json_file, list_matching_files
from connectors.html_text import read_html_text
from connectors.json_pages import read_json_pages
from connectors.lines import (
    BLANK,
    JsonObject,
    dump_json,
    parse_safely,
    read_behind_long_lines,
)
from connectors.protocol import Detection, ReadOptions, Record
from connectors.streams import read_head
from connectors.values import (
    BadRecordError,
    TimeWindow,
    clean_string,
    read_count,
    read_id,
    read_optional_id,
    read_optional_string,
    read_text,
    show,
)

_KIND = re.compile(rb'"kind"\s*:\s*"youtube#comment(?P<what>\w*)"')
_THREAD, _COMMENT = "youtube#commentThread", "youtube#comment"
_PAGE_KEYS = ("items",)
_WANTED = 'expected {"kind": "youtube#commentThreadListResponse", "items": [...]} or its items'
_NEXT_ITEM = re.compile(r'\{\s*"kind"\s*:\s*"youtube#commentThread"')
_CHANNEL_URL = re.compile(r"^https?://(?:www\.)?youtube\.com/channel/(?P<id>[\w-]+)")


class YoutubeConnector:
    """Reads comments and their replies as the YouTube Data API gives them."""

    name = "youtube"
    version = 1
    takes: tuple[str, ...] = ()

    def detect(self, path: Path) -> Detection | None:
        """Look for the kinds of the API's comments at the start of the file."""
        if path.is_dir():
            return detect_in_folder(path, is_json_file, self.detect)
        head = read_behind_long_lines(path) or read_head(path)
        match = _KIND.search(head)
        if match is None or head.lstrip(BLANK)[:1] not in (b"{", b"["):
            return None
        what = "comment threads" if match["what"].startswith(b"Thread") else "comments"
        return Detection(confidence=0.98, found=f"YouTube {what}, replies of its API")

    def list_files(self, path: Path) -> list[Path]:
        """The file, or all JSON files below the folder."""
        return list_matching_files(path, is_json_file, "*.json, *.jsonl, *.ndjson, also .zst")

    def read_file(self, path: Path, options: ReadOptions) -> Iterator[Record]:
        """One record for each comment, the inlined answers behind theirs."""
        reader = _Reader(TimeWindow(options.now))
        return read_json_pages(
            path,
            options,
            reader.read,
            array_keys=_PAGE_KEYS,
            wanted=_WANTED,
            resync=_NEXT_ITEM,
        )


class _Reader:
    """Takes pages and threads apart."""

    def __init__(self, window: TimeWindow) -> None:
        self._window = window

    def read(self, value: Any, line: int, raw: bytes | str) -> Iterator[Record]:
        """One record for each comment of a page, a thread or a comment."""
        items = value.get("items") if isinstance(value, dict) else None
        if not isinstance(items, list):
            yield from self._read_item(value, line, raw)
            return
        for item in items:
            yield from self._read_item(item, line, dump_json(item))

    def _read_item(self, value: Any, line: int, raw: bytes | str) -> Iterator[Record]:
        snippet = value.get("snippet") if isinstance(value, dict) else None
        top = snippet.get("topLevelComment") if isinstance(snippet, dict) else None
        if not isinstance(value, dict) or top is None:
            yield parse_safely(lambda v, n: parse_comment(v, n, self._window), value, line, raw)
            return
        thread: JsonObject = snippet if isinstance(snippet, dict) else {}
        yield parse_safely(
            lambda v, n: parse_comment(v, n, self._window, thread=thread), top, line, raw
        )
        replies = value.get("replies")
        answers = replies.get("comments") if isinstance(replies, dict) else None
        parent = top.get("id") if isinstance(top, dict) else None
        for answer in answers if isinstance(answers, list) else []:
            yield parse_safely(
                lambda v, n: parse_comment(v, n, self._window, thread=thread, parent=parent),
                answer,
                line,
                dump_json(answer),
            )


def parse_comment(
    value: JsonObject,
    line: int,
    window: TimeWindow,
    *,
    thread: JsonObject | None = None,
    parent: object = None,
) -> Post | Ignored:
    """The post of a comment; `thread` is the snippet around it, `parent` what it answers.

    Raises:
        BadRecordError: it cannot be a post.
    """
    kind = value.get("kind")
    snippet = value.get("snippet")
    if isinstance(kind, str) and kind not in (_COMMENT, _THREAD):
        return Ignored(line=line, reason=f"record of {clean_string(kind[:80])}")
    if not isinstance(snippet, dict):
        raise BadRecordError(f"not a comment: snippet is not an object: {show(snippet)}")
    native_id = read_id(value.get("id"))
    created_at = window.read_iso(snippet.get("publishedAt"), "publishedAt")
    around = thread or {}
    parent_id = read_optional_id(snippet.get("parentId") or parent, "parentId")
    video = read_optional_id(snippet.get("videoId") or around.get("videoId"), "videoId")
    return Post(
        platform="youtube",
        native_id=native_id,
        text=_read_comment_text(snippet),
        line=line,
        author=_read_author(snippet),
        created_at=created_at,
        edited_at=_read_edit(snippet, created_at, window),
        url=f"https://www.youtube.com/watch?v={video}&lc={native_id}" if video else None,
        reply_to=f"youtube:{parent_id}" if parent_id else None,
        likes=read_count(snippet.get("likeCount")),
        replies=None if parent_id else read_count(around.get("totalReplyCount")),
    )


def _read_comment_text(snippet: JsonObject) -> str:
    """The text as it was written, else what the page shows, which is HTML."""
    original = snippet.get("textOriginal")
    if isinstance(original, str) and original:
        return read_text(original, "textOriginal")
    shown = snippet.get("textDisplay")
    if not isinstance(shown, str):
        raise BadRecordError(
            "textOriginal and textDisplay are missing"
            if shown is None
            else f"textDisplay is not a string: {show(shown)}"
        )
    if "\n" in shown and "<br" not in shown:  # asked for with textFormat=plainText
        return read_text(shown, "textDisplay")
    return read_text(read_html_text(shown), "textDisplay")


def _read_author(snippet: JsonObject) -> str | None:
    channel = snippet.get("authorChannelId")
    value = channel.get("value") if isinstance(channel, dict) else channel
    if isinstance(value, str) and value:
        return clean_string(value)
    url = read_optional_string(snippet.get("authorChannelUrl"))
    match = _CHANNEL_URL.match(url) if url else None
    return match["id"] if match else None


def _read_edit(snippet: JsonObject, created_at: datetime, window: TimeWindow) -> datetime | None:
    """The time of the last edit; the API writes one for comments without any, too."""
    try:
        updated_at = window.read_iso(snippet.get("updatedAt"), "updatedAt")
    except BadRecordError:
        return None
    return updated_at if updated_at != created_at else None
