"""What every connector's posts and deletions must hold, checked where they enter the engine."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from analytics.contract.records import Deletion, Media, Post

# Before the first such platform; after it, a clock that is wrong.
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST_AFTER_NOW = timedelta(days=2)

# Made once: a union in an isinstance is made anew for every field of every post.
_MAYBE_TEXT, _MAYBE_INT = (str, type(None)), (int, type(None))
_TEXTS = ("platform", "native_id", "text")
_MAYBE_TEXTS = ("author", "lang", "url", "reply_to", "repost_of", "repost_author", "quote_of")
_COUNTS = ("likes", "reposts", "replies", "views")
_TIMES = ("created_at", "edited_at", "retrieved_at")


def find_post_fault(post: Post, *, now: datetime) -> str | None:
    """Why a post cannot be stored, e.g. a text that is a number; None if it can.

    Types at run time are what a connector makes of them: JSON has numbers where one
    expects text. Times lie between 1990 and two days after `now`, as in our connectors.
    """
    for name in _TEXTS:
        if not isinstance(value := getattr(post, name), str):
            return _describe(name, value, "text")
        if not value and name != "text":
            return f"{name} is empty"
    for name in _MAYBE_TEXTS:
        if not isinstance(value := getattr(post, name), _MAYBE_TEXT):
            return _describe(name, value, "text")
    for name in _COUNTS:
        value = getattr(post, name)
        if not isinstance(value, _MAYBE_INT) or isinstance(value, bool):
            return _describe(name, value, "a whole number")
    for name in _TIMES:
        value = getattr(post, name)
        if value is None:
            continue
        if not isinstance(value, datetime) or value.tzinfo is None:
            return _describe(name, value, "a time with its zone")
        if name != "retrieved_at" and not EARLIEST <= value <= now + LATEST_AFTER_NOW:
            return f"{name} out of range: {value.isoformat()}"
    return _find_parts_fault(post)


def find_deletion_fault(deletion: Deletion, *, now: datetime) -> str | None:
    """Why a notice cannot be honoured; None if it can. Times are bounded as those of posts."""
    names = ("platform", "native_id" if deletion.author is None else "author")
    for name in names:
        if not isinstance(value := getattr(deletion, name), str):
            return _describe(f"{name} of a deletion", value, "text")
        if not value:
            return f"{name} of a deletion is empty"
    if deletion.author is not None and deletion.native_id is not None:
        return "a deletion names both a post and an author"
    value = deletion.deleted_at
    if value is None:
        return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        return _describe("deleted_at", value, "a time with its zone")
    if not EARLIEST <= value <= now + LATEST_AFTER_NOW:
        return f"deleted_at out of range: {value.isoformat()}"
    return None


def _find_parts_fault(post: Post) -> str | None:
    aspects: Any = post.aspects  # what the types promise is what is checked here
    media: Any = post.media
    if not isinstance(aspects, tuple | list | set | frozenset):
        return _describe("aspects", aspects, "a tuple of texts")
    for aspect in aspects:
        if not isinstance(aspect, str):
            return _describe("an aspect", aspect, "text")
    if not isinstance(media, tuple | list):
        return _describe("media", media, "a tuple of Media")
    for entry in media:
        if not isinstance(entry, Media):
            return _describe("media", entry, "Media")
        texts: tuple[Any, ...] = (entry.kind, entry.url or "", entry.alt_text or "")
        for text in texts:
            if not isinstance(text, str):
                return _describe("media", text, "text")
        path: Any = entry.source_path
        if not isinstance(path, Path | str | None):
            return _describe("source_path of media", path, "a path")
    return None


def _describe(name: str, value: object, wanted: str) -> str:
    return f"{name} is not {wanted}: {str(value)[:80]!r} ({type(value).__name__})"
