"""What every connector's posts and deletions must hold."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analytics.contract.record_checks import find_deletion_fault, find_post_fault
from analytics.contract.records import Deletion, Media, Post

NOW = datetime(2026, 3, 20, tzinfo=UTC)


def make(**values: Any) -> Post:
    return Post(**{"platform": "guestbook", "native_id": "1", "text": "x", "line": 1, **values})


def test_a_good_post_has_no_fault() -> None:
    media = (Media(kind="image", url="https://example.org/a.jpg"),)
    post = make(author="a", created_at=NOW, likes=3, media=media, aspects=("tram",))
    assert find_post_fault(post, now=NOW) is None
    assert find_post_fault(make(text=""), now=NOW) is None


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"text": 7}, "text is not text: '7' (int)"),
        ({"native_id": 7}, "native_id is not text"),
        ({"platform": ""}, "platform is empty"),
        ({"author": 7}, "author is not text"),
        ({"likes": "7"}, "likes is not a whole number"),
        ({"likes": True}, "likes is not a whole number"),
        ({"created_at": "2026"}, "created_at is not a time with its zone"),
        ({"created_at": NOW.replace(tzinfo=None)}, "created_at is not a time with its zone"),
        ({"created_at": datetime(9999, 1, 1, tzinfo=UTC)}, "created_at out of range: 9999"),
        ({"created_at": NOW + timedelta(days=3)}, "created_at out of range"),
        ({"aspects": "tram"}, "aspects is not a tuple of texts"),
        ({"aspects": (7,)}, "an aspect is not text"),
        ({"media": ("a.jpg",)}, "media is not Media"),
        ({"media": (Media(kind="image", url=7),)}, "media is not text"),  # type: ignore[arg-type]
    ],
)
def test_faults_are_named(values: dict[str, Any], fault: str) -> None:
    assert (find_post_fault(make(**values), now=NOW) or "").startswith(fault)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"native_id": "1"}, ""),
        ({"author": "a", "deleted_at": NOW}, ""),
        ({}, "native_id of a deletion is not text: 'None'"),
        ({"native_id": ""}, "native_id of a deletion is empty"),
        ({"native_id": 7}, "native_id of a deletion is not text"),
        ({"author": ""}, "author of a deletion is empty"),
        ({"author": "a", "native_id": "1"}, "a deletion names both a post and an author"),
        ({"platform": "", "native_id": "1"}, "platform of a deletion is empty"),
        ({"native_id": "1", "deleted_at": "2026"}, "deleted_at is not a time with its zone"),
        ({"native_id": "1", "deleted_at": NOW + timedelta(days=3)}, "deleted_at out of range"),
    ],
)
def test_faults_of_deletions_are_named(values: dict[str, Any], fault: str) -> None:
    deletion = Deletion(**{"platform": "guestbook", "line": 1, **values})
    found = find_deletion_fault(deletion, now=NOW)
    assert found is None if not fault else (found or "").startswith(fault)
