"""From the statuses of Mastodon's API to posts."""

import re
from collections.abc import Iterator

from analytics.contract.records import Ignored, Media, MediaKind, Post
from connectors.json_layouts import objects_of
from connectors.lines import JsonObject
from connectors.mastodon_values import (
    FOLLOWERS_ONLY,
    NAMED_ONLY,
    PLATFORM,
    is_address,
    join_text,
    read_address,
    read_late_time,
    read_optional_address,
    refer,
)
from connectors.values import (
    BadRecordError,
    TimeWindow,
    clean_string,
    read_count,
    read_lang,
    read_optional_id,
    read_optional_string,
    show,
)

_PUBLIC = frozenset(("public", "unlisted"))
_NOT_PUBLIC = {"private": FOLLOWERS_ONLY, "direct": NAMED_ONLY}
_KINDS: dict[object, MediaKind] = {
    "image": "image",
    "gifv": "gif",
    "video": "video",
    "audio": "audio",
}
_OWN_STATUS = re.compile(r"^(?P<actor>https?://.+)/statuses/(?P<id>\d+)(?:/activity)?$")


def is_version(value: JsonObject) -> bool:
    """Whether a value is one of the versions of an edited post, which have no id."""
    return {"content", "spoiler_text", "created_at", "account"} <= value.keys() and not {
        "id",
        "uri",
        "visibility",
    } & value.keys()


def find_embedded(status: JsonObject) -> Iterator[JsonObject]:
    """The original of a boost and quoted posts, at any depth, each once."""
    seen = {str(status.get("uri"))}
    waiting = [status]
    while waiting:
        outer = waiting.pop()
        found = [inner for inner in (outer.get("reblog"), _quoted_in(outer)) if inner]
        for inner in objects_of(found):
            waiting.append(inner)
            if str(inner.get("uri")) not in seen:
                seen.add(str(inner.get("uri")))
                yield inner


def parse_api_status(
    status: JsonObject, line: int, window: TimeWindow, *, includes_private: bool = False
) -> Post | Ignored:
    """The post of a status; Ignored if not all may read it, unless it `includes_private`.

    A boost has the text and media of its original, and an id of its own.

    Raises:
        BadRecordError: it cannot be a post.
    """
    if is_version(status):
        return Ignored(line=line, reason="version of an edited post")
    original = _read_object(status, "reblog")
    for part in (status, original):
        reason = None if part is None else _find_limit(part)
        if reason is not None and not includes_private:
            return Ignored(line=line, reason=reason)
    uri = _read_uri(status, "uri")
    shown = status if original is None else original
    is_boost = original is not None
    return Post(
        platform=PLATFORM,
        native_id=uri,
        text=join_text(shown.get("spoiler_text"), shown.get("content")),
        line=line,
        author=_read_author(status, uri),
        created_at=window.read_iso(status.get("created_at"), "created_at"),
        edited_at=None if is_boost else read_late_time(status.get("edited_at"), window),
        lang=read_lang(shown.get("language")),
        url=read_optional_address(shown.get("url")) or uri,
        reply_to=None if is_boost else _read_parent(status, uri),
        repost_of=None if original is None else refer(_read_uri(original, "reblog.uri")),
        repost_author=(
            None if original is None else _read_author(original, _read_uri(original, "reblog.uri"))
        ),
        quote_of=None if is_boost else _read_quoted(status),
        likes=None if is_boost else read_count(status.get("favourites_count")),
        reposts=None if is_boost else read_count(status.get("reblogs_count")),
        replies=None if is_boost else read_count(status.get("replies_count")),
        media=_read_media(shown),
    )


def _read_object(status: JsonObject, name: str) -> JsonObject | None:
    value = status.get(name)
    if value is not None and not isinstance(value, dict):
        raise BadRecordError(f"{name} is not an object: {show(value)}")
    return value


def _read_uri(status: JsonObject, name: str) -> str:
    return read_address(status.get("uri") or status.get("url"), name)


def _find_limit(status: JsonObject) -> str | None:
    """Why a post is not for all to read; None if it is.

    Raises:
        BadRecordError: it does not say.
    """
    visibility = status.get("visibility")
    if not isinstance(visibility, str):
        problem = "is missing" if visibility is None else f"is not a string: {show(visibility)}"
        raise BadRecordError(f"visibility {problem}")
    if visibility in _PUBLIC:
        return None
    return _NOT_PUBLIC.get(visibility, f"post of visibility {show(visibility)}")


def _read_author(status: JsonObject, uri: str) -> str | None:
    """The account's address, which archives have, too; older servers give only the page's."""
    account = _read_object(status, "account")
    if account is None:
        return None
    if is_address(account.get("uri")):
        return read_address(account["uri"], "account.uri")
    match = _OWN_STATUS.match(uri)
    return match["actor"] if match else read_optional_address(account.get("url"))


def _read_parent(status: JsonObject, uri: str) -> str | None:
    """The post that is replied to.

    The API names it by a number of the server that was asked. Only where an account
    of that server replies to itself is the address known.
    """
    parent = read_optional_id(status.get("in_reply_to_id"), "in_reply_to_id")
    if parent is None:
        return None
    match = _OWN_STATUS.match(uri)
    account = status.get("account")
    author = account.get("id") if isinstance(account, dict) else None
    is_own = author is not None and author == status.get("in_reply_to_account_id")
    if match and is_own and match["id"] == status.get("id"):
        return refer(f"{match['actor']}/statuses/{parent}")
    return refer(parent)


def _quoted_in(status: JsonObject) -> JsonObject | None:
    """The quoted post: in a frame with its state, or as it is (other servers)."""
    quote = status.get("quote")
    if not isinstance(quote, dict):
        return None
    inner = quote.get("quoted_status")
    if isinstance(inner, dict):
        return inner
    return quote if "uri" in quote else None


def _read_quoted(status: JsonObject) -> str | None:
    quote = _read_object(status, "quote")
    if quote is None:
        return None
    inner = _quoted_in(status)
    if inner is not None:
        return refer(_read_uri(inner, "quote.uri"))
    native_id = read_optional_id(quote.get("quoted_status_id"), "quoted_status_id")
    return None if native_id is None else refer(native_id)


def _read_media(status: JsonObject) -> tuple[Media, ...]:
    found = []
    for item in objects_of(status.get("media_attachments")):
        url = item.get("url") or item.get("remote_url")
        if isinstance(url, str) and url:
            kind = _KINDS.get(str(item.get("type")), "other")
            alt = read_optional_string(item.get("description"))
            found.append(Media(kind=kind, url=clean_string(url), alt_text=alt))
    return tuple(found)
