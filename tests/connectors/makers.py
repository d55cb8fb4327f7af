"""Invented records of the formats whose fixtures are made in code."""

from typing import Any

Record = dict[str, Any]


def make_status(native_id: int = 5_000_000_000_000_000_005, **fields: Any) -> Record:
    """A post of Twitter's API v1.1 in extended mode."""
    status: Record = {
        "created_at": "Mon May 13 08:00:00 +0000 2019",
        "id": native_id,
        "id_str": str(native_id),
        "full_text": "Salt &amp; vinegar crisps &gt; everything else",
        "truncated": False,
        "entities": {"hashtags": [], "urls": []},
        "user": {"id": 424242, "id_str": "424242", "screen_name": "crisp_fan"},
        "in_reply_to_status_id": None,
        "in_reply_to_status_id_str": None,
        "retweet_count": 3,
        "favorite_count": 12,
        "lang": "en",
    }
    return {**status, **fields}


def make_delete_notice(native_id: int = 7) -> Record:
    """What a stream of Twitter's API v1.1 sends when a post was deleted."""
    status = {"id": native_id, "id_str": str(native_id), "user_id": 4, "user_id_str": "4"}
    return {"delete": {"status": status, "timestamp_ms": "1557734400000"}}


def make_v2_post(native_id: str = "1790000000000000001", **fields: Any) -> Record:
    """A post of X's API v2 with the fields that twarc asks for."""
    post: Record = {
        "id": native_id,
        "text": "Salt &amp; vinegar crisps &gt; everything else",
        "author_id": "424242",
        "conversation_id": native_id,
        "created_at": "2024-05-13T08:00:00.000Z",
        "lang": "en",
        "edit_history_tweet_ids": [native_id],
        "public_metrics": {
            "retweet_count": 3,
            "reply_count": 2,
            "like_count": 12,
            "quote_count": 1,
            "impression_count": 900,
        },
    }
    return {**post, **fields}


def make_v2_response(data: Any, **fields: Any) -> Record:
    """A response of X's API v2 as twarc keeps it."""
    return {
        "data": data,
        "meta": {"newest_id": "9", "oldest_id": "1", "result_count": 1},
        "__twarc": {"version": "2.14.0", "retrieved_at": "2024-06-01T00:00:00+00:00"},
        **fields,
    }


SERVER = "https://kettles.example"
ACTOR = f"{SERVER}/users/crisp_fan"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


def make_note(number: int = 1, **fields: Any) -> Record:
    """A post in the outbox of a Mastodon archive."""
    content = "<p>Salt &amp; vinegar crisps</p>"
    note: Record = {
        "id": f"{ACTOR}/statuses/{number}",
        "type": "Note",
        "summary": None,
        "inReplyTo": None,
        "published": "2024-05-13T08:00:00Z",
        "url": f"{SERVER}/@crisp_fan/{number}",
        "attributedTo": ACTOR,
        "to": [PUBLIC],
        "cc": [f"{ACTOR}/followers"],
        "sensitive": False,
        "content": content,
        "contentMap": {"en": content},
        "attachment": [],
        "tag": [],
    }
    return {**note, **fields}


def make_activity(note: Any, kind: str = "Create", number: int = 1) -> Record:
    """What the outbox holds: a post or a boost in its activity."""
    return {
        "id": f"{ACTOR}/statuses/{number}/activity",
        "type": kind,
        "actor": ACTOR,
        "published": "2024-05-13T08:00:00Z",
        "to": [PUBLIC],
        "cc": [f"{ACTOR}/followers"],
        "object": note,
    }


def make_outbox(items: list[Any], **fields: Any) -> Record:
    """The file outbox.json of a Mastodon archive."""
    return {
        "@context": ["https://www.w3.org/ns/activitystreams", {"sensitive": "as:sensitive"}],
        "id": "outbox.json",
        "type": "OrderedCollection",
        "totalItems": len(items),
        "orderedItems": items,
        **fields,
    }


def make_api_status(number: int = 1, **fields: Any) -> Record:
    """A post as Mastodon's API gives it."""
    status: Record = {
        "id": str(number),
        "created_at": "2024-05-13T08:00:00.000Z",
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "sensitive": False,
        "spoiler_text": "",
        "visibility": "public",
        "language": "en",
        "uri": f"{ACTOR}/statuses/{number}",
        "url": f"{SERVER}/@crisp_fan/{number}",
        "replies_count": 2,
        "reblogs_count": 3,
        "favourites_count": 12,
        "edited_at": None,
        "content": "<p>Salt &amp; vinegar crisps</p>",
        "reblog": None,
        "account": {"id": "42", "acct": "crisp_fan", "uri": ACTOR, "url": f"{SERVER}/@crisp_fan"},
        "media_attachments": [],
        "mentions": [],
    }
    return {**status, **fields}
