"""Reddit dumps: one comment or submission a line, plain or compressed."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from analytics.contract.errors import SourceFormatError
from analytics.contract.records import Ignored, Media, Post
from connectors.files import detect_in_folder, has_suffix, list_matching_files
from connectors.lines import (
    BOM,
    JsonObject,
    ParseObject,
    load_head_objects,
    read_behind_long_lines,
    read_json_line,
    read_json_lines,
)
from connectors.protocol import Detection, ReadOptions, Record
from connectors.reddit_bulk import BULK, PICTURE_PATTERN, SITE, STUBS
from connectors.reddit_fields import REDDIT_FIELDS
from connectors.streams import read_head
from connectors.values import (
    BadRecordError,
    TimeWindow,
    clean_string,
    read_count,
    read_id,
    read_optional_string,
    read_text,
)

_SUFFIXES = (".ndjson", ".jsonl", ".json")
_MONTHLY_NAME = re.compile(r"^R[CS]_", re.IGNORECASE)
_LINE_START = re.compile(rb"^\s*\{", re.MULTILINE)
_PICTURE_URL = re.compile(PICTURE_PATTERN, re.IGNORECASE)
# Ids are numbers to the base of 36, and some of these look like a rounded number (5e123).
_ID = re.compile(r"[0-9A-Za-z_]{1,60}")


class RedditConnector:
    """Reads comments (RC) and submissions (RS), the layout of the public dumps."""

    name = "reddit"
    version = 1
    takes: tuple[str, ...] = ()
    bulk = BULK
    known_fields = REDDIT_FIELDS

    def detect(self, path: Path) -> Detection | None:
        """Look for Reddit's fields in the first lines."""
        if path.is_dir():
            return detect_in_folder(path, _is_candidate, self.detect)
        head = read_head(path)
        behind = read_behind_long_lines(path)
        kinds = {
            f"{_kind_of(value)}s"
            for value in load_head_objects(behind or head, limit=20)
            if _kind_of(value) and ("subreddit" in value or "permalink" in value)
        }
        if kinds:
            return Detection(
                confidence=0.97, found=f"Reddit {' and '.join(sorted(kinds))}, one a line"
            )
        if b'"subreddit"' in head and _LINE_START.match(head):
            if b'"body"' in head:
                return Detection(confidence=0.7, found="Reddit comments, it seems")
            if b'"title"' in head:
                return Detection(confidence=0.7, found="Reddit submissions, it seems")
        if _MONTHLY_NAME.match(path.name) and _is_candidate(path.name) and head:
            return Detection(confidence=0.3, found="a file named like a Reddit dump")
        return None

    def list_files(self, path: Path) -> list[Path]:
        """The file, or all dump files below the folder."""
        return list_matching_files(path, _is_candidate, "RC_*, RS_*, *.ndjson, *.jsonl, also .zst")

    def read_file(self, path: Path, options: ReadOptions) -> Iterator[Record]:
        """One record for each line that is not blank."""
        self.check_start(path)
        return read_json_lines(path, options, _make_parser(options), known=REDDIT_FIELDS)

    def check_start(self, path: Path) -> None:
        """Refuse a file that is no dump.

        Raises:
            SourceFormatError: no line at its start is an object.
        """
        head = read_behind_long_lines(path) or read_head(path)
        if head.strip() and not _LINE_START.search(head.removeprefix(BOM)):
            raise SourceFormatError(
                f"{path}: not a Reddit dump: no line at its start begins with '{{'; "
                "a dump has one JSON object a line"
            )

    def read_line(self, number: int, line: bytes, options: ReadOptions) -> Record | None:
        """The record of one line; None if it is blank."""
        return read_json_line(number, line, _make_parser(options))


def _make_parser(options: ReadOptions) -> ParseObject:
    window = TimeWindow(options.now)

    def parse(value: JsonObject, line: int) -> Post | Ignored:
        return parse_reddit(value, line, window)

    return parse


def _is_candidate(name: str) -> bool:
    return has_suffix(name, _SUFFIXES) or _MONTHLY_NAME.match(name) is not None


def _kind_of(value: JsonObject) -> str | None:
    if "id" not in value:
        return None
    if value.get("body") is not None:
        return "comment"
    if "title" in value:
        return "submission"
    return "comment" if "body" in value else None


def parse_reddit(value: JsonObject, line: int, window: TimeWindow) -> Post | Ignored:
    """The post of a comment or submission; Ignored if its text was taken away.

    Raises:
        BadRecordError: it cannot be a post.
    """
    kind = _kind_of(value)
    if kind is None:
        missing = "id" if "id" not in value else "body (comment) or title (submission)"
        raise BadRecordError(f"not a comment or submission: no {missing}")
    is_comment = kind == "comment"
    body = value["body"] if is_comment else value.get("selftext")
    stub = STUBS.get(body) if isinstance(body, str) else None
    if stub is None and not is_comment:
        title = value["title"]
        stub = STUBS.get(title) if isinstance(title, str) else None
    if stub is not None:
        return Ignored(line=line, reason=f"{kind} {stub}")

    short_id = _read_id(value["id"])
    parent = value.get("parent_id")
    crosspost = value.get("crosspost_parent")
    return Post(
        platform="reddit",
        native_id=f"t1_{short_id}" if is_comment else f"t3_{short_id}",
        text=read_text(body, unescape=True) if is_comment else _join_text(value, body),
        line=line,
        author=_read_author(value.get("author")),
        created_at=window.read_epoch(value.get("created_utc"), "created_utc"),
        edited_at=_read_late_time(value.get("edited"), window),
        retrieved_at=_read_late_time(value.get("retrieved_on"), window)
        or _read_late_time(value.get("retrieved_utc"), window),
        url=_read_url(value, short_id, is_comment=is_comment),
        reply_to=_read_parent(parent) if is_comment else None,
        repost_of=_read_parent(crosspost),
        likes=read_count(value.get("score")),
        replies=None if is_comment else read_count(value.get("num_comments")),
        media=() if is_comment else _read_media(value),
    )


def _read_id(value: object) -> str:
    return value if isinstance(value, str) and _ID.fullmatch(value) else read_id(value)


def _join_text(value: JsonObject, selftext: object) -> str:
    title = read_text(value["title"], "title", unescape=True)
    if not selftext:
        return title
    return read_text(f"{title}\n\n{read_text(selftext, 'selftext', unescape=True)}")


def _read_author(value: object) -> str | None:
    return None if value == "[deleted]" else read_optional_string(value)


def _read_late_time(value: object, window: TimeWindow) -> datetime | None:
    """The time of an edit or retrieval; odd ones do not cost the post."""
    if not value or value is True:
        return None
    try:
        return window.read_epoch(value, "time")
    except BadRecordError:
        return None


def _read_parent(value: object) -> str | None:
    if isinstance(value, str) and value.startswith(("t1_", "t3_")) and len(value) < 64:
        return f"reddit:{clean_string(value)}"
    return None


def _read_url(value: JsonObject, short_id: str, *, is_comment: bool) -> str | None:
    permalink = value.get("permalink")
    if isinstance(permalink, str) and permalink.startswith("/"):
        return SITE + clean_string(permalink)
    link = value.get("link_id")
    if is_comment and isinstance(link, str) and link.startswith("t3_"):
        return f"{SITE}/comments/{clean_string(link[3:])}/_/{short_id}"
    return None if is_comment else f"{SITE}/comments/{short_id}"


def _read_media(value: JsonObject) -> tuple[Media, ...]:
    """The picture that a submission links to, or those of its gallery, in order."""
    url = value.get("url")
    if isinstance(url, str) and _PICTURE_URL.match(url):
        return (Media(kind="image", url=clean_string(url.replace("&amp;", "&"))),)
    details = value.get("media_metadata")
    gallery = value.get("gallery_data")
    if not isinstance(details, dict) or not isinstance(gallery, dict):
        return ()
    items = gallery.get("items")
    found = []
    for item in items if isinstance(items, list) else []:
        detail = details.get(str(item.get("media_id"))) if isinstance(item, dict) else None
        source = detail.get("s") if isinstance(detail, dict) else None
        picture = source.get("u") if isinstance(source, dict) else None
        if isinstance(picture, str) and picture.startswith("http"):
            alt = read_optional_string(item.get("caption"))
            picture = clean_string(picture.replace("&amp;", "&"))
            found.append(Media(kind="image", url=picture, alt_text=alt))
    return tuple(found)
