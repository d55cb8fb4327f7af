import gzip
import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.contract.errors import ConnectorError, SourceFormatError
from analytics.contract.records import Media, Post
from connectors.bluesky_car import BlueskyCarConnector
from connectors.registry import choose_connector
from tests.connectors.helpers import ignored_of, posts_of, read_all, rejects_of, utc
from tests.connectors.test_properties import make_file, read_whatever

libipld = pytest.importorskip("libipld", reason="needs libipld (the extra `bluesky`)")

CONNECTOR = BlueskyCarConnector()
DID = "did:plc:aaaabbbbccccddddeeeeffff"
POST = "app.bsky.feed.post"
LIKE = {"$type": "app.bsky.feed.like", "createdAt": "2024-05-01T08:00:00Z"}
# A key made by a server on 1 May 2024, 08:00 UTC.
KEY = "3krfzjspc2222"


def make_record(text: str = "Tea at last", **fields: object) -> dict[str, Any]:
    record = {"$type": POST, "text": text, "createdAt": "2024-05-01T08:00:00Z", "langs": ["en"]}
    return record | fields


def make_varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def make_cid(data: bytes) -> bytes:
    return b"\x01\x71\x12\x20" + hashlib.sha256(data).digest()


def make_block(data: bytes) -> tuple[bytes, bytes]:
    return make_cid(data), data


def encode(value: object) -> bytes:
    data: bytes = libipld.encode_dag_cbor(value)
    return data


def make_node(
    records: Mapping[str, bytes], *, left: bytes | None = None, right: bytes | None = None
) -> bytes:
    """A node of the tree; `right` hangs behind the last key."""
    entries: list[dict[str, Any]] = []
    before = b""
    for key, link in sorted((key.encode(), link) for key, link in records.items()):
        n_shared = 0
        while n_shared < min(len(key), len(before)) and key[n_shared] == before[n_shared]:
            n_shared += 1
        entries.append({"p": n_shared, "k": key[n_shared:], "v": link, "t": None})
        before = key
    if right is not None:
        entries[-1]["t"] = right
    return encode({"e": entries, "l": left})


def make_commit(tree: bytes) -> bytes:
    commit = {"did": DID, "version": 3, "data": tree, "rev": KEY, "prev": None, "sig": b"x" * 64}
    return encode(commit)


def join(root: bytes, blocks: list[tuple[bytes, bytes]]) -> bytes:
    header = encode({"roots": [root], "version": 1})
    parts = [make_varint(len(header)) + header]
    parts += [make_varint(len(cid) + len(data)) + cid + data for cid, data in blocks]
    return b"".join(parts)


def make_car(records: Mapping[str, object], *extra: object) -> bytes:
    """Commit, tree of two nodes and records of a repository, and blocks outside the tree."""
    data = {key: encode(record) for key, record in records.items()}
    links = {key: make_cid(block) for key, block in data.items()}
    keys = sorted(links)
    left = make_block(make_node({key: links[key] for key in keys[: len(keys) // 2]}))
    top = make_block(make_node({key: links[key] for key in keys[len(keys) // 2 :]}, left=left[0]))
    commit = make_block(make_commit(top[0]))
    blocks = [commit, top, left, *map(make_block, dict.fromkeys(data.values()))]
    return join(commit[0], blocks + [make_block(encode(value)) for value in extra])


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


RECORDS = {
    f"{POST}/{KEY}": make_record(),
    f"{POST}/3krfzjspc222z": make_record("more"),
    "app.bsky.feed.like/3krfzjspc2223": LIKE,
    "app.bsky.actor.profile/self": {"$type": "app.bsky.actor.profile"},
}


def test_read_file_post_equals_golden(tmp_path: Path) -> None:
    path = write(tmp_path / "a.car", make_car({f"{POST}/{KEY}": make_record()}))
    assert read_all(CONNECTOR, path) == [
        Post(
            platform="bluesky",
            native_id=f"at://{DID}/{POST}/{KEY}",
            text="Tea at last",
            line=4,
            author=DID,
            created_at=utc(2024, 5, 1, 8),
            lang="en",
            url=f"https://bsky.app/profile/{DID}/post/{KEY}",
        )
    ]


def test_read_file_keys_come_from_the_tree(tmp_path: Path) -> None:
    records = read_all(CONNECTOR, write(tmp_path / "a.car", make_car(RECORDS)))
    assert {post.native_id.rpartition("/")[2]: post.text for post in posts_of(records)} == {
        KEY: "Tea at last",
        "3krfzjspc222z": "more",
    }
    assert sorted(reason for _, reason in ignored_of(records)) == [
        "record of app.bsky.actor.profile",
        "record of app.bsky.feed.like",
    ]
    assert rejects_of(records) == []


def test_read_file_order_of_blocks_does_not_matter(tmp_path: Path) -> None:
    links = {f"{POST}/a": make_cid(encode(make_record()))}
    right = make_block(make_node({f"{POST}/c": make_cid(encode(make_record("c")))}))
    top = make_block(make_node(links, right=right[0]))
    commit = make_block(make_commit(top[0]))
    blocks = [make_block(encode(make_record("c"))), make_block(encode(make_record())), right, top]
    path = write(tmp_path / "a.car", join(commit[0], [*blocks, commit]))
    records = read_all(CONNECTOR, path)
    assert [(post.native_id[-1], post.line) for post in posts_of(records)] == [("c", 1), ("a", 2)]
    assert len(records) == 2


def test_read_file_same_content_under_two_keys_is_two_posts(tmp_path: Path) -> None:
    data = make_car({f"{POST}/a": make_record(), f"{POST}/b": make_record()})
    posts = posts_of(read_all(CONNECTOR, write(tmp_path / "a.car", data)))
    assert sorted(post.native_id[-1] for post in posts) == ["a", "b"]


def test_read_file_pictures_replies_and_quotes(tmp_path: Path) -> None:
    cid = b"\x01\x55\x12\x20" + hashlib.sha256(b"picture").digest()
    uri = f"at://{DID}/{POST}/q"
    images = {"$type": "app.bsky.embed.images", "images": [{"alt": "tea", "image": {"ref": cid}}]}
    record = make_record(
        embed={"media": images, "record": {"record": {"uri": uri}}},
        reply={"parent": {"uri": f"{uri}2"}},
    )
    (post,) = posts_of(
        read_all(CONNECTOR, write(tmp_path / "a.car", make_car({f"{POST}/a": record})))
    )
    url = f"https://cdn.bsky.app/img/feed_fullsize/plain/{DID}/{libipld.encode_cid(cid)}@jpeg"
    assert post.media == (Media(kind="image", url=url, alt_text="tea"),)
    assert (post.quote_of, post.reply_to) == (f"bluesky:{uri}", f"bluesky:{uri}2")


def test_read_file_wrong_clock_is_mended_by_the_key(tmp_path: Path) -> None:
    ahead = make_record(createdAt="2031-01-01T00:00:00Z")
    data = make_car({f"{POST}/{KEY}": ahead, f"{POST}/self": ahead | {"text": "b"}})
    records = read_all(CONNECTOR, write(tmp_path / "a.car", data))
    (post,) = posts_of(records)
    assert post.created_at == utc(2024, 5, 1, 8)
    assert [reason for _, reason in rejects_of(records)] == [
        "createdAt out of range: '2031-01-01T00:00:00Z'"
    ]


def test_read_file_what_is_not_in_the_tree_is_ignored(tmp_path: Path) -> None:
    data = make_car(RECORDS, make_record("gone"), {"e": [], "l": None}, {"a": 1})
    records = read_all(CONNECTOR, write(tmp_path / "a.car", data))
    assert [reason for _, reason in ignored_of(records)][-3:] == [
        "post that is no longer in the repository",
        "part of an older state of the repository",
        "part of an older state of the repository",
    ]
    assert len(posts_of(records)) == 2


def test_read_file_part_of_a_repository_tells_what_it_lacks(tmp_path: Path) -> None:
    post = make_block(encode(make_record()))
    other = make_block(encode(make_record("other")))
    gone = make_cid(b"a node elsewhere")
    node = make_block(make_node({f"{POST}/a": post[0], f"{POST}/b": make_cid(b"x")}, left=gone))
    commit = make_block(make_commit(node[0]))
    path = write(tmp_path / "a.car", join(commit[0], [commit, node, post, other]))
    records = read_all(CONNECTOR, path)
    assert [post.native_id[-1] for post in posts_of(records)] == ["a"]
    assert rejects_of(records) == [
        (0, "parts of the tree that are not in the file: 1"),
        (0, "posts of the tree that are not in the file: 1"),
        (4, "the part of the tree with this post's key is not in the file"),
    ]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (make_record(text=5), "text is not a string: 5"),
        (make_record(createdAt=None), "createdAt is missing"),
    ],
)
def test_read_file_bad_record_is_a_reject(tmp_path: Path, record: object, reason: str) -> None:
    data = make_car({f"{POST}/a": record, f"{POST}/b": make_record()})
    records = read_all(CONNECTOR, write(tmp_path / "a.car", data))
    assert [found for _, found in rejects_of(records)] == [reason]
    assert len(posts_of(records)) == 1


def test_read_file_damaged_blocks_cost_no_others(tmp_path: Path) -> None:
    deep = b"\x81" * 100_000 + b"\x00"
    good = make_car(RECORDS)
    bad = [make_block(b"\xff\xff"), make_block(deep), (make_cid(b"a"), b"b"), (b"\x02\x71", b"")]
    extra = b"".join(make_varint(len(cid) + len(data)) + cid + data for cid, data in bad)
    huge = make_varint(17 * 1024 * 1024) + b"x" * (17 * 1024 * 1024)
    path = write(tmp_path / "a.car", good + huge + extra)
    records = read_all(CONNECTOR, path)
    assert len(posts_of(records)) == 2
    n_good = 3 + len(RECORDS)
    reasons = dict(rejects_of(records))
    assert reasons[n_good + 1] == "a block of 17,825,792 bytes; it was passed over"
    assert reasons[n_good + 2].startswith("not usable DAG-CBOR (Failed to decode")
    assert "recursion" in reasons[n_good + 3]
    assert reasons[n_good + 4] == "the block does not fit its content id"
    assert reasons[n_good + 5] == "a content id of version 2"


def test_read_file_cut_file_keeps_what_was_read(tmp_path: Path) -> None:
    data = make_car(RECORDS)
    records = read_all(CONNECTOR, write(tmp_path / "a.car", data[:-3]))
    assert rejects_of(records)[-1] == (7, "the file ends in the middle of this block")
    assert len(posts_of(records)) == 2
    packed = gzip.compress(data)
    whole = read_all(CONNECTOR, write(tmp_path / "b.car.gz", packed))
    assert whole == read_all(CONNECTOR, write(tmp_path / "c.car", data))
    cut = read_all(CONNECTOR, write(tmp_path / "b.car.gz", packed[:-20]))
    assert rejects_of(cut)[-1][1] == "the gzip data ends too early: the file is cut off"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it does not begin with a header's length"),
        (b"\xff" * 20, "a block's length is no number"),
        (b"\x0a\xa1", "it ends in its header"),
        (b"\x01\xa0", "its header does not say version 1"),
        (b"\x01\xff", "Failed to decode DAG-CBOR"),
        (b"\x11\xa2\x65roots\x80\x67version\x01", "its header names no root"),
        (join(make_cid(b"a"), []), "the commit that its header names is not in it"),
        (
            join(make_cid(b"\xa0"), [make_block(b"\xa0")]),
            "its root is not the commit of an account",
        ),
    ],
)
def test_read_file_other_file_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(SourceFormatError, match=reason):
        read_all(CONNECTOR, write(tmp_path / "a.car", data))


def test_read_file_without_the_library_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.car", make_car(RECORDS))
    monkeypatch.setitem(sys.modules, "libipld", None)
    with pytest.raises(ConnectorError, match=r"libipld, which is not installed; .*\[bluesky\]"):
        read_all(CONNECTOR, path)


def test_detect_says_what_it_found(tmp_path: Path) -> None:
    connector, detection = choose_connector(write(tmp_path / "a.car", make_car(RECORDS)))
    assert (connector.name, detection.found) == ("bluesky_car", "Bluesky repository, a CAR file")
    found = CONNECTOR.detect(write(tmp_path / "b", join(make_cid(b"a"), [make_block(b"a")])))
    assert found is not None
    assert found.found == "a CAR file, maybe a Bluesky repository"
    assert CONNECTOR.detect(write(tmp_path / "c.car", b"\x00" * 100)) is None
    assert choose_connector(tmp_path)[0].name == "bluesky_car"


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_any_damage_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = bytearray(make_car(RECORDS, make_record("gone")))
    for _ in range(data.draw(st.integers(0, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    read_whatever(CONNECTOR, make_file(tmp_path_factory, "damaged.car", cut))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=5) | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["e", "l", "$type", "text", "embed", "did"]), inner)
    ),
    max_leaves=6,
)


@given(records=st.dictionaries(st.text(max_size=5), JSON, min_size=1, max_size=6), extra=JSON)
@settings(max_examples=60, deadline=None)
def test_every_record_block_gives_one_record(
    tmp_path_factory: pytest.TempPathFactory, records: dict[str, object], extra: object
) -> None:
    named = {f"{POST}/{key}": value for key, value in records.items()}
    path = make_file(tmp_path_factory, "any.car", make_car(named, extra))
    found = read_whatever(CONNECTOR, path)
    assert found is not None
    blocks = {encode(value) for value in named.values()}
    by_key = [record for record in found if 3 < record.line <= 3 + len(blocks)]
    assert len(by_key) >= len(blocks)
    assert {record.line for record in found} >= set(range(4, 4 + len(blocks)))
