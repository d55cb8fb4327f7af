import json
from pathlib import Path
from typing import Any

import pytest

from analytics.contract.errors import SourceFormatError
from analytics.contract.records import Post
from connectors.registry import choose_connector
from connectors.youtube import YoutubeConnector
from tests.connectors.helpers import DUMPS, ignored_of, posts_of, read_all, rejects_of, utc

CONNECTOR = YoutubeConnector()
SAMPLE = DUMPS / "youtube" / "commentThreads.json"


def make_comment(number: int = 1, **fields: object) -> dict[str, Any]:
    """A comment as the API writes it; None takes a field of its snippet away."""
    snippet: dict[str, Any] = {
        "videoId": "vvv",
        "textDisplay": "So &amp; so<br>loud",
        "textOriginal": "So & so\nloud",
        "authorDisplayName": "@tea",
        "authorChannelUrl": "http://www.youtube.com/@tea",
        "authorChannelId": {"value": "UCtea"},
        "likeCount": 3,
        "publishedAt": "2024-05-01T08:00:00Z",
        "updatedAt": "2024-05-01T08:00:00Z",
    }
    snippet = {key: value for key, value in (snippet | fields).items() if value is not None}
    return {"kind": "youtube#comment", "etag": "e", "id": f"Ug{number}", "snippet": snippet}


def make_thread(number: int = 1, *answers: dict[str, Any], **fields: object) -> dict[str, Any]:
    thread: dict[str, Any] = {
        "kind": "youtube#commentThread",
        "id": f"Ug{number}",
        "snippet": {
            "videoId": "vvv",
            "topLevelComment": make_comment(number, **fields),
            "totalReplyCount": len(answers),
        },
    }
    return thread | ({"replies": {"comments": list(answers)}} if answers else {})


def make_page(*items: object) -> dict[str, Any]:
    return {
        "kind": "youtube#commentThreadListResponse",
        "nextPageToken": "abc",
        "pageInfo": {"totalResults": 2, "resultsPerPage": 100},
        "items": list(items),
    }


def make_answer() -> dict[str, Any]:
    """An answer inside a thread, whose snippet may name no video."""
    return make_comment(2, parentId="Ug1", videoId=None) | {"id": "Ug1.2"}


def write(path: Path, value: object, indent: int | None = 2) -> Path:
    path.write_text(json.dumps(value, indent=indent), encoding="utf-8")
    return path


def read_one(tmp_path: Path, **fields: object) -> Post:
    path = write(tmp_path / "a.json", make_page(make_thread(**fields)))
    (post,) = posts_of(read_all(CONNECTOR, path))
    return post


def test_read_file_thread_with_answer_equals_golden(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", make_page(make_thread(1, make_answer()), make_thread(3)))
    first, answer, last = read_all(CONNECTOR, path)
    assert first == Post(
        platform="youtube",
        native_id="Ug1",
        text="So & so\nloud",
        line=1,
        author="UCtea",
        created_at=utc(2024, 5, 1, 8),
        url="https://www.youtube.com/watch?v=vvv&lc=Ug1",
        likes=3,
        replies=1,
    )
    assert answer == Post(
        platform="youtube",
        native_id="Ug1.2",
        text="So & so\nloud",
        line=1,
        author="UCtea",
        created_at=utc(2024, 5, 1, 8),
        url="https://www.youtube.com/watch?v=vvv&lc=Ug1.2",
        reply_to="youtube:Ug1",
        likes=3,
    )
    assert (last.line, isinstance(last, Post)) == (2, True)


def test_read_file_layouts_of_the_same_comments_agree(tmp_path: Path) -> None:
    threads = [make_thread(1, make_answer()), make_thread(2)]
    layouts: dict[str, str] = {
        "page.json": json.dumps(make_page(*threads), indent=2),
        "one_line.json": json.dumps(make_page(*threads)),
        "pages.json": json.dumps([make_page(threads[0]), make_page(), make_page(threads[1])]),
        "pages.jsonl": "\n".join(json.dumps(make_page(thread)) for thread in threads),
        "threads.json": json.dumps(threads, indent=1),
        "threads.jsonl": "\n".join(map(json.dumps, threads)),
    }
    wanted = ["Ug1", "Ug1.2", "Ug2"]
    for name, text in layouts.items():
        (tmp_path / name).write_text(text)
        connector, _ = choose_connector(tmp_path / name)
        assert connector.name == "youtube"
        records = read_all(CONNECTOR, tmp_path / name)
        assert (
            [post.native_id for post in posts_of(records)]
            == wanted
            == [post.native_id for post in records if isinstance(post, Post)]
        ), name
    assert choose_connector(tmp_path)[0].name == "youtube"
    assert len(CONNECTOR.list_files(tmp_path)) == len(layouts)


def test_read_file_comments_of_comments_list(tmp_path: Path) -> None:
    page = make_page(make_answer(), make_comment(5)) | {"kind": "youtube#commentListResponse"}
    path = write(tmp_path / "a.json", page)
    assert choose_connector(path)[1].found == "YouTube comments, replies of its API"
    answer, comment = posts_of(read_all(CONNECTOR, path))
    assert (answer.reply_to, answer.url) == ("youtube:Ug1", None)
    assert (comment.reply_to, comment.replies) == (None, None)
    (single,) = posts_of(read_all(CONNECTOR, write(tmp_path / "b.json", make_comment(5))))
    assert single.native_id == comment.native_id


def test_read_file_text_is_made_of_html_where_there_is_no_other(tmp_path: Path) -> None:
    shown = 'I &lt;3 <b>it</b><br>at <a href="https://www.youtube.com/watch?v=v&amp;t=83">1:23</a>'
    assert read_one(tmp_path, textOriginal=None, textDisplay=shown).text == "I <3 it\nat 1:23"
    plain = "1 < 2\n&amp; so"
    assert read_one(tmp_path, textOriginal=None, textDisplay=plain).text == plain
    assert read_one(tmp_path, textOriginal="", textDisplay="").text == ""


def test_read_file_edit_and_author(tmp_path: Path) -> None:
    edited = read_one(tmp_path, updatedAt="2024-05-01T09:00:00Z", authorChannelId=None)
    assert (edited.edited_at, edited.author) == (utc(2024, 5, 1, 9), None)
    url = "http://www.youtube.com/channel/UC_a-1"
    other = read_one(tmp_path, updatedAt="soon", authorChannelId={}, authorChannelUrl=url)
    assert (other.edited_at, other.author) == (None, "UC_a-1")


@pytest.mark.parametrize(
    ("comment", "reason"),
    [
        (5, "not a JSON object"),
        ({"id": "a"}, "not a comment: snippet is not an object: None"),
        (make_comment() | {"id": None}, "id is missing"),
        (make_comment(publishedAt=None), "publishedAt is missing"),
        (make_comment(publishedAt="soon"), "publishedAt is not a time: 'soon'"),
        (
            make_comment(textOriginal=None, textDisplay=None),
            "textOriginal and textDisplay are missing",
        ),
        (make_comment(textOriginal=None, textDisplay=5), "textDisplay is not a string: 5"),
    ],
)
def test_read_file_bad_comment_is_a_reject(tmp_path: Path, comment: object, reason: str) -> None:
    bad = make_thread(2, make_answer())
    bad["snippet"]["topLevelComment"] = comment
    answered = make_thread(1, make_answer())
    answered["replies"]["comments"] = [comment]
    path = write(tmp_path / "a.json", make_page(answered, bad, make_thread(3)))
    records = read_all(CONNECTOR, path)
    assert rejects_of(records) == [(1, reason), (2, reason)]
    assert [post.native_id for post in posts_of(records)] == ["Ug1", "Ug1.2", "Ug3"]


def test_read_file_other_records_of_the_api_are_ignored(tmp_path: Path) -> None:
    video = {"kind": "youtube#video", "id": "vvv", "snippet": {"title": "a"}}
    path = write(tmp_path / "a.json", make_page(make_thread(), video))
    assert ignored_of(read_all(CONNECTOR, path)) == [(2, "record of youtube#video")]


def test_read_file_broken_thread_costs_no_other(tmp_path: Path) -> None:
    text = json.dumps(make_page(make_thread(1), make_thread(2), make_thread(3)), indent=2)
    (tmp_path / "a.json").write_text(text.replace('"id": "Ug2",', '"id": "Ug2,'))
    records = read_all(CONNECTOR, tmp_path / "a.json")
    assert [post.native_id for post in posts_of(records)] == ["Ug1", "Ug3"]
    ((line, reason),) = rejects_of(records)
    assert line == 2
    assert reason.startswith("not valid JSON (")


def test_read_file_other_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("id,text\n1,hello\n")
    with pytest.raises(SourceFormatError, match="begins as JSON does; expected"):
        read_all(CONNECTOR, tmp_path / "a.json")
    assert CONNECTOR.detect(tmp_path / "a.json") is None


@pytest.mark.shared
@pytest.mark.skipif(not SAMPLE.is_file(), reason="needs ../shared/data/dumps/youtube")
def test_sample_file_is_read_whole() -> None:
    connector, _ = choose_connector(SAMPLE)
    assert connector.name == "youtube"
    records = read_all(CONNECTOR, SAMPLE)
    items = json.loads(SAMPLE.read_text("utf-8"))["items"]
    posts = posts_of(records)
    assert len(posts) == len(records) == len(items)
    for post, item in zip(posts, items, strict=True):
        snippet = item["snippet"]["topLevelComment"]["snippet"]
        assert post.native_id == item["id"]
        assert post.text == snippet["textOriginal"]
        assert post.author == snippet["authorChannelId"]["value"]
        assert (post.likes, post.replies) == (
            snippet["likeCount"],
            item["snippet"]["totalReplyCount"],
        )
        assert (post.edited_at is None) == (snippet["updatedAt"] == snippet["publishedAt"])


@pytest.mark.shared
@pytest.mark.skipif(not SAMPLE.is_file(), reason="needs ../shared/data/dumps/youtube")
def test_sample_html_gives_the_original_text(tmp_path: Path) -> None:
    """Where the page shows no link, its HTML leads to the text as it was written."""
    document = json.loads(SAMPLE.read_text("utf-8"))
    originals = []
    for item in document["items"]:
        originals.append(item["snippet"]["topLevelComment"]["snippet"].pop("textOriginal"))
    posts = posts_of(read_all(CONNECTOR, write(tmp_path / "a.json", document)))
    pairs = [
        (post.text, original)
        for post, original in zip(posts, originals, strict=True)
        if "http" not in post.text
    ]
    assert len(pairs) > len(posts) / 2
    for text, original in pairs:  # in which *this* is how one writes bold
        assert text.split() == original.replace("*", "").split()
