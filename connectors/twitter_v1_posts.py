"""From the objects of Twitter's API v1.1 to posts."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from analytics.contract.records import Deletion, Ignored, Media, Post
from connectors.lines import JsonObject
from connectors.values import (
    BadRecordError,
    TimeWindow,
    clean_string,
    read_count,
    read_lang,
    read_optional_string,
    read_text,
    show,
)
from connectors.x_values import (
    MEDIA_KINDS,
    PLATFORM,
    find_media,
    find_quote_links,
    make_post_url,
    read_status_id,
    strip_links,
)

# What a stream tells beside posts, by the key of its object.
_NOTICES = (
    "scrub_geo",
    "limit",
    "status_withheld",
    "user_withheld",
    "disconnect",
    "warning",
    "friends",
    "friends_str",
    "event",
    "control",
)
_EMBEDDED = ("retweeted_status", "quoted_status")
_LINKS_ONLY = re.compile(r"(?:\s*https?://t\.co/\w+)+\s*")


def is_delete_notice(value: object) -> bool:
    """Whether a value tells that a post was deleted."""
    notice = value.get("delete") if isinstance(value, dict) else None
    status = notice.get("status") if isinstance(notice, dict) else None
    return isinstance(status, dict) and ("id" in status or "id_str" in status)


def parse_notice(value: JsonObject, line: int, window: TimeWindow) -> Ignored | Deletion | None:
    """What a stream tells beside posts; None if the value is no notice.

    Raises:
        BadRecordError: a delete notice that names no post.
    """
    if "text" in value or "full_text" in value or "user" in value:
        return None
    if "delete" in value:
        if not is_delete_notice(value):
            raise BadRecordError(f"delete names no post: {show(value['delete'])}")
        native_id = read_status_id(value["delete"]["status"], "id")
        if native_id is None:
            raise BadRecordError(f"delete names no post: {show(value['delete'])}")
        deleted_at = read_stream_time(value["delete"], window)
        return Deletion(platform=PLATFORM, native_id=native_id, deleted_at=deleted_at, line=line)
    name = next((key for key in _NOTICES if key in value), None)
    return None if name is None else Ignored(line=line, reason=f"{name} notice")


def read_stream_time(status: JsonObject, window: TimeWindow) -> datetime | None:
    """When a stream sent a post or notice; None if it does not come from a stream."""
    try:
        return window.read_epoch(status.get("timestamp_ms"), "timestamp_ms", per_second=1e3)
    except BadRecordError:
        return None


def find_embedded(status: JsonObject) -> Iterator[JsonObject]:
    """The originals of a repost and quoted posts, at any depth, each once.

    They are posts with all that belongs to one, so they are read as such.
    """
    seen = {_key_of(status)}
    waiting = [status]
    while waiting:
        outer = waiting.pop()
        found = [inner for name in _EMBEDDED if isinstance(inner := outer.get(name), dict)]
        waiting += reversed(found)
        for inner in found:
            key = _key_of(inner)
            if key not in seen:
                seen.add(key)
                yield inner


def _key_of(status: JsonObject) -> str:
    return str(status.get("id_str") or status.get("id"))


def parse_status(
    status: JsonObject, line: int, window: TimeWindow, seen_at: datetime | None = None
) -> Post:
    """The post of a status; a repost has the text and media of its original.

    `seen_at` is when a stream sent it, which dates its counts.

    Raises:
        BadRecordError: it cannot be a post.
    """
    native_id = read_status_id(status, "id")
    if native_id is None:
        if "text" in status or "full_text" in status:
            raise BadRecordError("id is missing")
        raise BadRecordError(f"neither post nor notice; its keys: {show(sorted(status))}")
    created_at = window.read_x(status.get("created_at"), "created_at")
    original = _read_object(status, "retweeted_status")
    shown = status
    text = _read_status_text(status)
    if original is not None:
        # A bad original is a reject of its own; what the repost itself says is kept then.
        with suppress(BadRecordError):
            text, shown = _read_status_text(original), original
    is_repost = original is not None
    return Post(
        platform=PLATFORM,
        native_id=native_id,
        text=text,
        line=line,
        author=_read_author(status),
        created_at=created_at,
        retrieved_at=seen_at,
        lang=read_lang(status.get("lang")),
        url=make_post_url(native_id),
        reply_to=None if is_repost else _make_reference(status, "in_reply_to_status_id"),
        repost_of=None if original is None else _read_reference_to(original, "retweeted_status"),
        repost_author=None if original is None else _read_author_of(original),
        quote_of=None if is_repost else _read_quoted(status),
        # A repost is given its original's counts, which would count them twice.
        likes=None if is_repost else read_count(status.get("favorite_count")),
        reposts=None if is_repost else read_count(status.get("retweet_count")),
        replies=None if is_repost else read_count(status.get("reply_count")),
        media=_read_media(shown),
    )


def _read_author_of(original: JsonObject) -> str | None:
    """The author of a repost's original; a bad one is a reject of its own."""
    with suppress(BadRecordError):
        return _read_author(original)
    return None


def _read_object(status: JsonObject, name: str) -> JsonObject | None:
    value = status.get(name)
    if value is not None and not isinstance(value, dict):
        raise BadRecordError(f"{name} is not an object: {show(value)}")
    return value


def _read_status_text(status: JsonObject) -> str:
    """The longest form of the text, without the links to what the post shows itself.

    Mentions at the start of a reply stay: they may be what is spoken of.
    """
    whole = _whole_of(status)
    name = "text" if whole.get("full_text") is None else "full_text"
    received = whole.get(name)
    if isinstance(received, str):
        received = _cut_hidden_links(received, whole.get("display_text_range"))
    text = read_text(received, name, unescape=True)
    links = [item.get("url") for item in find_media(whole)]
    quoted_id = read_status_id(status, "quoted_status_id")
    return strip_links(text, [*links, *find_quote_links(whole.get("entities"), quoted_id)])


def _whole_of(status: JsonObject) -> JsonObject:
    """The part of a status that holds the whole text: streams have it in a part of its own."""
    extended = status.get("extended_tweet")
    is_whole = isinstance(extended, dict) and isinstance(extended.get("full_text"), str)
    return extended if isinstance(extended, dict) and is_whole else status


def _cut_hidden_links(text: str, shown: object) -> str:
    """The text up to where it is shown, if only links of X's own stand behind that."""
    if isinstance(shown, list) and len(shown) == 2 and type(shown[1]) is int:
        end = shown[1]
        if 0 <= end < len(text) and _LINKS_ONLY.fullmatch(text, end):
            return text[:end].rstrip()
    return text


def _read_author(status: JsonObject) -> str | None:
    user = _read_object(status, "user")
    return None if user is None else read_status_id(user, "id", "user.id")


def _make_reference(status: JsonObject, name: str) -> str | None:
    found = read_status_id(status, name)
    return f"{PLATFORM}:{found}" if found else None


def _read_reference_to(status: JsonObject, name: str) -> str:
    reference = _make_reference(status, "id")
    if reference is None:
        raise BadRecordError(f"{name}.id is missing")
    return reference


def _read_quoted(status: JsonObject) -> str | None:
    quoted = _read_object(status, "quoted_status")
    if quoted is not None:
        return _read_reference_to(quoted, "quoted_status")
    return _make_reference(status, "quoted_status_id")


def _read_media(status: JsonObject) -> tuple[Media, ...]:
    """Photos, and the preview pictures of films, which have the same address field."""
    whole = _whole_of(status)
    return tuple(
        Media(
            kind=MEDIA_KINDS.get(item.get("type"), "image"),
            url=clean_string(str(item.get("media_url_https") or item.get("media_url"))),
            alt_text=read_optional_string(item.get("ext_alt_text")),
        )
        for item in find_media(whole) or find_media(status)
    )
