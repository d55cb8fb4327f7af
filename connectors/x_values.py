"""What the formats of X share: ids, links to own media at a text's end, quotes."""

import html
import re
from collections.abc import Iterable
from typing import Any

from analytics.contract.records import MediaKind
from connectors.lines import JsonObject
from connectors.values import BadRecordError, show

PLATFORM = "x"
MEDIA_KINDS: dict[object, MediaKind] = {"photo": "image", "video": "video", "animated_gif": "gif"}
_STATUS_URL = re.compile(
    r"^https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/[^/]+/status/(?P<id>\d+)", re.IGNORECASE
)


def make_post_url(native_id: str) -> str:
    """The address of a post, whoever wrote it."""
    return f"https://x.com/i/web/status/{native_id}"


def read_status_id(value: JsonObject, name: str) -> str | None:
    """The digits of an id, of `<name>_str` before `<name>`; None if there is none.

    Raises:
        BadRecordError: it is no whole number.
    """
    found = value.get(f"{name}_str") or value.get(name)
    if found is None or found == "":
        return None
    text = str(found).strip()
    if isinstance(found, bool | float) or not text.isascii() or not text.isdigit():
        raise BadRecordError(f"{name} is not a number: {show(found)}")
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
