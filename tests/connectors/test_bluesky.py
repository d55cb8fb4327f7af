import json
from pathlib import Path

import pytest

from analytics.contract.errors import SourceFormatError
from analytics.contract.records import Deletion, Media, Post
from connectors.bluesky import BlueskyConnector
from connectors.protocol import ReadOptions
from tests.connectors.helpers import (
    DUMPS,
    FIXTURES,
    deletions_of,
    ignored_of,
    posts_of,
    read_all,
    rejects_of,
    utc,
)

FOLDER = FIXTURES / "bluesky"
FEED = FOLDER / "author_feed.json"
JETSTREAM = FOLDER / "jetstream.jsonl"
CONNECTOR = BlueskyConnector()
SAMPLE = DUMPS / "bluesky"

DID = "did:plc:aaaabbbbccccddddeeeeffff"
URI = f"at://{DID}/app.bsky.feed.post"
QUOTED = "bluesky:at://did:plc:gggghhhh/app.bsky.feed.post/3quoted"
PICTURE = Media(
    kind="image", url="https://cdn.bsky.app/img/feed_fullsize/plain/x/one@jpeg", alt_text="a kettle"
)


def test_read_file_feed_equals_golden() -> None:
    records = read_all(CONNECTOR, FEED)
    assert records[0] == Post(
        platform="bluesky",
        native_id=f"{URI}/3aaa",
        text="Tea at last",
        line=1,
        author=DID,
        created_at=utc(2024, 5, 1, 10),
        lang="en",
        url=f"https://bsky.app/profile/{DID}/post/3aaa",
        likes=3,
        reposts=2,
        replies=1,
    )
    assert ignored_of(records) == [(6, "post is gone")]
    assert rejects_of(records) == [(7, "text is missing")]


def test_read_file_feed_pictures_replies_and_quotes() -> None:
    _, pictured, reply, quoting, _ = posts_of(read_all(CONNECTOR, FEED))
    assert pictured.media == (PICTURE,)
    assert (reply.reply_to, reply.lang) == (QUOTED, None)
    assert reply.created_at == utc(2024, 5, 3, 10)  # indexedAt: the client's clock says 2031
    assert (quoting.quote_of, quoting.media) == (QUOTED, (PICTURE,))


def test_read_file_repost_is_a_post_without_counts() -> None:
    assert posts_of(read_all(CONNECTOR, FEED))[4] == Post(
        platform="bluesky",
        native_id=f"{URI}/3aaa#repost:did:plc:gggghhhh",
        text="Tea at last",
        line=5,
        author="did:plc:gggghhhh",
        created_at=utc(2024, 5, 6, 8),
        lang="en",
        url=f"https://bsky.app/profile/{DID}/post/3aaa",
        repost_of=f"bluesky:{URI}/3aaa",
        repost_author=DID,
    )


def test_read_file_search_and_single_post() -> None:
    feed = posts_of(read_all(CONNECTOR, FEED))
    assert read_all(CONNECTOR, FOLDER / "search.json") == feed[:2]
    (single,) = posts_of(read_all(CONNECTOR, FOLDER / "post.json"))
    assert (single.native_id, single.media) == (feed[1].native_id, feed[1].media)


def test_read_file_jetstream_posts_and_ignored() -> None:
    records = read_all(CONNECTOR, JETSTREAM)
    first, updated, pictured = posts_of(records)
    assert first == Post(
        platform="bluesky",
        native_id=f"{URI}/3aaa",
        text="Grüße",
        line=1,
        author=DID,
        created_at=utc(2024, 5, 1, 10),  # the client's clock is half a second ahead
        retrieved_at=utc(2024, 5, 1, 10),
        lang="de",
        url=f"https://bsky.app/profile/{DID}/post/3aaa",
    )
    assert (updated.native_id, updated.text) == (first.native_id, "Viele Grüße")
    assert updated.edited_at == utc(2024, 5, 1, 11)
    assert pictured.media == (
        Media(
            kind="image", url=f"https://cdn.bsky.app/img/feed_fullsize/plain/{DID}/bafkreiaaa@jpeg"
        ),
    )
    assert ignored_of(records) == [(2, "record of app.bsky.feed.like"), (5, "identity event")]
    assert deletions_of(records) == [
        Deletion(
            platform="bluesky", native_id=f"{URI}/3old", deleted_at=utc(2024, 5, 1, 10), line=4
        )
    ]
    assert rejects_of(records) == [(7, "the file ends in the middle of this record")]


@pytest.mark.parametrize(
    ("account", "becomes"),
    [
        ({"active": False, "status": "deleted"}, "deletion"),
        ({"active": False, "status": "tombstoned"}, "deletion"),
        ({"active": False, "status": "takendown"}, "account event (takendown)"),
        ({"active": False, "status": "deactivated"}, "account event (deactivated)"),
        ({"active": True, "status": "deleted"}, "account event (deleted)"),
        ({"active": True}, "account event"),
    ],
)
def test_only_an_account_that_is_gone_for_good_is_a_deletion(
    tmp_path: Path, account: dict[str, object], becomes: str
) -> None:
    event = {"did": DID, "time_us": 1714557600000000, "kind": "account"}
    (tmp_path / "a.jsonl").write_text(json.dumps({**event, "account": {"did": DID, **account}}))
    records = read_all(CONNECTOR, tmp_path / "a.jsonl")
    if becomes == "deletion":
        gone = Deletion(platform="bluesky", author=DID, deleted_at=utc(2024, 5, 1, 10), line=1)
        assert records == [gone]
    else:
        assert ignored_of(records) == [(1, becomes)]


def test_tombstone_and_a_deletion_without_a_time_are_honoured(tmp_path: Path) -> None:
    """A notice that cannot be dated says still that the post is gone."""
    commit = {"operation": "delete", "collection": "app.bsky.feed.post", "rkey": "3aaa"}
    events = [
        {"did": DID, "time_us": 1714557600000000, "kind": "tombstone"},
        {"did": DID, "time_us": "soon", "kind": "commit", "commit": commit},
        {"did": DID, "time_us": 1714557600000000, "commit": {**commit, "rkey": None}},
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, events)) + "\n")
    records = read_all(CONNECTOR, tmp_path / "a.jsonl")
    assert deletions_of(records) == [
        Deletion(platform="bluesky", author=DID, deleted_at=utc(2024, 5, 1, 10), line=1),
        Deletion(platform="bluesky", native_id=f"{URI}/3aaa", line=2),
    ]
    assert rejects_of(records) == [(3, "rkey is missing")]


def test_post_is_not_made_later_than_it_was_seen(tmp_path: Path) -> None:
    """With the client's clock, an hour ahead here, it would outlive its own deletion."""
    event = json.loads(JETSTREAM.read_text("utf-8").splitlines()[0])
    event["commit"]["record"]["createdAt"] = "2024-05-01T11:00:00Z"
    (tmp_path / "a.jsonl").write_text(json.dumps(event) + "\n")
    (post,) = posts_of(read_all(CONNECTOR, tmp_path / "a.jsonl"))
    assert (post.created_at, post.retrieved_at) == (utc(2024, 5, 1, 10), utc(2024, 5, 1, 10))


def test_read_file_layouts_of_the_same_posts_agree(tmp_path: Path) -> None:
    feed = json.loads(FEED.read_text("utf-8"))["feed"]
    layouts = {
        "list.json": json.dumps(feed),
        "feed_last.json": json.dumps({"cursor": "x", "n": 1, "feed": feed}),
        "behind_objects.json": json.dumps({"meta": {"a": [1]}, "feed": feed}),
        "lines.jsonl": "\n".join(map(json.dumps, feed)),
        "page_a_line.jsonl": "\n".join(json.dumps({"feed": [item]}) for item in feed),
        "item_a_line.json": '{"feed":[\n' + ",\n".join(map(json.dumps, feed)) + "\n]}",
    }
    expected = [type(record) for record in read_all(CONNECTOR, FEED)]
    for name, text in layouts.items():
        (tmp_path / name).write_text(text)
        records = read_all(CONNECTOR, tmp_path / name)
        assert [type(record) for record in records] == expected, name
        assert [record.line for record in records] == list(range(1, 8)), name


def test_read_file_long_pages_a_line_are_all_read(tmp_path: Path) -> None:
    """Of pages that are longer than a head, all but the first were lost."""
    item = json.loads(FEED.read_text("utf-8"))["feed"][0]
    item["post"]["record"]["text"] = "long " * 400
    page = json.dumps({"feed": [item] * 50, "cursor": "x"})
    (tmp_path / "pages.jsonl").write_text(f"{page}\n{page}\n{page}\n")
    posts = posts_of(read_all(CONNECTOR, tmp_path / "pages.jsonl"))
    assert [post.line for post in posts] == [1] * 50 + [2] * 50 + [3] * 50


def test_read_file_broken_post_of_a_search_costs_one_reject(tmp_path: Path) -> None:
    text = (FOLDER / "search.json").read_text("utf-8")
    post = json.dumps(json.loads(text)["posts"][0])
    broken = post.replace('"at:', '"at', 1)[:-1]
    (tmp_path / "a.json").write_text(f'{{"posts": [{post}, {broken}, {post}]}}')
    records = read_all(CONNECTOR, tmp_path / "a.json")
    assert [post.line for post in posts_of(records)] == [1, 3]
    assert [line for line, _ in rejects_of(records)] == [2]


def test_detect_is_not_misled_by_a_text(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"id": 1, "text": 'the type "app.bsky.feed.post" is new'}))
    assert CONNECTOR.detect(path) is None


def test_read_file_cut_feed_keeps_what_was_read(tmp_path: Path) -> None:
    data = FEED.read_bytes()
    (tmp_path / "cut.json").write_bytes(data[: data.index(b"3ccc")])
    records = read_all(CONNECTOR, tmp_path / "cut.json")
    assert len(posts_of(records)) == 2
    assert rejects_of(records) == [(3, "the file ends in the middle of this record")]


def test_read_file_cut_single_post_is_one_reject(tmp_path: Path) -> None:
    data = (FOLDER / "post.json").read_bytes()
    (tmp_path / "cut.json").write_bytes(data[:200])
    assert rejects_of(read_all(CONNECTOR, tmp_path / "cut.json")) == [
        (1, "the file ends in the middle of this record")
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"did": None}, "did is missing"),
        ({"time_us": 10**20}, "time_us out of range: 100000000000000000000"),
        ({"commit": 5}, "commit is not an object: 5"),
        ({"commit": {"collection": None}}, "commit.collection is not a string: None"),
        (
            {"commit": {"collection": "app.bsky.feed.post", "operation": "eat"}},
            "unknown operation: 'eat'",
        ),
        (
            {"commit": {"collection": "app.bsky.feed.post", "operation": "create", "rkey": "a"}},
            "record is missing",
        ),
    ],
)
def test_read_file_bad_event_is_a_reject(
    tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    event = json.loads(JETSTREAM.read_text("utf-8").splitlines()[0])
    (tmp_path / "a.jsonl").write_text(json.dumps({**event, **change}) + "\n")
    assert rejects_of(read_all(CONNECTOR, tmp_path / "a.jsonl")) == [(1, reason)]


def test_read_file_other_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("id,text\n1,hello\n")
    with pytest.raises(SourceFormatError, match="not a Bluesky file"):
        read_all(CONNECTOR, tmp_path / "a.json")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("author_feed.json", "Bluesky posts, a reply of its API"),
        ("search.json", "Bluesky posts, a reply of its API"),
        ("jetstream.jsonl", "Bluesky Jetstream, one event a line"),
    ],
)
def test_detect_says_what_it_found(name: str, found: str) -> None:
    detection = CONNECTOR.detect(FOLDER / name)
    assert detection is not None
    assert detection.found == found
    assert detection.confidence >= 0.9


def test_detect_knows_a_file_of_account_events(tmp_path: Path) -> None:
    """They name no collection; such a file was taken for a table."""
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"did": DID, "time_us": 1714557600000000, "kind": "identity"}))
    detection = CONNECTOR.detect(path)
    assert detection is not None
    assert detection.found == "Bluesky Jetstream, one event a line"
    path.write_text(json.dumps({"did": 7, "time_us": 1, "kind": "identity"}))
    assert CONNECTOR.detect(path) is None


@pytest.mark.shared
@pytest.mark.skipif(not SAMPLE.is_dir(), reason="needs ../shared/data/dumps/bluesky")
@pytest.mark.parametrize(
    ("name", "n_posts", "n_ignored", "n_media"),
    [
        ("author_feed.json", 5, 0, 1),
        ("jetstream_v1.jsonl", 10, 85, 0),
        ("regular_post_w_images.json", 1, 0, 1),
        ("regular_post_with_multi_links.json", 1, 0, 0),
    ],
)
def test_sample_file_is_read_whole(name: str, n_posts: int, n_ignored: int, n_media: int) -> None:
    found = CONNECTOR.detect(SAMPLE / name)
    assert found is not None
    assert found.confidence > 0.9
    # The sample's newest posts are later than the other tests' clock.
    records = list(CONNECTOR.read_file(SAMPLE / name, ReadOptions(now=utc(2027, 1, 1))))
    posts = posts_of(records)
    assert (len(posts), len(ignored_of(records))) == (n_posts, n_ignored)
    assert rejects_of(records) == []
    assert sum(len(post.media) for post in posts) == n_media
