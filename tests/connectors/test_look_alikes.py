"""No format is taken for another one, whatever its texts say."""

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.registry import choose_connector, detect_connector, load_connectors
from tests.connectors.helpers import DUMPS, FIXTURES
from tests.connectors.makers import (
    make_activity,
    make_api_status,
    make_delete_notice,
    make_note,
    make_outbox,
    make_status,
    make_v2_post,
    make_v2_response,
)

CONNECTORS = load_connectors()[0]
# What other formats are known by, as a text about them may say it.
HOSTILE = " ".join(
    [
        '"app.bsky.feed.post" "kind":"commit"',
        '"created_at": "id_str": "screen_name": "favorite_count": "retweet_count":',
        '{"data": [{"public_metrics": "author_id": "edit_history_tweet_ids":',
        '"orderedItems": [ "type": "OrderedCollection" "content": "spoiler_text": "visibility":',
        '"account": "acct": "subreddit" "body" "title" window.YTD.tweets.part0 = [{"tweet": {',
        '\\"id_str\\": id,text,created_at\n',
    ]
)


def load_lines(name: str) -> list[Any]:
    text = (FIXTURES / name).read_text("utf-8")
    return [json.loads(line) for line in text.splitlines() if line.endswith("}")]


def make_records(text: str) -> dict[str, list[Any]]:
    """Some records of each JSON format, with a text of one's choice."""
    feed = json.loads((FIXTURES / "bluesky/author_feed.json").read_text("utf-8"))["feed"][0]
    feed["post"]["record"]["text"] = text
    comment = load_lines("reddit/RC_2024-05.ndjson")[0]
    return {
        "bluesky": [feed],
        "mastodon": [make_api_status(content=text), make_api_status(2, content=text)],
        "mastodon_outbox": [make_activity(make_note(content=text))],
        "reddit": [{**comment, "body": text}],
        "twitter_v1": [make_status(full_text=text), make_delete_notice()],
        "x_api_v2": [make_v2_response([make_v2_post(text=text)])],
        "x_api_v2_posts": [make_v2_post(text=text), make_v2_post("2", text=text)],
        "x_archive": [{"tweet": {"id_str": "1", "full_text": text, "favorite_count": "1"}}],
    }


def lay_out(name: str, records: list[Any]) -> dict[str, str]:
    lines = "".join(json.dumps(record) + "\n" for record in records)
    arrays = {"array": json.dumps(records), "pretty": json.dumps(records, indent=2)}
    if name == "reddit":
        return {"lines": lines}
    if name == "x_archive":
        return {**arrays, "script": f"window.YTD.tweets.part0 = {arrays['pretty']}"}
    if name == "mastodon_outbox":
        outbox = make_outbox(records)
        return {"outbox": json.dumps(outbox), "outbox_pretty": json.dumps(outbox, indent=2)}
    one = {"one": json.dumps(records[0]), "one_pretty": json.dumps(records[0], indent=4)}
    return {"lines": lines, **arrays, **one}


@pytest.mark.parametrize("size", [1, 20], ids=["short", "longer_than_a_head"])
@pytest.mark.parametrize("name", make_records(""))
def test_each_format_is_known_though_its_texts_speak_of_others(
    tmp_path: Path, name: str, size: int
) -> None:
    """Of records that are longer than a head, the marks before the text must do."""
    text = HOSTILE * size + "x" * 70_000 * (size > 1)
    expected = name.removesuffix("_outbox").removesuffix("_posts")
    for layout, content in lay_out(name, make_records(text)[name]).items():
        path = tmp_path / f"{layout}.json"
        path.write_text(content, encoding="utf-8")
        found = detect_connector(path, CONNECTORS)
        names = [connector.name for connector, _ in found]
        if size == 1:
            assert names[:1] == [expected], layout
            assert found[0][1].confidence >= 0.9, layout
        assert set(names) <= {expected, "table"}, layout


@pytest.mark.parametrize(
    "record",
    [
        {"id": 1, "text": HOSTILE, "created_at": "2024-05-01", "lang": "en"},
        {"id": "1", "text": "a", "author_id": "7", "created_at": "2024-05-01T10:00:00Z"},
        {"id_str": "1", "full_text": "a", "user": "ann", "retweet_count": 1, "created_at": "x"},
        {"id": 1, "text": "a", "user": {"name": "ann"}, "created_at": "2024-05-01"},
        {"id": "1", "content": "<p>a</p>", "visibility": "public", "account": "ann", "url": "u"},
        {"id": "1", "text": "a", "public_metrics": {"views": 1}, "type": "Create"},
        {"id": "1", "text": "a", "data": {"id": "1"}, "delete": False},
        {"text": "a", "delete": {"status": "done"}},
        {"text": "a", "data": [{"id": "1", "text": "b"}], "meta": {"n": 1}},
        {"text": "a", "orderedItems": ["https://a.example"], "type": "list"},
    ],
)
def test_tables_with_the_same_names_stay_tables(tmp_path: Path, record: dict[str, Any]) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text((json.dumps(record) + "\n") * 3, encoding="utf-8")
    assert [connector.name for connector, _ in detect_connector(path, CONNECTORS)] == ["table"]


@pytest.mark.parametrize(
    "document",
    [
        {"items": [{"id": "1", "snippet": {"textDisplay": "a"}}], "kind": "youtube#list"},
        {"name": "a", "type": "public_channel", "id": 1, "messages": [{"id": 1, "text": "a"}]},
        {"data": [{"id": "1", "message": "a", "created_time": "2024"}], "paging": {}},
        {"data": [{"id": "a1", "body": "b", "author": "c"}], "metadata": {"total": 1}},
        {"type": "OrderedCollection", "items": [1]},
        {"type": "FeatureCollection", "features": [{"type": "Feature", "id": "1"}]},
        {"statuses": "none", "accounts": []},
        [{"id": "1", "text": "a"}],
        [1, 2, 3],
        [],
        {},
    ],
)
def test_documents_of_others_are_left_alone(tmp_path: Path, document: object) -> None:
    for indent in (None, 2):
        path = tmp_path / "a.json"
        path.write_text(json.dumps(document, indent=indent), encoding="utf-8")
        names = {connector.name for connector, _ in detect_connector(path, CONNECTORS)}
        assert not names & {"bluesky", "mastodon", "reddit", "twitter_v1", "x_api_v2", "x_archive"}


@pytest.mark.parametrize("file", sorted(p for p in FIXTURES.rglob("*") if p.is_file()), ids=str)
def test_fixtures_are_not_taken_for_the_newer_formats(file: Path) -> None:
    names = {connector.name for connector, _ in detect_connector(file, CONNECTORS)}
    assert not names & {"mastodon", "twitter_v1", "x_api_v2"}


@pytest.mark.shared
@pytest.mark.skipif(not DUMPS.is_dir(), reason="needs ../shared/data/dumps")
@pytest.mark.parametrize(
    "name", ["bluesky", "mastodon", "reddit", "twitter_v1", "x_api_v2", "x_archive"]
)
def test_sample_files_are_known_by_one_format(name: str) -> None:
    files = CONNECTORS[name].list_files(DUMPS / name)
    assert files
    for path in files:
        connector, detection = choose_connector(path)
        assert connector.name == name, path
        assert detection.confidence >= 0.9, path
        others = {other.name for other, _ in detect_connector(path, CONNECTORS)} - {name, "table"}
        assert others == set(), path
    assert choose_connector(DUMPS / name)[0].name == name


@pytest.mark.shared
@pytest.mark.skipif(not DUMPS.is_dir(), reason="needs ../shared/data/dumps")
@pytest.mark.parametrize("name", ["telegram", "youtube"])
def test_sample_files_of_others_are_left_alone(name: str) -> None:
    files = sorted((DUMPS / name).glob("*.json"))
    assert files
    for path in files:
        names = {connector.name for connector, _ in detect_connector(path, CONNECTORS)}
        assert not names & {"bluesky", "mastodon", "reddit", "twitter_v1", "x_api_v2", "x_archive"}
