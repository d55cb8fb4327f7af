"""What both forms of Mastodon's posts share: ids, texts, who may read them."""

from datetime import datetime

from connectors.html_text import read_html_text
from connectors.values import (
    MAX_ID_CHARACTERS,
    BadRecordError,
    TimeWindow,
    clean_string,
    read_text,
    show,
)

PLATFORM = "mastodon"
FOLLOWERS_ONLY = "post for followers only"
NAMED_ONLY = "post for named accounts only"


def refer(uri: str) -> str:
    """The id under which a post of that address is stored."""
    return f"{PLATFORM}:{uri}"


def is_address(value: object) -> bool:
    """Whether a value is the address of a post or account."""
    return (
        isinstance(value, str)
        and value.startswith(("http://", "https://"))
        and len(value) <= MAX_ID_CHARACTERS
    )


def read_address(value: object, name: str) -> str:
    """An address, which is the id of a post everywhere.

    Raises:
        BadRecordError: it is missing or no address.
    """
    if isinstance(value, str) and is_address(value):
        return clean_string(value)
    raise BadRecordError(
        f"{name} is missing" if not value else f"{name} is not an address: {show(value)}"
    )


def read_optional_address(value: object) -> str | None:
    """The address, None for anything else."""
    return clean_string(value) if isinstance(value, str) and is_address(value) else None


def join_text(warning: object, markup: object, name: str = "content") -> str:
    """The text of a post; a content warning stands before it as its first paragraph.

    Raises:
        BadRecordError: one of them is no string, or they are too long.
    """
    if not isinstance(markup, str):
        raise BadRecordError(f"{name} is missing" if markup is None else f"{name} is not a string")
    text = read_html_text(markup)
    if warning is not None and not isinstance(warning, str):
        raise BadRecordError(f"content warning is not a string: {show(warning)}")
    return read_text("\n\n".join(part for part in ((warning or "").strip(), text) if part))


def read_late_time(value: object, window: TimeWindow) -> datetime | None:
    """The time of an edit; an odd one does not cost the post."""
    try:
        return window.read_iso(value, "time")
    except BadRecordError:
        return None
