"""What the formats of X share: ids, links to own media at a text's end, quotes."""

import html
import re
from collections.abc import Iterable, Iterator
from typing import Any

from analytics.contract.records import MediaKind
from connectors.lines import JsonObject
from connectors.values import BadRecordError, show

PLATFORM = "x"
MEDIA_KINDS: dict[object, MediaKind] = {"photo": "image", "video": "video", "animated_gif": "gif"}
_MAX_ID_DIGITS = 20  # of 64 bits
_STATUS_URL = re.compile(
    r"^https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/[^/]+/status/(?P<id>\d+)", re.IGNORECASE
)


def make_post_url(native_id: str) -> str:
    """The address of a post, whoever wrote it."""
    return f"https://x.com/i/web/status/{native_id}"


def read_status_id(value: JsonObject, name: str, shown_as: str | None = None) -> str | None:
    """The digits of an id, of `<name>_str` before `<name>`; None if there is none.

    `shown_as` is the name in the reason of a reject, where it is not `name`.

    Raises:
        BadRecordError: it is no whole number.
    """
    found = value.get(f"{name}_str") or value.get(name)
    if found is None or found == "":
        return None
    text = str(found).strip() if isinstance(found, str | int) else ""
    is_number = text.isascii() and text.isdigit() and len(text) <= _MAX_ID_DIGITS
    if isinstance(found, bool) or not is_number:
        raise BadRecordError(f"{shown_as or name} is not a number: {show(found)}")
    return text


def find_media(status: JsonObject) -> list[JsonObject]:
    """The media of a post that have an address; the extended list holds them all."""
    for key in ("extended_entities", "entities"):
        entities = status.get(key)
        items = entities.get("media") if isinstance(entities, dict) else None
        if isinstance(items, list) and items:
            return [
                item
                for item in items
                if isinstance(item, dict)
                and isinstance(item.get("media_url_https") or item.get("media_url"), str)
            ]
    return []


def strip_links(text: str, links: Iterable[Any]) -> str:
    """The text without those links at its end."""
    wanted = tuple(link for link in links if isinstance(link, str) and link)
    while wanted and text.endswith(wanted):
        link = next(link for link in wanted if text.endswith(link))
        text = text.removesuffix(link).rstrip()
    return text


def find_linked_post(expanded_url: object) -> str | None:
    """The id of the post that an address is of."""
    if not isinstance(expanded_url, str):
        return None
    match = _STATUS_URL.match(html.unescape(expanded_url))
    return match["id"] if match else None


def find_quote_links(entities: object, quoted_id: str | None) -> Iterator[str]:
    """The links of a text to the post that it quotes; X shows that post instead of them."""
    urls = entities.get("urls") if isinstance(entities, dict) else None
    if not isinstance(urls, list) or quoted_id is None:
        return
    for item in urls:
        url = item.get("url") if isinstance(item, dict) else None
        if isinstance(url, str) and find_linked_post(item.get("expanded_url")) == quoted_id:
            yield url
