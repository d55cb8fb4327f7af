import json
import re
from pathlib import Path

import pytest

from analytics.contract.records import Media
from connectors.protocol import ReadOptions
from tests.connectors.helpers import DUMPS, ignored_of, posts_of, rejects_of, utc
from tests.connectors.makers import (
    ACTOR,
    SERVER,
    make_api_status,
)
from tests.connectors.mastodon_files import CONNECTOR, read_status, read_statuses

SAMPLE = DUMPS / "mastodon"


@pytest.mark.parametrize(
    ("visibility", "reason"),
    [
        ("public", None),
        ("unlisted", None),
        ("private", "post for followers only"),
        ("direct", "post for named accounts only"),
        ("list", "post of visibility 'list'"),
    ],
)
def test_read_file_visibility_of_the_api(
    tmp_path: Path, visibility: str, reason: str | None
) -> None:
    status = make_api_status(2, visibility=visibility)
    expected = [] if reason is None else [(1, reason)]
    assert ignored_of(read_statuses(tmp_path, status)) == expected
    (path,) = (path for path in tmp_path.iterdir() if path.is_file())
    private = list(CONNECTOR.read_file(path, ReadOptions(includes_private=True)))
    assert [post.native_id for post in posts_of(private)] == [status["uri"]]
    boost = make_api_status(3, reblog=status)  # a private post that its author boosts
    assert ignored_of(read_statuses(tmp_path, boost)) == expected * 2


def test_read_file_boost_of_the_api_has_its_original_beside_it(tmp_path: Path) -> None:
    picture = {"type": "image", "url": "https://files.inn.example/k.png", "description": "kettle"}
    original = make_api_status(
        7,
        uri="https://inn.example/users/a/statuses/70",
        url="https://inn.example/@a/70",
        content="<p>Fresh rolls</p>",
        media_attachments=[picture],
        language="nl",
    )
    boost = make_api_status(
        8, uri=f"{ACTOR}/statuses/8/activity", content="", reblog=original, language=None
    )
    first, second = posts_of(read_statuses(tmp_path, boost))
    assert first.repost_of == second.post_id == "mastodon:https://inn.example/users/a/statuses/70"
    assert (first.native_id, first.author) == (f"{ACTOR}/statuses/8/activity", ACTOR)
    assert (first.text, first.lang, first.url) == (
        "Fresh rolls",
        "nl",
        "https://inn.example/@a/70",
    )
    assert (
        first.media
        == second.media
        == (Media(kind="image", url="https://files.inn.example/k.png", alt_text="kettle"),)
    )
    assert (first.likes, first.reposts, first.replies) == (None, None, None)
    assert (second.likes, second.line) == (12, 1)


def test_read_file_quotes_of_the_api(tmp_path: Path) -> None:
    quoted = make_api_status(7)
    framed = make_api_status(8, quote={"state": "accepted", "quoted_status": quoted})
    bare = make_api_status(9, quote=quoted)
    shallow = make_api_status(10, quote={"state": "accepted", "quoted_status_id": "7"})
    gone = make_api_status(11, quote={"state": "deleted", "quoted_status": None})
    posts = posts_of(read_statuses(tmp_path, framed, bare, shallow, gone))
    reference = f"mastodon:{ACTOR}/statuses/7"
    assert [post.quote_of for post in posts] == [
        reference, None, reference, None, "mastodon:7", None,
    ]  # fmt: skip
    assert [post.line for post in posts] == [1, 1, 2, 2, 3, 4]


def test_read_file_reply_of_the_api_has_an_address_where_it_is_known(tmp_path: Path) -> None:
    """The API names the parent by a number of the server that was asked."""
    to_self = read_status(tmp_path, in_reply_to_id="5", in_reply_to_account_id="42")
    assert to_self.reply_to == f"mastodon:{ACTOR}/statuses/5"
    to_other = read_status(tmp_path, in_reply_to_id="5", in_reply_to_account_id="43")
    assert to_other.reply_to == "mastodon:5"
    remote = read_status(
        tmp_path,
        uri="https://inn.example/users/a/statuses/900",
        in_reply_to_id="5",
        in_reply_to_account_id="42",
    )
    assert remote.reply_to == "mastodon:5"


@pytest.mark.parametrize(
    ("account", "uri", "author"),
    [
        ({"acct": "a", "url": f"{SERVER}/@a"}, f"{ACTOR}/statuses/1", ACTOR),
        ({"acct": "a", "url": f"{SERVER}/@a"}, f"{SERVER}/objects/1-2", f"{SERVER}/@a"),
        ({"acct": "a"}, f"{SERVER}/objects/1-2", None),
        (None, f"{ACTOR}/statuses/1", None),
    ],
)
def test_read_file_author_of_older_servers(
    tmp_path: Path, account: object, uri: str, author: str | None
) -> None:
    assert read_status(tmp_path, account=account, uri=uri).author == author


def test_read_file_versions_of_an_edited_post_are_ignored(tmp_path: Path) -> None:
    version = make_api_status()
    for key in ("id", "uri", "url", "visibility"):
        del version[key]
    assert ignored_of(read_statuses(tmp_path, version)) == [(1, "version of an edited post")]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"uri": None, "url": None}, "uri is missing"),
        ({"uri": 5}, "uri is not an address: 5"),
        ({"visibility": None}, "visibility is missing"),
        ({"visibility": 5}, "visibility is not a string: 5"),
        ({"created_at": 5}, "created_at is not a time: 5"),
        ({"content": None}, "content is missing"),
        ({"spoiler_text": 5}, "content warning is not a string: 5"),
        ({"account": "me"}, "account is not an object: 'me'"),
        ({"reblog": "x"}, "reblog is not an object: 'x'"),
        ({"quote": "x"}, "quote is not an object: 'x'"),
        ({"in_reply_to_id": [1]}, "in_reply_to_id is not an id: [1]"),
    ],
)
def test_read_file_bad_field_of_a_status_is_a_reject(
    tmp_path: Path, fields: dict[str, object], reason: str
) -> None:
    records = read_statuses(tmp_path, make_api_status(**fields), make_api_status())
    assert rejects_of(records) == [(1, reason)]
    assert len(posts_of(records)) == 1


@pytest.mark.shared
@pytest.mark.skipif(not SAMPLE.is_dir(), reason="needs ../shared/data/dumps/mastodon")
@pytest.mark.parametrize(
    ("name", "n_posts", "n_ignored", "lang"),
    [
        ("api_test_fetch_next_previous.json", 5, 0, "en"),
        ("api_test_hashtag_tl.json", 1, 0, "ja"),
        ("api_test_status_edit.json", 0, 2, None),
    ],
)
def test_sample_replies_of_the_api_are_read_whole(
    name: str, n_posts: int, n_ignored: int, lang: str | None
) -> None:
    found = CONNECTOR.detect(SAMPLE / name)
    assert found is not None
    assert found.confidence >= 0.9
    # The sample's posts are later than the other tests' clock.
    records = list(CONNECTOR.read_file(SAMPLE / name, ReadOptions(now=utc(2027, 1, 1))))
    posts = posts_of(records)
    assert (len(posts), len(ignored_of(records)), rejects_of(records)) == (n_posts, n_ignored, [])
    assert {post.lang for post in posts} <= {lang}
    statuses = json.loads((SAMPLE / name).read_text("utf-8"))
    assert [post.native_id for post in posts] == [item["uri"] for item in statuses if "uri" in item]
    contents = [re.sub("<[^>]+>", "", item["content"]) for item in statuses if "uri" in item]
    assert [post.text for post in posts] == contents
