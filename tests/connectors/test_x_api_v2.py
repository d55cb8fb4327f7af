import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from analytics.contract.errors import SourceFormatError
from analytics.contract.records import Media, Post
from connectors.x_api_v2 import XApiV2Connector
from tests.connectors.helpers import DUMPS, ignored_of, posts_of, read_all, rejects_of, utc
from tests.connectors.makers import make_v2_post, make_v2_response

CONNECTOR = XApiV2Connector()
SAMPLE = DUMPS / "x_api_v2"
LINK, OTHER_LINK = "https://t.co/aaaaaaaaaa", "https://t.co/bbbbbbbbbb"
PHOTO = {
    "media_key": "3_1",
    "type": "photo",
    "url": "https://pbs.twimg.com/media/KETTLE.jpg",
    "alt_text": "A green kettle",
}
FILM = {"media_key": "7_2", "type": "video", "preview_image_url": "https://pbs.twimg.com/f.jpg"}
PICTURE = Media(kind="image", url=PHOTO["url"], alt_text="A green kettle")


def read_values(folder: Path, *values: Any) -> list[Any]:
    path = folder / "responses.jsonl"
    path.write_text("".join(json.dumps(value) + "\n" for value in values))
    return read_all(CONNECTOR, path)


def read_one(folder: Path, **fields: Any) -> Post:
    (post,) = posts_of(read_values(folder, make_v2_response([make_v2_post(**fields)])))
    return post


def refer(kind: str, native_id: str) -> dict[str, str]:
    return {"type": kind, "id": native_id}


def link_to(url: str, post_id: str, rest: str = "") -> dict[str, str]:
    return {"url": url, "expanded_url": f"https://twitter.com/a/status/{post_id}{rest}"}


def test_read_file_plain_post_equals_golden(tmp_path: Path) -> None:
    assert read_one(tmp_path) == Post(
        platform="x",
        native_id="1790000000000000001",
        text="Salt & vinegar crisps > everything else",
        line=1,
        author="424242",
        created_at=utc(2024, 5, 13, 8),
        retrieved_at=utc(2024, 6, 1),
        lang="en",
        url="https://x.com/i/web/status/1790000000000000001",
        likes=12,
        reposts=3,
        replies=2,
        views=900,
    )


def test_read_file_post_with_the_default_fields_has_the_time_of_its_id(tmp_path: Path) -> None:
    made_ms = 1_715_587_200_250 - 1_288_834_974_657
    records = read_values(
        tmp_path,
        {"data": [{"id": str(made_ms << 22 | 7), "text": "a"}], "meta": {"newest_id": "1"}},
        {"data": [{"id": "20", "text": "before ids had times"}]},
        {"data": {"id": str(2**63), "text": "of a later century"}},
    )
    posts = posts_of(records)
    assert posts[0].created_at == utc(2024, 5, 13, 8, 0, 0, 250_000)
    assert (posts[0].author, posts[0].retrieved_at) == (None, None)
    assert posts[1].created_at is None
    ((line, reason),) = rejects_of(records)
    assert (line, reason.partition(":")[0]) == (3, "time of the id out of range")


def test_read_file_long_text_is_whole(tmp_path: Path) -> None:
    note = {
        "text": f"{'very ' * 60}good &lt;3 {LINK}",
        "entities": {"urls": [link_to(LINK, "1790000000000000001", "/photo/1")]},
    }
    post = read_one(tmp_path, text="very very…", note_tweet=note)
    assert post.text == f"{'very ' * 60}good <3"


def test_read_file_media_are_joined_by_their_keys(tmp_path: Path) -> None:
    own = link_to(LINK, "5", "/photo/1")
    post = make_v2_post(
        "5",
        created_at="2024-05-13T08:00:00Z",
        text=f"tea {OTHER_LINK} {LINK}",
        attachments={"media_keys": ["7_2", "3_1", "3_9", 5]},
        entities={"urls": [{"url": OTHER_LINK, "expanded_url": "https://inn.example"}, own]},
    )
    includes = {"media": [PHOTO, FILM, 5, {"media_key": 6}]}
    (found,) = posts_of(read_values(tmp_path, make_v2_response([post], includes=includes)))
    assert found.text == f"tea {OTHER_LINK}"
    assert found.media == (Media(kind="video", url=FILM["preview_image_url"]), PICTURE)


def test_read_file_repost_has_the_whole_original_beside_it(tmp_path: Path) -> None:
    original = make_v2_post(
        "1780000000000000001",
        text=f"{'Fresh rolls ' * 20}{LINK}",
        attachments={"media_keys": ["3_1"]},
        entities={"urls": [{"url": LINK, "media_key": "3_1"}]},
        referenced_tweets=[refer("replied_to", "1770000000000000001")],
    )
    repost = make_v2_post(
        text="RT @baker: Fresh rolls Fr…",
        referenced_tweets=[refer("retweeted", "1780000000000000001")],
    )
    includes = {"tweets": [original], "media": [PHOTO], "users": [{"id": "1", "username": "a"}]}
    post, inner = posts_of(read_values(tmp_path, make_v2_response([repost], includes=includes)))
    assert (post.repost_of, post.reply_to) == ("x:1780000000000000001", None)
    assert (post.text, post.media) == (("Fresh rolls " * 20).strip(), (PICTURE,))
    assert (post.likes, post.reposts, post.replies, post.views) == (None, None, None, None)
    assert (inner.text, inner.media, inner.likes) == (post.text, post.media, 12)
    assert (inner.reply_to, inner.line) == ("x:1770000000000000001", 1)


def test_read_file_repost_of_what_is_not_there_keeps_its_text(tmp_path: Path) -> None:
    post = read_one(tmp_path, text="RT @a: b…", referenced_tweets=[refer("retweeted", "4")])
    assert (post.text, post.repost_of) == ("RT @a: b…", "x:4")


def test_read_file_quote_and_reply(tmp_path: Path) -> None:
    post = read_one(
        tmp_path,
        text=f"well said {LINK} {OTHER_LINK}",
        entities={
            "urls": [link_to(LINK, "1790000000000000001", "/photo/1"), link_to(OTHER_LINK, "4")]
        },
        referenced_tweets=[refer("replied_to", "3"), refer("quoted", "4")],
    )
    assert (post.reply_to, post.quote_of, post.text) == ("x:3", "x:4", "well said")


def test_read_file_included_posts_are_read_once_in_a_response(tmp_path: Path) -> None:
    """Pages that include what is in `data` must not give it twice."""
    first, second = make_v2_post("1790000000000000001"), make_v2_post("1790000000000000002")
    includes = {"tweets": [second, second, first, make_v2_post("1790000000000000003")]}
    records = read_values(
        tmp_path,
        make_v2_response([first, second], includes=includes),
        make_v2_response(second, includes=includes),
        make_v2_response(None, includes=includes),
    )
    found = Counter((post.line, post.native_id[-1]) for post in posts_of(records))
    assert found == Counter((line, digit) for line in (1, 2, 3) for digit in "123")
    assert [post.native_id[-1] for post in posts_of(records)[:3]] == ["1", "2", "3"]


def test_read_file_flattened_posts_are_joined_in_themselves(tmp_path: Path) -> None:
    """What `twarc2 flatten` makes: a post a line, the included ones inside it."""
    quoted = make_v2_post("1770000000000000001", text="first")
    original = make_v2_post(
        "1780000000000000001",
        text="whole text",
        attachments={"media_keys": ["3_1"], "media": [PHOTO]},
        referenced_tweets=[{"type": "quoted", **quoted}],
    )
    repost = make_v2_post(
        text="RT @a: whole…",
        author={"id": "424242", "username": "crisp_fan"},
        referenced_tweets=[{"type": "retweeted", **original}],
        __twarc={"retrieved_at": "2024-06-01T00:00:00+00:00"},
    )
    posts = posts_of(read_values(tmp_path, repost))
    assert [(post.text, post.retrieved_at) for post in posts] == [
        ("whole text", utc(2024, 6, 1)),
        ("whole text", utc(2024, 6, 1)),
        ("first", utc(2024, 6, 1)),
    ]
    assert [(post.repost_of, post.quote_of) for post in posts] == [
        ("x:1780000000000000001", None),
        (None, "x:1770000000000000001"),
        (None, None),
    ]
    assert posts[0].media == posts[1].media == (PICTURE,)


def test_read_file_single_response_in_any_form(tmp_path: Path) -> None:
    posts = [make_v2_post(str(1_790_000_000_000_000_000 + n), text="x" * 900) for n in range(100)]
    response = make_v2_response(posts, includes={"tweets": [make_v2_post("1")]})
    for name, text in {
        "line": json.dumps(response),
        "pretty": json.dumps(response, indent=4),
        "narrow": json.dumps(response, indent=0),
        "array": json.dumps([response]),
        "posts": json.dumps([*posts, make_v2_post("1")]),
    }.items():
        (tmp_path / name).write_text(text)
        found = CONNECTOR.detect(tmp_path / name)
        assert found is not None, name
        assert found.confidence >= 0.9, name
        assert len(posts_of(read_all(CONNECTOR, tmp_path / name))) == 101, name


def test_read_file_responses_without_posts_are_ignored(tmp_path: Path) -> None:
    records = read_values(
        tmp_path,
        {"meta": {"result_count": 0}},
        {"errors": [{"title": "operational-disconnect"}]},
        {"title": "ConnectionException", "detail": "too many"},
        {"data": [], "meta": {}},
        {"data": [{"id": "4", "name": "A", "username": "a"}], "meta": {}},
        {"data": None, "includes": None},
    )
    assert ignored_of(records) == [
        (1, "response without posts"),
        (2, "response without posts"),
        (3, "response without posts"),
        (4, "response without posts"),
        (5, "user record"),
        (6, "response without posts"),
    ]
    assert len(records) == 6


def test_read_file_bad_responses_are_rejects_part_by_part(tmp_path: Path) -> None:
    good = make_v2_post()
    records = read_values(
        tmp_path,
        make_v2_response([5, good, make_v2_post(None), {}], includes={"tweets": [7, {"id": "8"}]}),
        make_v2_response(good, includes=[1]),
        make_v2_response("text"),
        {"never": "seen"},
        [],
        make_v2_response([good], includes={"tweets": "x", "media": {"a": 1}}),
    )
    assert rejects_of(records) == [
        (1, "not a JSON object"),
        (1, "id is missing"),
        (1, "id is missing"),
        (1, "not a JSON object"),
        (1, "text is missing"),
        (2, "includes is not an object: [1]"),
        (3, "data is neither a list nor an object: 'text'"),
        (4, "neither a response nor a post; its keys: ['never']"),
        (5, "not a JSON object"),
    ]
    assert [post.line for post in posts_of(records)] == [1, 2, 6]
    assert records[0].raw == "5"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"id": "../7"}, "id is not a number: '../7'"),
        ({"id": 1.5}, "id is not a number: 1.5"),
        ({"text": None}, "text is missing"),
        ({"text": ["a"]}, "text is not a string: ['a']"),
        ({"created_at": "soon"}, "created_at is not a time: 'soon'"),
        ({"author_id": "me"}, "author_id is not a number: 'me'"),
        ({"public_metrics": [1]}, "public_metrics is not an object: [1]"),
        ({"entities": "x"}, "entities is not an object: 'x'"),
        ({"attachments": 5}, "attachments is not an object: 5"),
        ({"referenced_tweets": {"a": 1}}, "referenced_tweets is not a list: {'a': 1}"),
        ({"referenced_tweets": [5]}, "referenced_tweets holds no reference: 5"),
        ({"referenced_tweets": [{"type": "quoted"}]}, "referenced_tweets.id is missing"),
        (
            {"referenced_tweets": [refer("quoted", "x")]},
            "referenced_tweets.id is not a number: 'x'",
        ),
    ],
)
def test_read_file_bad_field_is_a_reject(
    tmp_path: Path, fields: dict[str, object], reason: str
) -> None:
    records = read_values(tmp_path, make_v2_response([make_v2_post(**fields), make_v2_post()]))
    assert rejects_of(records) == [(1, reason)]
    assert len(posts_of(records)) == 1


def test_read_file_bad_original_costs_itself(tmp_path: Path) -> None:
    repost = make_v2_post(text="RT @a: b…", referenced_tweets=[refer("retweeted", "4")])
    includes = {"tweets": [make_v2_post("4", entities=[5])]}
    records = read_values(tmp_path, make_v2_response([repost], includes=includes))
    assert [(post.text, post.repost_of) for post in posts_of(records)] == [("RT @a: b…", "x:4")]
    assert rejects_of(records) == [(1, "entities is not an object: [5]")]


@pytest.mark.parametrize(
    "fields",
    [
        {"note_tweet": 5},
        {"note_tweet": {"text": 5}},
        {"entities": {"urls": [5, {"media_key": 5}, {"expanded_url": 5}]}},
        {"attachments": {"media_keys": "3_1", "media": [5]}},
        {"lang": 5, "referenced_tweets": None, "public_metrics": {"like_count": "many"}},
    ],
)
def test_read_file_odd_field_does_not_cost_the_post(
    tmp_path: Path, fields: dict[str, object]
) -> None:
    post = read_one(tmp_path, **fields)
    assert (post.text, post.media) == ("Salt & vinegar crisps > everything else", ())


def test_read_file_other_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("id,text\n1,hello\n")
    with pytest.raises(SourceFormatError, match="not a file of X's API v2"):
        read_all(CONNECTOR, tmp_path / "a.json")


def test_detect_says_what_it_found(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    long = [make_v2_post(text="x" * 70_000)]
    for value, found in {
        json.dumps(make_v2_response([make_v2_post()])): (0.98, "responses of X's API v2"),
        json.dumps(make_v2_response({"id": "1", "text": "a"})): (0.98, "responses of X's API v2"),
        json.dumps(make_v2_response([])): (0.98, "responses of X's API v2"),
        json.dumps(make_v2_post()): (0.97, "posts of X's API v2, one by one"),
        json.dumps(make_v2_response([make_v2_post(), *long])): (0.95, "responses of X's API v2"),
        json.dumps(
            make_v2_response([{"public_metrics": 1, "author_id": "1", "text": "x" * 70_000}])
        ): (
            0.9,
            "responses of X's API v2",
        ),
    }.items():
        path.write_text(value)
        detection = CONNECTOR.detect(path)
        assert detection is not None
        assert (detection.confidence, detection.found) == found


@pytest.mark.parametrize(
    "value",
    [
        {"data": [{"id": "1", "text": "no post of X"}]},
        {"data": [{"id": "1", "text": "a", "public_metrics": {"views": 1}}], "meta": {"page": 1}},
        {"data": {"children": [{"body": "a", "id": "b"}]}},
        {"id": "1", "text": "a", "author_id": "5"},
        {"data": []},
        {"data": 'a text about "public_metrics": and "author_id":' + "x" * 70_000},
    ],
)
def test_detect_leaves_other_objects_alone(tmp_path: Path, value: object) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(value) + "\n")
    assert CONNECTOR.detect(tmp_path / "a.jsonl") is None


@pytest.mark.shared
@pytest.mark.skipif(not SAMPLE.is_dir(), reason="needs ../shared/data/dumps/x_api_v2")
def test_sample_search_is_read_whole() -> None:
    path = SAMPLE / "brexit.jsonl"
    found = CONNECTOR.detect(path)
    assert found is not None
    assert found.confidence > 0.9
    records = read_all(CONNECTOR, path)
    posts = posts_of(records)
    page = json.loads(path.read_text("utf-8"))
    both = {post["id"] for post in page["data"]} & {
        post["id"] for post in page["includes"]["tweets"]
    }
    assert (len(page["data"]), len(page["includes"]["tweets"]), len(both)) == (50, 59, 1)
    assert len(records) == len(posts) == len({post.native_id for post in posts}) == 108
    searched = posts[:50]
    assert [post.native_id for post in searched] == [post["id"] for post in page["data"]]
    assert Counter(
        kind
        for post in searched
        for kind in ("repost_of", "reply_to", "quote_of")
        if getattr(post, kind)
    ) == {"repost_of": 30, "reply_to": 8, "quote_of": 4}
    ids = {post.post_id for post in posts}
    for post in searched:
        references = {post.repost_of, post.reply_to, post.quote_of} - {None}
        assert references <= ids  # all that is referred to came with the page
    assert sum(post["text"].endswith("…") for post in page["data"]) == 25
    assert not any(post.text.endswith("…") for post in searched)
    assert not any("&amp;" in post.text for post in posts)
    assert {post.retrieved_at for post in posts} == {
        datetime.fromisoformat(page["__twarc"]["retrieved_at"])
    }
    assert sum(len(post.media) for post in posts) == 9


@pytest.mark.shared
@pytest.mark.skipif(not SAMPLE.is_dir(), reason="needs ../shared/data/dumps/x_api_v2")
def test_sample_film_and_stream() -> None:
    (film,) = posts_of(read_all(CONNECTOR, SAMPLE / "media_tweet.jsonl"))
    ((kind, url),) = [(item.kind, item.url) for item in film.media]
    (media,) = json.loads((SAMPLE / "media_tweet.jsonl").read_text("utf-8"))["includes"]["media"]
    assert (kind, url) == ("video", media["preview_image_url"])
    assert "t.co" not in film.text
    records = read_all(CONNECTOR, SAMPLE / "streaming_output_with_error.jsonl")
    assert len(posts_of(records)) == 7 + 4  # and those that came with them
    assert rejects_of(records) == [(8, "the file ends in the middle of this record")]
    first, quoted = posts_of(records)[:2]
    assert (first.quote_of, len(first.media)) == (quoted.post_id, 1)
    assert "t.co" not in first.text  # what it links to are its picture and the quoted post
