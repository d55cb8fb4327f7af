import bz2
import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import zstandard

from analytics.contract.records import Deletion, Media, Post
from connectors.twitter_v1 import TwitterV1Connector
from tests.connectors.helpers import DUMPS, ignored_of, posts_of, read_all, rejects_of, utc
from tests.connectors.makers import make_delete_notice, make_status

CONNECTOR = TwitterV1Connector()
SAMPLE = DUMPS / "twitter_v1"
LINK = "https://t.co/aaaaaaaaaa"
PHOTO = {
    "type": "photo",
    "url": LINK,
    "media_url": "http://pbs.twimg.com/media/KETTLE.jpg",
    "media_url_https": "https://pbs.twimg.com/media/KETTLE.jpg",
    "ext_alt_text": "A green kettle",
}
PICTURE = Media(
    kind="image", url="https://pbs.twimg.com/media/KETTLE.jpg", alt_text="A green kettle"
)


def read_statuses(folder: Path, *statuses: Any) -> list[Any]:
    path = folder / "statuses.jsonl"
    path.write_text("".join(json.dumps(status) + "\n" for status in statuses))
    return read_all(CONNECTOR, path)


def read_one(folder: Path, **fields: Any) -> Post:
    (post,) = posts_of(read_statuses(folder, make_status(**fields)))
    return post


def test_read_file_plain_post_equals_golden(tmp_path: Path) -> None:
    assert read_one(tmp_path) == Post(
        platform="x",
        native_id="5000000000000000005",
        text="Salt & vinegar crisps > everything else",
        line=1,
        author="424242",
        created_at=utc(2019, 5, 13, 8),
        lang="en",
        url="https://x.com/i/web/status/5000000000000000005",
        likes=12,
        reposts=3,
    )


def test_read_file_ids_without_strings_stay_exact(tmp_path: Path) -> None:
    """They are above 2**53, where a float would round them."""
    status = make_status(900719925474099301, in_reply_to_status_id=900719925474099299)
    for value in (status, status["user"]):
        value.pop("id_str")
    (post,) = posts_of(read_statuses(tmp_path, status))
    assert (post.native_id, post.reply_to) == ("900719925474099301", "x:900719925474099299")


def test_read_file_long_text_of_a_stream_is_whole(tmp_path: Path) -> None:
    whole = {
        "full_text": f"@inn {'very ' * 60}good &lt;3 {LINK}",
        "display_text_range": [5, 317],
        "extended_entities": {"media": [PHOTO]},
    }
    status = make_status(text="@inn very very…", truncated=True, extended_tweet=whole)
    del status["full_text"]
    status["timestamp_ms"] = "1557734401500"
    (post,) = posts_of(read_statuses(tmp_path, status))
    assert post.text == f"@inn {'very ' * 60}good <3"
    assert post.media == (PICTURE,)
    assert post.retrieved_at == utc(2019, 5, 13, 8, 0, 1, 500_000)


def test_read_file_cut_text_is_kept_as_it_is(tmp_path: Path) -> None:
    status = make_status(text=f"A text that goes on and… {LINK}", truncated=True, full_text=None)
    (post,) = posts_of(read_statuses(tmp_path, status))
    assert post.text == f"A text that goes on and… {LINK}"


@pytest.mark.parametrize(
    ("text", "shown", "expected"),
    [
        (f"@inn tea {LINK}", [5, 8], "@inn tea"),
        (f"@inn tea {LINK} {LINK}", [5, 8], "@inn tea"),
        (f"tea &amp; {LINK}", [0, 9], "tea &"),
        (f"tea {LINK} more", [0, 3], f"tea {LINK} more"),  # text behind it is not hidden
        (f"tea {LINK}", [0, 9], f"tea {LINK}"),  # in the middle of the link
        (f"tea {LINK}", [0, 99], f"tea {LINK}"),
        (f"tea {LINK}", [0, -1], f"tea {LINK}"),
        (f"tea {LINK}", ["0", "3"], f"tea {LINK}"),
        (f"tea {LINK}", "0,3", f"tea {LINK}"),
        (f"tea {LINK}", None, f"tea {LINK}"),
    ],
)
def test_read_file_links_that_are_not_shown_are_cut(
    tmp_path: Path, text: str, shown: object, expected: str
) -> None:
    assert read_one(tmp_path, full_text=text, display_text_range=shown).text == expected


def test_read_file_links_to_pictures_are_cut_without_a_range(tmp_path: Path) -> None:
    film = {**PHOTO, "type": "video", "ext_alt_text": None}
    post = read_one(tmp_path, full_text=f"tea {LINK}", extended_entities={"media": [PHOTO, film]})
    assert post.text == "tea"
    assert [(item.kind, item.url) for item in post.media] == [
        ("image", PICTURE.url),
        ("video", PICTURE.url),
    ]


def test_read_file_repost_has_the_whole_original_beside_it(tmp_path: Path) -> None:
    original = make_status(
        4,
        full_text=f"{'Fresh rolls ' * 20}{LINK}",
        extended_entities={"media": [PHOTO]},
        in_reply_to_status_id=3,
        lang="nl",
    )
    repost = make_status(
        5, full_text="RT @baker: Fresh rolls Fr…", retweeted_status=original, lang="nl"
    )
    repost["timestamp_ms"] = 1557734401000
    post, inner = posts_of(read_statuses(tmp_path, repost))
    assert (post.native_id, post.repost_of, post.reply_to) == ("5", "x:4", None)
    assert (post.text, post.media) == (("Fresh rolls " * 20).strip(), (PICTURE,))
    assert (post.likes, post.reposts) == (None, None)
    assert (inner.native_id, inner.text, inner.media) == ("4", post.text, post.media)
    assert (inner.likes, inner.reposts, inner.reply_to, inner.line) == (12, 3, "x:3", 1)
    assert inner.retrieved_at == post.retrieved_at == utc(2019, 5, 13, 8, 0, 1)


def test_read_file_quotes_at_any_depth_are_posts_once(tmp_path: Path) -> None:
    quoted = make_status(3, full_text="the first word")
    urls = {"urls": [{"url": LINK, "expanded_url": "https://twitter.com/a/status/3"}]}
    quoting = make_status(
        4, full_text=f"well said {LINK}", quoted_status=quoted, quoted_status_id=3, entities=urls
    )
    repost = make_status(
        5, retweeted_status=quoting, quoted_status=quoted, quoted_status_id_str="3"
    )
    posts = posts_of(read_statuses(tmp_path, repost))
    assert [(post.native_id, post.repost_of, post.quote_of) for post in posts] == [
        ("5", "x:4", None),
        ("4", None, "x:3"),
        ("3", None, None),
    ]
    assert [post.text for post in posts] == ["well said", "well said", "the first word"]


def test_read_file_quote_that_is_gone_keeps_its_id(tmp_path: Path) -> None:
    assert read_one(tmp_path, quoted_status_id_str="3").quote_of == "x:3"


def test_read_file_bad_original_costs_itself(tmp_path: Path) -> None:
    original = make_status(4, full_text=["no"], created_at="soon")
    records = read_statuses(
        tmp_path, make_status(5, full_text="RT @a: b…", retweeted_status=original)
    )
    (post,) = posts_of(records)
    assert (post.text, post.repost_of) == ("RT @a: b…", "x:4")
    assert rejects_of(records) == [(1, "created_at is not a time: 'soon'")]
    assert json.loads(records[1].raw)["id"] == 4


def test_read_file_deletions_are_told_and_other_notices_ignored(tmp_path: Path) -> None:
    stream = [
        json.dumps(make_delete_notice()),
        "",
        "\r",
        json.dumps({"limit": {"track": 12, "timestamp_ms": "1557734400000"}}),
        json.dumps(make_status()),
        json.dumps({"scrub_geo": {"user_id": 4, "up_to_status_id": 7}}),
        json.dumps({"friends": [1, 2]}),
        json.dumps({"disconnect": {"code": 4}}),
        json.dumps({"delete": {"status": 5}}),
        json.dumps({"delete": {"status": {"id": "x"}}}),
        json.dumps({"delete": {"status": {"id": None}}}),
        json.dumps({"never": {"seen": 1}}),
    ]
    (tmp_path / "a.json").write_text("\r\n".join(stream), encoding="utf-8")
    records = read_all(CONNECTOR, tmp_path / "a.json")
    assert [post.line for post in posts_of(records)] == [5]
    assert records[0] == Deletion(
        platform="x", native_id="7", deleted_at=datetime.fromtimestamp(1557734400, UTC), line=1
    )
    assert ignored_of(records) == [
        (4, "limit notice"),
        (6, "scrub_geo notice"),
        (7, "friends notice"),
        (8, "disconnect notice"),
    ]
    assert rejects_of(records) == [
        (9, "delete names no post: {'status': 5}"),
        (10, "id is not a number: 'x'"),
        (11, "delete names no post: {'status': {'id': None}}"),
        (12, "neither post nor notice; its keys: ['never']"),
    ]


@pytest.mark.parametrize(
    "pack",
    [bytes, gzip.compress, bz2.compress, zstandard.compress],
    ids=["plain", "gzip", "bzip2", "zstd"],
)
def test_read_file_layouts_give_the_same_posts(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    statuses = [make_status(number, full_text="ü" * 300) for number in range(1, 200)]
    layouts = {
        "lines": "\n".join(map(json.dumps, statuses)),
        "array": json.dumps(statuses),
        "search": json.dumps({"statuses": statuses, "search_metadata": {"count": 199}}),
        "search_last": json.dumps({"search_metadata": {"n": [1]}, "statuses": statuses}, indent=1),
        "pages": "\n".join(json.dumps({"statuses": [status]}) for status in statuses),
    }
    for name, text in layouts.items():
        (tmp_path / name).write_bytes(pack(text.encode()))
        found = CONNECTOR.detect(tmp_path / name)
        assert found is not None, name
        assert found.confidence >= 0.95, name
        posts = posts_of(read_all(CONNECTOR, tmp_path / name))
        assert [post.native_id for post in posts] == [str(n) for n in range(1, 200)], name
        assert [post.line for post in posts] == list(range(1, 200)), name


def test_read_file_single_post_in_any_form(tmp_path: Path) -> None:
    for indent in (None, 0, 4):
        (tmp_path / "a.json").write_text(json.dumps(make_status(), indent=indent))
        assert len(posts_of(read_all(CONNECTOR, tmp_path / "a.json"))) == 1


def test_read_file_broken_status_of_an_array_costs_one_reject(tmp_path: Path) -> None:
    quoting = make_status(3, quoted_status=make_status(2))
    text = json.dumps([make_status(1), quoting, make_status(4)])
    (tmp_path / "a.json").write_text(text.replace('"id_str": "3"', '"id_str": "3', 1))
    records = read_all(CONNECTOR, tmp_path / "a.json")
    assert [post.native_id for post in posts_of(records)] == ["1", "4"]
    assert [line for line, _ in rejects_of(records)] == [2]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"id_str": "../7"}, "id is not a number: '../7'"),
        ({"id_str": None, "id": 1.5}, "id is not a number: 1.5"),
        ({"id_str": None, "id": [1]}, "id is not a number: [1]"),
        ({"id_str": "9" * 21}, f"id is not a number: '{'9' * 21}'"),
        ({"id_str": None, "id": None}, "id is missing"),
        ({"created_at": None}, "created_at is missing"),
        ({"created_at": 10**20}, "created_at out of range: 100000000000000000000"),
        ({"full_text": None}, "text is missing"),
        ({"full_text": {}}, "full_text is not a string: {}"),
        ({"user": "me"}, "user is not an object: 'me'"),
        ({"user": {"id": "me"}}, "user.id is not a number: 'me'"),
        ({"retweeted_status": 5}, "retweeted_status is not an object: 5"),
        ({"quoted_status": [5]}, "quoted_status is not an object: [5]"),
        ({"in_reply_to_status_id": True}, "in_reply_to_status_id is not a number: True"),
        ({"quoted_status_id": "x"}, "quoted_status_id is not a number: 'x'"),
    ],
)
def test_read_file_bad_field_is_a_reject(
    tmp_path: Path, fields: dict[str, object], reason: str
) -> None:
    assert rejects_of(read_statuses(tmp_path, make_status(**fields))) == [(1, reason)]


@pytest.mark.parametrize(
    "fields",
    [
        {"entities": 5, "extended_entities": [1]},
        {"extended_tweet": "x"},
        {"extended_tweet": {"full_text": 5}},
        {"extended_entities": {"media": [5, {"media_url": 5}, {}]}},
        {"lang": 5, "favorite_count": "many", "retweet_count": None, "timestamp_ms": "x"},
        {"user": None},
        {"entities": {"urls": [5, {"url": 5, "expanded_url": 5}]}, "quoted_status_id": 8},
    ],
)
def test_read_file_odd_field_does_not_cost_the_post(
    tmp_path: Path, fields: dict[str, object]
) -> None:
    post = read_one(tmp_path, **fields)
    assert (post.text, post.media) == ("Salt & vinegar crisps > everything else", ())


def test_detect_finds_streams_that_begin_with_notices(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("".join(json.dumps(make_delete_notice(n)) + "\n" for n in range(900)))
    found = CONNECTOR.detect(path)
    assert found is not None
    assert (found.confidence, found.found) == (0.95, "a stream of Twitter's API v1.1")


def test_detect_finds_posts_that_are_longer_than_a_head(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(make_status(extra=["x" * 1000] * 100)))
    found = CONNECTOR.detect(path)
    assert found is not None
    assert (found.confidence, found.found) == (0.8, "posts of Twitter's API v1.1, it seems")


def test_detect_names_the_files_of_a_folder(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number:02}.json.bz2").write_bytes(
            bz2.compress(json.dumps(make_status()).encode())
        )
    found = CONNECTOR.detect(tmp_path)
    assert found is not None
    assert found.found == "folder with 3 files: posts of Twitter's API v1.1"
    assert len(CONNECTOR.list_files(tmp_path)) == 3


@pytest.mark.shared
@pytest.mark.skipif(not SAMPLE.is_dir(), reason="needs ../shared/data/dumps/twitter_v1")
def test_sample_timeline_is_read_whole() -> None:
    path = SAMPLE / "get_home_timeline.json"
    found = CONNECTOR.detect(path)
    assert found is not None
    assert found.confidence > 0.9
    records = read_all(CONNECTOR, path)
    posts = posts_of(records)
    statuses = json.loads(path.read_text("utf-8"))
    assert len(posts) == len(records) == 20 + 14 + 1  # and the originals, and what one quotes
    by_id = {post.native_id: post for post in posts}
    assert len(by_id) == 35
    assert sum(post.repost_of is not None for post in posts) == 14
    assert not any(post.text.startswith("RT @") or post.text.endswith("…") for post in posts)
    for status in statuses:
        post = by_id[str(status["id"])]
        assert post.author == status["user"]["id_str"]
        original = status.get("retweeted_status")
        if original is not None:
            assert post.repost_of == f"x:{original['id']}"
            assert post.text == by_id[str(original["id"])].text
            assert by_id[str(original["id"])].reposts == original["retweet_count"]
    originals = [status["retweeted_status"] for status in statuses if "retweeted_status" in status]
    (quoted,) = [original["quoted_status"] for original in originals if "quoted_status" in original]
    (quoting,) = [post for post in posts if post.quote_of]
    assert quoting.quote_of == f"x:{quoted['id_str']}"
    assert by_id[quoted["id_str"]].author == quoted["user"]["id_str"]


@pytest.mark.shared
@pytest.mark.skipif(not SAMPLE.is_dir(), reason="needs ../shared/data/dumps/twitter_v1")
def test_sample_post_in_both_modes() -> None:
    """The same post: cut and without its picture in one, whole in the other."""
    (cut,) = posts_of(read_all(CONNECTOR, SAMPLE / "extended_tweet_in_compat_mode.json"))
    (whole,) = posts_of(read_all(CONNECTOR, SAMPLE / "extended_tweet_in_extended_mode.json"))
    assert cut.native_id == whole.native_id
    assert "… https://t.co/" in cut.text
    assert (len(whole.text), len(whole.media)) == (140, 1)
    assert "t.co" not in whole.text
    assert whole.text.startswith(cut.text[:100])
