"""Hacker News: items of its Firebase API, and hits and item trees of its search at Algolia."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

from analytics.contract.records import Ignored, Post
from connectors.files import detect_in_folder, is_json_file, list_matching_files
from connectors.html_text import read_html_text
from connectors.json_pages import read_json_pages
from connectors.lines import (
    JsonObject,
    dump_json,
    load_head_objects,
    parse_safely,
    read_behind_long_lines,
)
from connectors.protocol import Detection, ReadOptions, Record
from connectors.streams import read_head
from connectors.values import (
    BadRecordError,
    TimeWindow,
    read_count,
    read_id,
    read_optional_id,
    read_optional_string,
    read_text,
    show,
)

_NULLS = re.compile(rb"^\xef?\xbb?\xbf?(?:\s|null\b)*")  # of ids that there are not
_TYPES = ("story", "comment", "job", "poll", "pollopt")
_PAGE_KEYS = ("hits",)
_WANTED = 'expected items ({"id": 1, "type": "comment", ...}) in a list or one a line'
_TYPE = re.compile(rb'"type"\s*:\s*"(?:' + "|".join(_TYPES).encode() + rb')"')
_ID = re.compile(rb'"id"\s*:\s*\d+')
_TIME = re.compile(rb'"time"\s*:\s*\d{9,10}\b')
_OF_ITEM = re.compile(rb'"(?:by|kids|parent|descendants|deleted|dead)"\s*:')
_HIT = re.compile(rb'"objectID"\s*:\s*"\d+"')
_HIT_TIME = re.compile(rb'"created_at_i"\s*:\s*\d{9,10}\b')
_OF_HIT = re.compile(rb'"(?:story_id|story_text|comment_text|num_comments|_tags)"\s*:')
_TREE = re.compile(rb'"(?:children|parent_id|story_id)"\s*:')
# What the API gives instead of a text that is not shown.
_STUBS = frozenset({"[dead]", "[flagged]", "[delayed]"})


class HackernewsConnector:
    """Reads stories, comments, jobs and polls."""

    name = "hackernews"
    version = 1
    takes: tuple[str, ...] = ()

    def detect(self, path: Path) -> Detection | None:
        """Look for the fields of items or hits at the start of the file."""
        if path.is_dir():
            return detect_in_folder(path, is_json_file, self.detect)
        head = read_behind_long_lines(path) or read_head(path)
        if _NULLS.sub(b"", head)[:1] not in (b"{", b"["):
            return None
        if _HIT_TIME.search(head):
            if _HIT.search(head) and _OF_HIT.search(head):
                return Detection(confidence=0.97, found="Hacker News, hits of its search")
            if _ID.search(head) and _TYPE.search(head) and _TREE.search(head):
                return Detection(confidence=0.97, found="Hacker News, trees of items")
        if any(_is_item(value) for value in load_head_objects(head, limit=50)):
            return Detection(confidence=0.97, found="Hacker News items, one a line")
        marks = (_TYPE, _ID, _TIME, _OF_ITEM)
        if all(mark.search(head) for mark in marks):
            return Detection(confidence=0.96, found="Hacker News items")
        return None

    def list_files(self, path: Path) -> list[Path]:
        """The file, or all JSON files below the folder."""
        return list_matching_files(path, is_json_file, "*.json, *.jsonl, *.ndjson, also .zst")

    def read_file(self, path: Path, options: ReadOptions) -> Iterator[Record]:
        """One record for each item or hit; those of a tree in its order, parents first."""
        reader = _Reader(TimeWindow(options.now))
        return read_json_pages(path, options, reader.read, array_keys=_PAGE_KEYS, wanted=_WANTED)


def _is_item(value: JsonObject) -> bool:
    return (
        value.get("type") in _TYPES
        and isinstance(value.get("id"), int)
        and isinstance(value.get("time"), int)
    )


class _Reader:
    """Takes pages of hits and trees apart."""

    def __init__(self, window: TimeWindow) -> None:
        self._window = window

    def read(self, value: Any, line: int, raw: bytes | str) -> Iterator[Record]:
        """One record for each item, hit, or node of a tree."""
        if value is None:  # what the API says of an id that it does not have
            yield Ignored(line=line, reason="no such item")
            return
        hits = value.get("hits") if isinstance(value, dict) else None
        if isinstance(hits, list):
            for hit in hits:
                yield from self._read_tree(hit, line, dump_json(hit))
        else:
            yield from self._read_tree(value, line, raw)

    def _read_tree(self, value: Any, line: int, raw: bytes | str) -> Iterator[Record]:
        """An item and those below it; the children of a hit are only their ids."""
        yield parse_safely(self._parse, value, line, raw)
        waiting = _children_of(value)
        while waiting:
            node = waiting.pop()
            own = node
            if isinstance(node, dict):  # its children have rejects of their own
                own = {key: part for key, part in node.items() if key != "children"}
            yield parse_safely(self._parse, node, line, dump_json(own))
            waiting += _children_of(node)

    def _parse(self, value: JsonObject, line: int) -> Post | Ignored:
        is_of_algolia = "created_at_i" in value or "objectID" in value
        return parse_item(_from_algolia(value) if is_of_algolia else value, line, self._window)


def _children_of(value: Any) -> list[Any]:
    """What stands below a node, the first one last; below a hit are ids."""
    children = value.get("children") if isinstance(value, dict) else None
    if not isinstance(children, list):
        return []
    return [child for child in reversed(children) if not isinstance(child, int)]


def _from_algolia(value: JsonObject) -> JsonObject:
    """A hit or a node of a tree with the names that the items of the Firebase API have."""
    kind = value.get("type")
    tags = value.get("_tags")
    if kind is None and isinstance(tags, list):
        kind = next((tag for tag in tags if tag in _TYPES), None)
    text = value.get("text") or value.get("comment_text") or value.get("story_text")
    return {
        "id": value.get("objectID") if "objectID" in value else value.get("id"),
        "type": kind,
        "by": value.get("author"),
        "time": value.get("created_at_i"),
        "title": value.get("title"),
        "text": text,
        "score": value.get("points"),
        "parent": value.get("parent_id"),
        "descendants": value.get("num_comments"),
        "deleted": value.get("author") is None and not text and not value.get("title"),
    }


def parse_item(value: JsonObject, line: int, window: TimeWindow) -> Post | Ignored:
    """The post of an item; Ignored if its text was taken away.

    Raises:
        BadRecordError: it cannot be a post.
    """
    kind = value.get("type")
    if value.get("deleted"):
        return Ignored(line=line, reason="item deleted by its author")
    if value.get("dead") or str(value.get("text"))[:20] in _STUBS:
        return Ignored(line=line, reason="item killed or withheld by moderators")
    if kind not in _TYPES:
        raise BadRecordError(f"type is not that of an item: {show(kind)}")
    native_id = read_id(value.get("id"))
    parent = read_optional_id(value.get("parent") or value.get("poll"), "parent")
    is_answer = kind in ("comment", "pollopt")
    return Post(
        platform="hackernews",
        native_id=native_id,
        text=_read_item_text(value, is_answer=is_answer),
        line=line,
        author=read_optional_string(value.get("by")),
        created_at=window.read_epoch(value.get("time"), "time"),
        url=f"https://news.ycombinator.com/item?id={native_id}",
        reply_to=f"hackernews:{parent}" if parent and is_answer else None,
        likes=read_count(value.get("score")),
        replies=read_count(value.get("descendants")),
    )


def _read_item_text(value: JsonObject, *, is_answer: bool) -> str:
    """A comment's text; title and text of the others, parted by a blank line."""
    text = value.get("text")
    if text is not None and not isinstance(text, str):
        raise BadRecordError(f"text is not a string: {show(text)}")
    body = read_html_text(text) if text else ""
    if is_answer:
        if text is None:
            raise BadRecordError("text is missing")
        return read_text(body)
    title = unescape(read_text(value.get("title"), "title"))
    return read_text(f"{title}\n\n{body}" if body else title)
