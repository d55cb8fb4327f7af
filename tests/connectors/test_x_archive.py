import json
import shutil
from pathlib import Path

import pytest

from analytics.contract.errors import ConnectorError, SourceFormatError
from analytics.contract.records import Media, Post
from connectors.protocol import ReadOptions
from connectors.x_archive import XArchiveConnector
from tests.connectors.helpers import DUMPS, FIXTURES, NOW, posts_of, read_all, rejects_of, utc

ARCHIVE = FIXTURES / "x_archive"
DATA = ARCHIVE / "data"
CONNECTOR = XArchiveConnector()
SAMPLE = DUMPS / "x_archive"


def write_tweets(path: Path, tweets: list[dict[str, object]]) -> Path:
    elements = json.dumps([{"tweet": tweet} for tweet in tweets], indent=2)
    path.write_text(f"window.YTD.tweets.part0 = {elements}", encoding="utf-8")
    return path


def make_tweet(**fields: object) -> dict[str, object]:
    tweet = {"id_str": "5", "created_at": "Mon May 13 08:00:00 +0000 2024", "full_text": "hello"}
    return {**tweet, **fields}


def test_read_file_plain_post_equals_golden() -> None:
    assert read_all(CONNECTOR, DATA / "tweets.js")[0] == Post(
        platform="x",
        native_id="1790000000000000001",
        text="Salt & vinegar crisps > everything else",
        line=1,
        author="424242",
        created_at=utc(2024, 5, 13, 8),
        lang="en",
        url="https://x.com/i/web/status/1790000000000000001",
        likes=12,
        reposts=3,
    )


def test_read_file_pictures_are_found_or_shown_missing() -> None:
    post = posts_of(read_all(CONNECTOR, DATA / "tweets.js"))[1]
    assert post.text == "The new kettle has landed 🫖"
    assert post.media == (
        Media(
            kind="image",
            url="https://pbs.twimg.com/media/KETTLE.jpg",
            source_path=DATA / "tweets_media" / "1790000000000000002-KETTLE.jpg",
            alt_text="A green kettle",
        ),
        Media(
            kind="image",
            url="https://pbs.twimg.com/media/GONE.jpg",
            source_path=DATA / "tweets_media" / "1790000000000000002-GONE.jpg",
        ),
    )
    assert [item.source_path.is_file() for item in post.media if item.source_path] == [True, False]


def test_read_file_repost_keeps_text_and_expects_no_picture() -> None:
    post = posts_of(read_all(CONNECTOR, DATA / "tweets.js"))[2]
    assert post.text == "RT @some_baker: Fresh rolls at five, come e…"
    assert post.repost_of is None
    assert post.media == (Media(kind="image", url="https://pbs.twimg.com/media/ROLLS.jpg"),)


def test_read_file_reply_and_language() -> None:
    post = posts_of(read_all(CONNECTOR, DATA / "tweets.js"))[3]
    assert (post.reply_to, post.lang) == ("x:1789999999999999999", None)


def test_read_file_cut_text_is_made_whole_from_the_notes() -> None:
    post = posts_of(read_all(CONNECTOR, DATA / "tweets.js"))[4]
    assert post.text.startswith("The night train was late again")
    assert post.text.endswith("angry about it at all.")


def test_read_file_film_takes_the_best_variant() -> None:
    post = posts_of(read_all(CONNECTOR, DATA / "tweets.js"))[5]
    assert post.text == ""
    assert [(item.kind, item.url) for item in post.media] == [
        ("video", "https://video.twimg.com/vid/large.mp4?tag=1")
    ]


def test_read_file_second_part_has_quote_and_rejects() -> None:
    records = read_all(CONNECTOR, DATA / "tweets-part1.js")
    quoting, again = posts_of(records)
    assert (quoting.quote_of, quoting.lang) == ("x:1779999999999999999", "he")
    assert again.native_id == "1790000000000000001"
    assert rejects_of(records) == [
        (3, "created_at out of range: 'Fri Jan 01 00:00:00 +0000 9999'"),
        (4, "id is missing"),
        (5, "not a JSON object"),
    ]


def test_read_file_without_companions_reads_the_same_posts(tmp_path: Path) -> None:
    shutil.copy(DATA / "tweets.js", tmp_path)
    posts = posts_of(read_all(CONNECTOR, tmp_path / "tweets.js"))
    assert len(posts) == 6
    assert {post.author for post in posts} == {None}
    assert {item.source_path for post in posts for item in post.media} == {None}
    assert posts[4].text.endswith("… https://t.co/cccccccccc")


def test_read_file_broken_notes_are_told_and_cost_no_post(tmp_path: Path) -> None:
    shutil.copytree(DATA, tmp_path / "data")
    notes = tmp_path / "data" / "note-tweet.js"
    notes.write_text(notes.read_text("utf-8")[:-40], encoding="utf-8")
    records = read_all(CONNECTOR, tmp_path / "data" / "tweets.js")
    assert len(posts_of(records)) == 6
    assert rejects_of(records) == [
        (0, "note-tweet.js, record 2: the file ends in the middle of this record")
    ]


def test_read_file_broken_element_costs_one_reject(tmp_path: Path) -> None:
    path = write_tweets(tmp_path / "tweets.js", [make_tweet(id_str=str(n)) for n in range(5)])
    text = path.read_text("utf-8").replace('"id_str": "2"', '"id_str": "2', 1)
    path.write_text(text, encoding="utf-8")
    records = read_all(CONNECTOR, path)
    assert [post.native_id for post in posts_of(records)] == ["0", "1", "3", "4"]
    assert [line for line, _ in rejects_of(records)] == [3]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"id_str": "../7"}, "id is not a number: '../7'"),
        ({"id_str": True}, "id is not a number: True"),
        ({"created_at": None}, "created_at is missing"),
        ({"full_text": None}, "full_text is missing"),
        ({"full_text": ["a"]}, "full_text is not a string: ['a']"),
        ({"full_text": "x" * 100_001}, "full_text has 100,001 characters, the limit is 100,000"),
    ],
)
def test_read_file_bad_field_is_a_reject(
    tmp_path: Path, fields: dict[str, object], reason: str
) -> None:
    path = write_tweets(tmp_path / "tweets.js", [make_tweet(**fields)])
    assert rejects_of(read_all(CONNECTOR, path)) == [(1, reason)]


def test_read_file_media_name_cannot_leave_the_folder(tmp_path: Path) -> None:
    (tmp_path / "tweets_media").mkdir()
    media = {"type": "photo", "media_url_https": "https://x.example/..%2f/../../secret.jpg"}
    path = write_tweets(tmp_path / "tweets.js", [make_tweet(extended_entities={"media": [media]})])
    found = posts_of(read_all(CONNECTOR, path))[0].media[0].source_path
    assert found == tmp_path / "tweets_media" / "5-secret.jpg"


def test_read_file_empty_array_gives_nothing(tmp_path: Path) -> None:
    path = write_tweets(tmp_path / "tweets.js", [])
    assert read_all(CONNECTOR, path) == []


def test_read_file_other_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tweets.js").write_text("function () {}")
    with pytest.raises(SourceFormatError, match=r"should begin with `window\.YTD\.tweets"):
        read_all(CONNECTOR, tmp_path / "tweets.js")


def test_list_files_gives_parts_in_order(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for name in ("tweets-part10.js", "tweets-part2.js", "tweets.js", "deleted-tweets.js"):
        (tmp_path / "data" / name).write_text("x")
    names = ["tweets.js", "tweets-part2.js", "tweets-part10.js"]
    assert [file.name for file in CONNECTOR.list_files(tmp_path)] == names
    assert [file.name for file in CONNECTOR.list_files(tmp_path / "data")] == names


def test_list_files_folder_above_the_archive_is_pointed_down(tmp_path: Path) -> None:
    shutil.copytree(ARCHIVE, tmp_path / "mine")
    with pytest.raises(ConnectorError, match=f"there is an archive in {tmp_path / 'mine'}"):
        CONNECTOR.list_files(tmp_path)


def test_detect_says_what_is_there() -> None:
    found = CONNECTOR.detect(ARCHIVE)
    assert found is not None
    assert found.confidence > 0.9
    assert found.found == "X account archive with 2 post files, pictures, long texts"
    assert CONNECTOR.detect(DATA / "note-tweet.js") is None
    assert CONNECTOR.detect(FIXTURES / "reddit") is None


def test_on_bytes_sums_to_the_size_of_the_file() -> None:
    counted: list[int] = []
    list(CONNECTOR.read_file(DATA / "tweets.js", ReadOptions(on_bytes=counted.append, now=NOW)))
    assert sum(counted) == (DATA / "tweets.js").stat().st_size


@pytest.mark.shared
@pytest.mark.skipif(not SAMPLE.is_dir(), reason="needs ../shared/data/dumps/x_archive")
def test_sample_archive_is_read_whole() -> None:
    first, second = CONNECTOR.list_files(SAMPLE)
    posts = posts_of(read_all(CONNECTOR, first))
    assert len(posts) == len(read_all(CONNECTOR, first)) == 252
    assert len(posts_of(read_all(CONNECTOR, second))) == len(read_all(CONNECTOR, second)) == 8
    assert sum(post.reply_to is not None for post in posts) == 89
    assert sum(len(post.media) for post in posts) == 5
    assert not any("&amp;" in post.text for post in posts)
    assert not any(post.text.endswith(("t.co/1BXJcBvhbd", "t.co/YxVMbkCX8n")) for post in posts)
    assert {post.lang for post in posts} == {"ru", "uk", "en", "bg", "ht", None}


@pytest.mark.shared
@pytest.mark.skipif(not SAMPLE.is_dir(), reason="needs ../shared/data/dumps/x_archive")
def test_sample_notes_are_matched_to_texts_cut_from_them(tmp_path: Path) -> None:
    """The sample's notes are another account's, so the cut posts are made from them."""
    text = (SAMPLE / "data" / "note-tweet.js").read_text("utf-8")
    notes = [item["noteTweet"] for item in json.loads(text[text.index("[") :])]
    long = [note for note in notes if len(note["core"]["text"]) > 280]
    tweets = []
    for note in long:
        year, clock = note["createdAt"][:10], note["createdAt"][11:19]
        created = (
            utc(*map(int, year.split("-"))).strftime("%a %b %d") + f" {clock} +0000 {year[:4]}"
        )
        cut = note["core"]["text"][:270].rstrip() + "… https://t.co/0123456789"
        tweets.append(make_tweet(id_str=note["noteTweetId"], created_at=created, full_text=cut))
    shutil.copy(SAMPLE / "data" / "note-tweet.js", tmp_path)
    posts = posts_of(read_all(CONNECTOR, write_tweets(tmp_path / "tweets.js", tweets)))
    assert [post.text for post in posts] == [note["core"]["text"] for note in long]
    assert len(posts) == 30
