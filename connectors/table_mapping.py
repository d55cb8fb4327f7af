"""Which column of a table holds which field of a post."""

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from analytics.contract.errors import SourceFormatError

# Field of a post -> names that its column often has, the likeliest first.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "id": ("id", "post_id", "tweet_id", "status_id", "comment_id", "id_str", "native_id", "uuid"),
    "text": (
        "text",
        "full_text",
        "body",
        "content",
        "message",
        "tweet",
        "post",
        "comment",
        "caption",
        "post_text",
        "tweet_text",
        "sentence",
        "review",
        "description",
    ),
    "created_at": (
        "created_at",
        "created",
        "created_utc",
        "created_time",
        "timestamp",
        "datetime",
        "date",
        "time",
        "published_at",
        "posted_at",
        "published",
        "post_date",
    ),
    "author": (
        "author_id",
        "author",
        "user_id",
        "user",
        "username",
        "screen_name",
        "user_name",
        "handle",
        "account",
    ),
    "lang": ("lang", "language"),
    "url": ("url", "permalink", "link", "post_url", "tweet_url"),
    "platform": ("platform", "network"),
    "reply_to": ("reply_to", "in_reply_to", "in_reply_to_id", "in_reply_to_status_id", "parent_id"),
    "repost_of": ("repost_of", "retweet_of", "retweeted_status_id"),
    "likes": (
        "likes",
        "like_count",
        "favorite_count",
        "favourites_count",
        "favorites",
        "score",
        "upvotes",
    ),
    "reposts": ("reposts", "repost_count", "retweets", "retweet_count", "shares", "share_count"),
    "replies": ("replies", "reply_count", "num_comments", "comment_count", "comments"),
    "views": ("views", "view_count", "impressions", "impression_count"),
    "image": (
        "image",
        "image_path",
        "image_url",
        "images",
        "picture",
        "photo",
        "media_url",
        "media",
        "img",
    ),
    "aspect": ("aspect", "aspects", "aspect_term", "entity"),
}
FIELDS: tuple[str, ...] = tuple(SYNONYMS)
_NOISE = re.compile(r"[\s_\-.]+")


def _simplify(column: str) -> str:
    return _NOISE.sub("", column.lower())


def propose_mapping(columns: Iterable[str]) -> dict[str, str]:
    """A guess of the mapping, post field -> column, from the columns' names."""
    by_simple: dict[str, str] = {}
    for column in columns:
        by_simple.setdefault(_simplify(column), column)
    found: dict[str, str] = {}
    for field, names in SYNONYMS.items():
        for name in names:
            match = by_simple.get(_simplify(name))
            if match is not None and match not in found.values():
                found[field] = match
                break
    return found


def complete_mapping(
    path: Path, given: Mapping[str, str], columns: Iterable[str]
) -> dict[str, str]:
    """The given mapping, its gaps filled by guesses from columns still free.

    Raises:
        SourceFormatError: an unknown field, an absent column, or no text column.
    """
    columns = list(columns)
    listed = ", ".join(columns[:40]) or "none"
    faults = []
    for field, column in given.items():
        if field not in SYNONYMS:
            near = difflib.get_close_matches(field, FIELDS, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            faults.append(f"unknown post field {field!r}{hint} Fields: {', '.join(FIELDS)}")
        elif columns.count(column) != 1:
            near = difflib.get_close_matches(column, columns, n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            problem = "is there more than once" if column in columns else "is not there"
            faults.append(f"{field} = {column!r}: the column {problem}{hint}")
    if faults:
        raise SourceFormatError(f"{path}: mapping: {'; '.join(faults)}. Columns: {listed}")
    taken = set(given.values())
    guessed = propose_mapping(column for column in columns if column not in taken)
    mapping = {**{f: c for f, c in guessed.items() if columns.count(c) == 1}, **given}
    if "text" not in mapping:
        raise SourceFormatError(
            f"{path}: no column looks like a post's text. Columns: {listed}. "
            'Name it in the source\'s mapping, e.g. mapping = { text = "..." }'
        )
    return mapping
