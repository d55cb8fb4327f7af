"""Each file is known for what it is, whatever its posts quote of other formats."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.registry import choose_connector, detect_connector, load_connectors
from tests.connectors.helpers import FIXTURES
from tests.connectors.test_hackernews import make_hit, make_hits, make_item, make_node
from tests.connectors.test_meta_export import make_comment, make_picture, make_post, make_remark
from tests.connectors.test_telegram import make_account, make_chat, make_message
from tests.connectors.test_youtube import make_page, make_thread

# What a post may quote: the marks of all formats, as they stand in files.
QUOTES = [
    '"app.bsky.feed.post"',
    '{"kind": "commit", "collection": "app.bsky.feed.post"}',
    '{"kind": "youtube#commentThread", "items": [{"kind": "youtube#comment"}]}',
    '{"type": "public_channel", "id": 1, "messages": [{"date_unixtime": "1"}]}',
    '{"id": 1, "type": "comment", "by": "a", "time": 1714550400, "parent": 1}',
    '{"objectID": "1", "created_at_i": 1714550400, "_tags": ["comment"], "story_id": 1}',
    '[{"timestamp": 1714550400, "data": [{"post": "a"}]}]',
    '{"comments_v2": [{"timestamp": 1714550400}]}',
    '[{"media": [{"uri": "a", "creation_timestamp": 1714550400}]}]',
    '{"id": "a", "body": "b", "subreddit": "c", "permalink": "d"}',
    "window.YTD.tweets.part0 = [",
    "id,text\n1,hello\n",
]
ALL = "\n".join(QUOTES)


def make_feed(text: str) -> Any:
    feed = json.loads((FIXTURES / "bluesky" / "author_feed.json").read_text("utf-8"))
    feed["feed"][0]["post"]["record"]["text"] = text
    return feed


def make_reddit(text: str) -> Any:
    return {"id": "a", "body": text, "subreddit": "s", "created_utc": 1714550400, "author": "b"}


BY_LINE = ("reddit", "table")
MAKERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "telegram chat": ("telegram", lambda text: make_chat(make_message(text=text))),
    "telegram account": ("telegram", lambda text: make_account() | {"chats": {"list": [text]}}),
    "youtube": ("youtube", lambda text: make_page(make_thread(textOriginal=text))),
    "hackernews items": ("hackernews", lambda text: [make_item(text=text)]),
    "hackernews hits": ("hackernews", lambda text: make_hits(make_hit(comment_text=text))),
    "hackernews tree": ("hackernews", lambda text: make_node(1, text=text)),
    "facebook posts": ("meta_export", lambda text: [make_post(text)]),
    "facebook comments": ("meta_export", lambda text: {"comments_v2": [make_comment(text)]}),
    "instagram posts": ("meta_export", lambda text: [make_picture(text)]),
    "instagram comments": ("meta_export", lambda text: [make_remark(text)]),
    "bluesky": ("bluesky", make_feed),
    "reddit": ("reddit", make_reddit),
    "table": ("table", lambda text: {"id": "1", "text": text}),
}


@pytest.mark.parametrize(
    ("kind", "indent"),
    [(kind, None) for kind in MAKERS]
    + [(kind, 2) for kind, (name, _) in MAKERS.items() if name not in BY_LINE],
)
def test_a_file_is_known_whatever_its_posts_quote(
    tmp_path: Path, kind: str, indent: int | None
) -> None:
    name, make = MAKERS[kind]
    path = tmp_path / ("dump.jsonl" if name in BY_LINE else "dump.json")
    for text in ["plain", *QUOTES, ALL]:
        path.write_text(json.dumps(make(text), indent=indent), encoding="utf-8")
        connector, detection = choose_connector(path)
        assert connector.name == name, (text, detection.found)


@pytest.mark.parametrize("kind", MAKERS)
def test_no_two_formats_are_sure_of_a_file(tmp_path: Path, kind: str) -> None:
    name, make = MAKERS[kind]
    path = tmp_path / "dump.jsonl"
    path.write_text(json.dumps(make("plain")), encoding="utf-8")
    found = detect_connector(path, load_connectors()[0])
    sure = [connector.name for connector, detection in found if detection.confidence >= 0.7]
    assert sure == ([] if name == "table" else [name])


@pytest.mark.parametrize("name", ["bluesky", "reddit", "table", "x_archive"])
def test_fixtures_of_other_formats_are_left_to_them(name: str) -> None:
    own = {"telegram", "youtube", "hackernews", "meta_export", "bluesky_car"}
    connectors = {key: value for key, value in load_connectors()[0].items() if key in own}
    for path in [path for path in (FIXTURES / name).rglob("*") if path.is_file()]:
        assert detect_connector(path, connectors) == []


@pytest.mark.parametrize("name", ["telegram", "youtube", "hackernews", "meta_export"])
def test_a_binary_file_is_no_dump(tmp_path: Path, name: str) -> None:
    connector = load_connectors()[0][name]
    for data in (b"", b"\x00" * 100, b"PK\x03\x04", b"\xff\xfeh\x00", ALL.encode()):
        (tmp_path / "a.json").write_bytes(data)
        assert connector.detect(tmp_path / "a.json") is None
