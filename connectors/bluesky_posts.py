"""From Bluesky's records and views to posts."""

from datetime import datetime, timedelta
from typing import Any

from analytics.contract.records import Ignored, Media, Post
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

POST = "app.bsky.feed.post"
# A client's clock may be wrong; the server's is not.
_MAX_CLOCK_LEAD = timedelta(days=1)


def parse_bluesky(value: JsonObject, line: int, window: TimeWindow) -> Post | Ignored:
    """The post of a Jetstream event, a feed item or a post view.

    Raises:
        BadRecordError: it cannot be a post.
    """
    if "commit" in value or value.get("kind") in ("identity", "account", "commit"):
        return _parse_event(value, line, window)
    view = value.get("post")
    if isinstance(view, dict):
        reason = value.get("reason")
        if isinstance(reason, dict) and _has_type(reason, "#reasonRepost"):
            return _parse_repost(view, reason, line, window)
        return _parse_view(view, line, window)
    return _parse_view(value, line, window)


def _parse_event(value: JsonObject, line: int, window: TimeWindow) -> Post | Ignored:
    kind = value.get("kind")
    if kind in ("identity", "account"):
        return Ignored(line=line, reason=f"{kind} event")
    commit = _read_object(value.get("commit"), "commit")
    collection = commit.get("collection")
    operation = commit.get("operation")
    if not isinstance(collection, str):
        raise BadRecordError(f"commit.collection is not a string: {show(collection)}")
    if collection != POST:
        return Ignored(line=line, reason=f"record of {clean_string(collection[:80])}")
    if operation == "delete":
        return Ignored(line=line, reason="delete notice")
    if operation not in ("create", "update"):
        raise BadRecordError(f"unknown operation: {show(operation)}")
    did = _read_string(value.get("did"), "did")
    rkey = _read_string(commit.get("rkey"), "rkey")
    record = _read_object(commit.get("record"), "record")
    seen_at = window.read_epoch(value.get("time_us"), "time_us", per_second=1e6)
    return _make_post(
        f"at://{did}/{POST}/{rkey}",
        did,
        record,
        line,
        created_at=_read_created(record, seen_at, window),
        edited_at=seen_at if operation == "update" else None,
        media=_read_record_media(record.get("embed"), did),
    )


def parse_record(
    did: str,
    rkey: str,
    record: JsonObject,
    line: int,
    window: TimeWindow,
    *,
    seen_at: datetime | None,
) -> Post:
    """The post of a record of the account `did`; `seen_at` is the server's time, if known.

    Raises:
        BadRecordError: it cannot be a post.
    """
    return _make_post(
        f"at://{did}/{POST}/{rkey}",
        did,
        record,
        line,
        created_at=_read_created(record, seen_at, window),
        media=_read_record_media(record.get("embed"), did),
    )


def _parse_view(view: JsonObject, line: int, window: TimeWindow) -> Post | Ignored:
    uri = _read_string(view.get("uri"), "uri")
    for key in ("notFound", "blocked"):
        if view.get(key) is True:
            return Ignored(line=line, reason=f"post is {'blocked' if key == 'blocked' else 'gone'}")
    did = _did_of(uri)
    record = _read_object(view.get("record"), "record")
    indexed_at = _read_time(view.get("indexedAt"), window)
    embed = view.get("embed")
    media = _read_view_media(embed) if embed else _read_record_media(record.get("embed"), did)
    return _make_post(
        uri,
        did,
        record,
        line,
        created_at=_read_created(record, indexed_at, window),
        media=media,
        view=view,
    )


def _parse_repost(
    view: JsonObject, reason: JsonObject, line: int, window: TimeWindow
) -> Post | Ignored:
    """A post of its own by who reposted, without the original's counts."""
    original = _parse_view(view, line, window)
    if isinstance(original, Ignored):
        return original
    by = _read_string(_read_object(reason.get("by"), "reason.by").get("did"), "reason.by.did")
    return Post(
        platform="bluesky",
        native_id=f"{original.native_id}#repost:{by}",
        text=original.text,
        line=line,
        author=by,
        created_at=window.read_iso(reason.get("indexedAt"), "reason.indexedAt"),
        lang=original.lang,
        url=original.url,
        repost_of=original.post_id,
        media=original.media,
    )


def _make_post(
    uri: str,
    did: str,
    record: JsonObject,
    line: int,
    *,
    created_at: datetime,
    media: tuple[Media, ...],
    edited_at: datetime | None = None,
    view: JsonObject | None = None,
) -> Post:
    langs = record.get("langs")
    reply = record.get("reply")
    parent = reply.get("parent") if isinstance(reply, dict) else None
    counts = view or {}
    return Post(
        platform="bluesky",
        native_id=uri,
        text=read_text(record.get("text")),
        line=line,
        author=did,
        created_at=created_at,
        edited_at=edited_at,
        lang=read_lang(langs[0]) if isinstance(langs, list) and langs else None,
        url=f"https://bsky.app/profile/{did}/post/{uri.rpartition('/')[2]}",
        reply_to=_read_reference(parent),
        quote_of=_read_reference(_quoted_record(record.get("embed"))),
        likes=read_count(counts.get("likeCount")),
        reposts=read_count(counts.get("repostCount")),
        replies=read_count(counts.get("replyCount")),
        media=media,
    )


def _read_created(record: JsonObject, indexed_at: datetime | None, window: TimeWindow) -> datetime:
    """The client's time, unless it is implausible and the server's is known."""
    value = record.get("createdAt")
    if indexed_at is None:
        return window.read_iso(value, "createdAt")
    created_at = _read_time(value, window)
    if created_at is None or created_at - indexed_at > _MAX_CLOCK_LEAD:
        return indexed_at
    return created_at


def _read_time(value: object, window: TimeWindow) -> datetime | None:
    try:
        return window.read_iso(value, "time")
    except BadRecordError:
        return None


def _read_string(value: object, name: str) -> str:
    if not isinstance(value, str) or not value or len(value) > 1024:
        problem = "is missing" if value is None else f"is not a usable string: {show(value)}"
        raise BadRecordError(f"{name} {problem}")
    return clean_string(value)


def _read_object(value: object, name: str) -> JsonObject:
    if not isinstance(value, dict):
        problem = "is missing" if value is None else f"is not an object: {show(value)}"
        raise BadRecordError(f"{name} {problem}")
    return value


def _did_of(uri: str) -> str:
    parts = uri.split("/")
    if len(parts) != 5 or parts[0] != "at:" or parts[3] != POST or not parts[2] or not parts[4]:
        raise BadRecordError(f"uri does not name a post: {show(uri)}")
    return parts[2]


def _has_type(value: JsonObject, ending: str) -> bool:
    name = value.get("$type")
    return isinstance(name, str) and name.endswith(ending)


def _quoted_record(embed: object) -> object:
    if not isinstance(embed, dict):
        return None
    inner = embed.get("record")
    if isinstance(inner, dict) and "uri" not in inner:  # recordWithMedia
        inner = inner.get("record")
    return inner


def _read_reference(value: object) -> str | None:
    uri = value.get("uri") if isinstance(value, dict) else None
    if isinstance(uri, str) and f"/{POST}/" in uri and len(uri) <= 1024:
        return f"bluesky:{clean_string(uri)}"
    return None


def _read_view_media(embed: object) -> tuple[Media, ...]:
    """Pictures and films of a view, with the addresses that the server gives."""
    part = _media_part(embed)
    playlist = read_optional_string(part.get("playlist"))
    if playlist is not None:
        alt = read_optional_string(part.get("alt"))
        return (Media(kind="video", url=playlist, alt_text=alt),)
    found = []
    for image in _objects_of(part.get("images")):
        url = read_optional_string(image.get("fullsize") or image.get("thumb"))
        if url is not None:
            alt = read_optional_string(image.get("alt"))
            found.append(Media(kind="image", url=url, alt_text=alt))
    return tuple(found)


def _read_record_media(embed: object, did: str) -> tuple[Media, ...]:
    """Pictures of a record, which holds only content ids: the address is made of them."""
    found = []
    for image in _objects_of(_media_part(embed).get("images")):
        blob = image.get("image")
        reference = blob.get("ref") if isinstance(blob, dict) else None
        cid = reference.get("$link") if isinstance(reference, dict) else None
        if isinstance(cid, str) and cid.isalnum():
            url = f"https://cdn.bsky.app/img/feed_fullsize/plain/{did}/{cid}@jpeg"
            alt = read_optional_string(image.get("alt"))
            found.append(Media(kind="image", url=url, alt_text=alt))
    return tuple(found)


def _media_part(embed: object) -> JsonObject:
    if not isinstance(embed, dict):
        return {}
    inner = embed.get("media")  # recordWithMedia
    return inner if isinstance(inner, dict) else embed


def _objects_of(value: Any) -> list[JsonObject]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
