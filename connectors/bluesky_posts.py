"""From Bluesky's records and views to posts."""

from datetime import datetime
from typing import Any

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

POST = "app.bsky.feed.post"
_EVENTS = ("commit", "identity", "account", "tombstone")
# What an account event says of an account that is gone for good; one that is taken down,
# suspended or deactivated may come back.
_GONE = ("deleted", "tombstoned")


def parse_bluesky(value: JsonObject, line: int, window: TimeWindow) -> Post | Ignored | Deletion:
    """The post or deletion of a Jetstream event, or the post of a feed item or post view.

    Raises:
        BadRecordError: it cannot be a post.
    """
    if "commit" in value or value.get("kind") in _EVENTS:
        return _parse_event(value, line, window)
    view = value.get("post")
    if isinstance(view, dict):
        reason = value.get("reason")
        if isinstance(reason, dict) and _has_type(reason, "#reasonRepost"):
            return _parse_repost(view, reason, line, window)
        return _parse_view(view, line, window)
    return _parse_view(value, line, window)


def _parse_event(value: JsonObject, line: int, window: TimeWindow) -> Post | Ignored | Deletion:
    kind = value.get("kind")
    if kind == "account":
        return _parse_account(value, line, window)
    if kind == "tombstone":
        return _delete_account(value, line, window)
    if kind == "identity":
        return Ignored(line=line, reason="identity event")
    commit = _read_object(value.get("commit"), "commit")
    collection = commit.get("collection")
    operation = commit.get("operation")
    if not isinstance(collection, str):
        raise BadRecordError(f"commit.collection is not a string: {show(collection)}")
    if collection != POST:
        return Ignored(line=line, reason=f"record of {clean_string(collection[:80])}")
    if operation not in ("create", "update", "delete"):
        raise BadRecordError(f"unknown operation: {show(operation)}")
    did = _read_string(value.get("did"), "did")
    rkey = _read_string(commit.get("rkey"), "rkey")
    uri = f"at://{did}/{POST}/{rkey}"
    if operation == "delete":
        deleted_at = _read_event_time(value, window)
        return Deletion(platform="bluesky", native_id=uri, deleted_at=deleted_at, line=line)
    record = _read_object(commit.get("record"), "record")
    seen_at = window.read_epoch(value.get("time_us"), "time_us", per_second=1e6)
    return _make_post(
        uri,
        did,
        record,
        line,
        created_at=_read_created(record, seen_at, window),
        edited_at=seen_at if operation == "update" else None,
        # An event has no counts to date, but says when the post was as it is here.
        retrieved_at=seen_at,
        media=_read_record_media(record.get("embed"), did),
    )


def _parse_account(value: JsonObject, line: int, window: TimeWindow) -> Ignored | Deletion:
    account = _read_object(value.get("account"), "account")
    status = account.get("status")
    if account.get("active") is False and status in _GONE:
        return _delete_account(value, line, window)
    named = f" ({clean_string(status[:80])})" if isinstance(status, str) else ""
    return Ignored(line=line, reason=f"account event{named}")


def _delete_account(value: JsonObject, line: int, window: TimeWindow) -> Deletion:
    did = _read_string(value.get("did"), "did")
    deleted_at = _read_event_time(value, window)
    return Deletion(platform="bluesky", author=did, deleted_at=deleted_at, line=line)


def _read_event_time(value: JsonObject, window: TimeWindow) -> datetime | None:
    """When it happened; a notice without a usable time is honoured all the same."""
    try:
        return window.read_epoch(value.get("time_us"), "time_us", per_second=1e6)
    except BadRecordError:
        return None


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
        repost_author=original.author,
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
    retrieved_at: datetime | None = None,
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
        retrieved_at=retrieved_at,
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
    """The client's time, unless it is implausible or later than the server's.

    A client's clock may be wrong, the server's is not: a post that seems to be made after
    it was indexed would outlive its own deletion.
    """
    value = record.get("createdAt")
    if indexed_at is None:
        return window.read_iso(value, "createdAt")
    created_at = _read_time(value, window)
    return indexed_at if created_at is None else min(created_at, indexed_at)


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
