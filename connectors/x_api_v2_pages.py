"""From the responses of X's API v2 to posts: what is apart in them is joined."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from analytics.contract.records import Ignored, Media, Post
from connectors.json_layouts import objects_of, parse_part
from connectors.lines import JsonObject, parse_safely
from connectors.protocol import Record
from connectors.values import (
    BadRecordError,
    TimeWindow,
    clean_string,
    make_reject,
    read_count,
    read_lang,
    read_optional_string,
    read_text,
    show,
)
from connectors.x_values import (
    MEDIA_KINDS,
    PLATFORM,
    find_linked_post,
    find_quote_links,
    make_post_url,
    read_status_id,
    strip_links,
)

_MEDIA_URL = re.compile(r"/status/\d+/(?:photo|video)/\d+/?$")
# Ids hold their time since November 2010: milliseconds in all but 22 bits.
_FIRST_TIMED_ID = 2**47
_ID_EPOCH_MS = 1_288_834_974_657


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """What the posts of one response share."""

    posts: dict[str, JsonObject]
    media: dict[str, JsonObject]
    retrieved_at: datetime | None
    window: TimeWindow


def expand_response(
    value: JsonObject, line: int, raw: bytes | str, window: TimeWindow
) -> Iterator[Record]:
    """The records of a response, or of a post that was taken out of one.

    First those of `data`, then the included posts that are not in `data`: a page
    includes the originals of its reposts, quoted posts and parents with all that
    belongs to a post.

    Raises:
        BadRecordError: it is neither.
    """
    if "data" not in value and "includes" not in value and _is_bare(value):
        page = _make_page([value], {}, value.get("__twarc"), window)
        yield from _expand_posts([value], {}, line, raw, page)
        return
    posts = _read_data(value)
    includes = value.get("includes")
    if includes is not None and not isinstance(includes, dict):
        yield make_reject(line, f"includes is not an object: {show(includes)}", raw)
        includes = None
    page = _make_page(posts, includes or {}, value.get("__twarc"), window)
    is_empty = True
    for record in _expand_posts(posts, includes or {}, line, raw, page):
        is_empty = False
        yield record
    if is_empty:
        yield Ignored(line=line, reason="response without posts")


def _is_bare(value: JsonObject) -> bool:
    return "text" in value or "id" in value


def _read_data(value: JsonObject) -> list[object]:
    data = value.get("data")
    if isinstance(data, list):
        return data
    if isinstance(data, dict):
        return [data]
    if data is not None:
        raise BadRecordError(f"data is neither a list nor an object: {show(data)}")
    is_problem = {"title", "detail"} <= value.keys()
    if not is_problem and not {"includes", "errors", "meta", "__twarc"} & value.keys():
        raise BadRecordError(f"neither a response nor a post; its keys: {show(sorted(value))}")
    return []


def _make_page(
    posts: list[object], includes: JsonObject, twarc: object, window: TimeWindow
) -> _Page:
    known: dict[str, JsonObject] = {}
    for post in [*objects_of(posts), *_find_included(posts, includes)]:
        if isinstance(post, dict) and isinstance(post.get("id"), str):
            known.setdefault(post["id"], post)
    return _Page(
        posts=known,
        media={
            item["media_key"]: item
            for item in objects_of(includes.get("media"))
            if isinstance(item.get("media_key"), str)
        },
        retrieved_at=_read_retrieval(twarc, window),
        window=window,
    )


def _find_included(posts: list[object], includes: JsonObject) -> Iterator[object]:
    """The posts that came with others: beside them or, flattened, inside them."""
    included = includes.get("tweets")
    if isinstance(included, list):
        yield from included
    waiting = objects_of(posts)
    while waiting:
        for reference in objects_of(waiting.pop().get("referenced_tweets")):
            if "text" in reference:
                yield reference
                waiting.append(reference)


def _expand_posts(
    posts: list[object], includes: JsonObject, line: int, raw: bytes | str, page: _Page
) -> Iterator[Record]:
    def parse(value: JsonObject, line: int) -> Post | Ignored:
        return _parse_post(value, line, page)

    seen = set()
    for post in posts:
        seen.add(_key_of(post))
        if len(posts) == 1 and not includes:
            yield parse_safely(parse, post, line, raw)
        else:
            yield parse_part(parse, post, line)
    for post in _find_included(posts, includes):
        if _key_of(post) not in seen:
            seen.add(_key_of(post))
            yield parse_part(parse, post, line)


def _key_of(post: object) -> str:
    """An id, or what stands in its place: two bad posts are two rejects."""
    native_id = post.get("id") if isinstance(post, dict) else None
    return native_id if isinstance(native_id, str) else f"\0{id(post)}"


def _read_retrieval(twarc: object, window: TimeWindow) -> datetime | None:
    """When twarc had the response, which dates the counts."""
    try:
        found = twarc.get("retrieved_at") if isinstance(twarc, dict) else None
        return window.read_iso(found, "retrieved_at")
    except BadRecordError:
        return None


def _parse_post(post: JsonObject, line: int, page: _Page) -> Post | Ignored:
    if "text" not in post and "username" in post:
        return Ignored(line=line, reason="user record")
    native_id = read_status_id(post, "id")
    if native_id is None:
        raise BadRecordError("id is missing")
    references = _read_references(post)
    original_id = references.get("retweeted")
    original = _find_original(post, original_id, page)
    text, media = _read_post_text(post, native_id), _read_media(post, page)
    repost_author = None
    if original is not None and original_id is not None:
        # A bad original is a reject of its own; what the repost itself says is kept then.
        with suppress(BadRecordError):
            text = _read_post_text(original, original_id)
            media = _read_media(original, page) or media
            repost_author = read_status_id(original, "author_id")
    is_repost = original_id is not None
    # A repost is given its original's counts, which would count them twice.
    counts = {} if is_repost else _read_object(post, "public_metrics")
    return Post(
        platform=PLATFORM,
        native_id=native_id,
        text=text,
        line=line,
        author=read_status_id(post, "author_id"),
        created_at=_read_created(post, native_id, page.window),
        retrieved_at=page.retrieved_at,
        lang=read_lang(post.get("lang")),
        url=make_post_url(native_id),
        reply_to=None if is_repost else _refer(references.get("replied_to")),
        repost_of=_refer(original_id),
        repost_author=repost_author,
        quote_of=None if is_repost else _refer(references.get("quoted")),
        likes=read_count(counts.get("like_count")),
        reposts=read_count(counts.get("retweet_count")),
        replies=read_count(counts.get("reply_count")),
        views=read_count(counts.get("impression_count")),
        media=media,
    )


def _read_references(post: JsonObject) -> dict[object, str]:
    """The id of each kind of referenced post."""
    found: dict[object, str] = {}
    references = post.get("referenced_tweets") or []
    if not isinstance(references, list):
        raise BadRecordError(f"referenced_tweets is not a list: {show(references)}")
    for reference in references:
        if not isinstance(reference, dict) or not isinstance(reference.get("type"), str):
            raise BadRecordError(f"referenced_tweets holds no reference: {show(reference)}")
        native_id = read_status_id(reference, "id", "referenced_tweets.id")
        if native_id is None:
            raise BadRecordError("referenced_tweets.id is missing")
        found[reference["type"]] = native_id
    return found


def _find_original(post: JsonObject, original_id: str | None, page: _Page) -> JsonObject | None:
    """The original of a repost, where it came with the page and has a text."""
    original = None if original_id is None else page.posts.get(original_id)
    has_text = original is not None and isinstance(original.get("text"), str)
    return original if has_text and original is not post else None


def _refer(native_id: str | None) -> str | None:
    return None if native_id is None else f"{PLATFORM}:{native_id}"


def _read_post_text(post: JsonObject, native_id: str) -> str:
    """The longest form of the text, without the links at its end to what X shows itself."""
    note = post.get("note_tweet")
    is_long = isinstance(note, dict) and isinstance(note.get("text"), str)
    whole: JsonObject = note if isinstance(note, dict) and is_long else post
    text = read_text(whole.get("text"), unescape=True)
    quoted_id = _read_references(post).get("quoted")
    links: list[object] = []
    for part in (whole, post):
        entities = _read_object(part, "entities")
        links += _find_media_links(entities, native_id)
        links += find_quote_links(entities, quoted_id)
    return strip_links(text, links)


def _find_media_links(entities: JsonObject, native_id: str) -> Iterator[object]:
    for item in objects_of(entities.get("urls")):
        expanded = item.get("expanded_url")
        is_media = isinstance(expanded, str) and _MEDIA_URL.search(expanded) is not None
        if "media_key" in item or (is_media and find_linked_post(expanded) == native_id):
            yield item.get("url")


def _read_media(post: JsonObject, page: _Page) -> tuple[Media, ...]:
    """Photos, and the preview pictures of films."""
    attachments = _read_object(post, "attachments")
    keys = attachments.get("media_keys")
    items = objects_of(attachments.get("media")) or [
        page.media[key]
        for key in (keys if isinstance(keys, list) else [])
        if isinstance(key, str) and key in page.media
    ]
    found = []
    for item in items:
        url = item.get("url") or item.get("preview_image_url")
        if isinstance(url, str):
            kind = MEDIA_KINDS.get(str(item.get("type")), "other")
            alt = read_optional_string(item.get("alt_text"))
            found.append(Media(kind=kind, url=clean_string(url), alt_text=alt))
    return tuple(found)


def _read_created(post: JsonObject, native_id: str, window: TimeWindow) -> datetime | None:
    """The time, which a response has only if it was asked for; else that of the id."""
    if post.get("created_at") is not None:
        return window.read_iso(post["created_at"], "created_at")
    if int(native_id) < _FIRST_TIMED_ID:
        return None
    made_ms = (int(native_id) >> 22) + _ID_EPOCH_MS
    return window.read_epoch(made_ms, "time of the id", per_second=1e3)


def _read_object(value: JsonObject, name: str) -> JsonObject:
    """The object of a field, {} if there is none."""
    found = value.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise BadRecordError(f"{name} is not an object: {show(found)}")
    return found
