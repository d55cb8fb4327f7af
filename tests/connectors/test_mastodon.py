import json
from collections import Counter
from pathlib import Path

import pytest

from analytics.contract.errors import SourceFormatError
from analytics.contract.records import Media, Post
from connectors.protocol import ReadOptions
from tests.connectors.helpers import DUMPS, ignored_of, posts_of, read_all, rejects_of, utc
from tests.connectors.makers import (
    ACTOR,
    PUBLIC,
    make_activity,
    make_api_status,
    make_note,
    make_outbox,
)
from tests.connectors.mastodon_files import (
    CONNECTOR,
    read_note,
    read_outbox,
    read_status,
    read_statuses,
)

SAMPLE = DUMPS / "mastodon"
FOLLOWERS = f"{ACTOR}/followers"
PICTURE_PATH = "/store/media_attachments/files/109/original/kettle.jpg"
ATTACHMENT = {"type": "Document", "mediaType": "image/jpeg", "url": PICTURE_PATH, "name": "kettle"}


def test_read_file_note_equals_golden(tmp_path: Path) -> None:
    assert read_note(tmp_path) == Post(
        platform="mastodon",
        native_id="https://kettles.example/users/crisp_fan/statuses/1",
        text="Salt & vinegar crisps",
        line=1,
        author="https://kettles.example/users/crisp_fan",
        created_at=utc(2024, 5, 13, 8),
        lang="en",
        url="https://kettles.example/@crisp_fan/1",
    )


def test_read_file_post_of_the_api_equals_golden(tmp_path: Path) -> None:
    """It has the id and author that an archive gives it, so that both are one post."""
    archived = read_note(tmp_path)
    assert read_status(tmp_path) == Post(
        platform=archived.platform,
        native_id=archived.native_id,
        text=archived.text,
        line=1,
        author=archived.author,
        created_at=archived.created_at,
        lang="en",
        url=archived.url,
        likes=12,
        reposts=3,
        replies=2,
    )


def test_read_file_content_warning_is_the_first_paragraph(tmp_path: Path) -> None:
    assert read_note(tmp_path, summary="food ").text == "food\n\nSalt & vinegar crisps"
    assert read_status(tmp_path, spoiler_text="food").text == "food\n\nSalt & vinegar crisps"


def test_read_file_note_with_all_it_may_have(tmp_path: Path) -> None:
    post = read_note(
        tmp_path,
        inReplyTo="https://inn.example/users/a/statuses/7",
        updated="2024-05-14T08:00:00Z",
        quoteUrl="https://inn.example/users/a/statuses/6",
        contentMap={"en": "<p>other</p>", "nl": "<p>Salt &amp; vinegar crisps</p>"},
        likes={"totalItems": 4},
        shares={"totalItems": 5},
    )
    assert (post.reply_to, post.quote_of) == (
        "mastodon:https://inn.example/users/a/statuses/7",
        "mastodon:https://inn.example/users/a/statuses/6",
    )
    assert (post.edited_at, post.lang) == (utc(2024, 5, 14, 8), "nl")
    assert (post.likes, post.reposts, post.replies) == (4, 5, None)


@pytest.mark.parametrize(
    ("to", "cc", "reason"),
    [
        ([PUBLIC], [FOLLOWERS], None),
        ([FOLLOWERS], [PUBLIC], None),  # unlisted
        ("as:Public", None, None),
        ([FOLLOWERS], [], "post for followers only"),
        ([FOLLOWERS], ["https://inn.example/users/a"], "post for followers only"),
        (["https://inn.example/users/a"], [], "post for named accounts only"),
    ],
)
def test_read_file_posts_that_are_not_public_are_ignored(
    tmp_path: Path, to: object, cc: object, reason: str | None
) -> None:
    records = read_outbox(tmp_path, make_activity(make_note(to=to, cc=cc)))
    assert ignored_of(records) == ([] if reason is None else [(1, reason)])
    assert len(posts_of(records)) == (reason is None)
    private = ReadOptions(includes_private=True)
    assert len(posts_of(list(CONNECTOR.read_file(tmp_path / "outbox.json", private)))) == 1
    activity = {**make_activity(make_note()), "to": to, "cc": cc}
    assert ignored_of(read_outbox(tmp_path, activity)) == ([] if reason is None else [(1, reason)])


def test_read_file_other_activities_are_ignored(tmp_path: Path) -> None:
    records = read_outbox(
        tmp_path,
        make_activity("https://inn.example/users/a/statuses/7", "Announce"),
        make_activity(make_note(type="Event")),
        make_activity(make_note(), "Update"),
        make_activity(make_note(type="Question", oneOf=[{"name": "yes"}])),
    )
    assert ignored_of(records) == [
        (1, "boost without the text of what was boosted"),
        (2, "Create of Event"),
        (3, "Update activity"),
    ]
    assert [post.line for post in posts_of(records)] == [4]


def test_read_file_boost_of_an_own_post_in_an_outbox(tmp_path: Path) -> None:
    """The only boosts that an outbox has the text of."""
    note = make_note(1, published="2024-05-01T08:00:00Z", attachment=[ATTACHMENT])
    (post,) = posts_of(read_outbox(tmp_path, make_activity(note, "Announce", number=9)))
    assert (post.native_id, post.repost_of) == (
        f"{ACTOR}/statuses/9/activity",
        f"mastodon:{ACTOR}/statuses/1",
    )
    assert (post.text, post.author, post.created_at) == (
        "Salt & vinegar crisps",
        ACTOR,
        utc(2024, 5, 13, 8),
    )
    assert len(post.media) == 1


def test_read_file_pictures_of_an_archive(tmp_path: Path) -> None:
    """The folder may lack the first part of the path; without folder there is no file."""
    attached = {"attachment": [ATTACHMENT]}
    (item,) = read_note(tmp_path, **attached).media
    assert item == Media(kind="image", url=PICTURE_PATH, alt_text="kettle")
    files = tmp_path / "media_attachments" / "files" / "109" / "original"
    files.mkdir(parents=True)
    (item,) = read_note(tmp_path, **attached).media
    assert item.source_path == files / "kettle.jpg"  # missing, and told so later
    (files / "kettle.jpg").write_bytes(b"x")
    (item,) = read_note(tmp_path, **attached).media
    assert item.source_path == files / "kettle.jpg"
    whole = tmp_path / PICTURE_PATH.lstrip("/")
    whole.parent.mkdir(parents=True)
    whole.write_bytes(b"x")
    (item,) = read_note(tmp_path, **attached).media
    assert item.source_path == whole


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://files.inn.example/a.jpg", None),
        ("media_attachments/a.jpg", "media_attachments/a.jpg"),
        ("/media_attachments/../../../etc/passwd", "media_attachments/../../../etc/passwd"),
        ("../media_attachments/a.jpg", "../media_attachments/a.jpg"),
        ("/other/a.jpg", None),
        ("a\0b", None),
        ("media_attachments/" + "a" * 300, "media_attachments/" + "a" * 300),
        ("media_attachments/" + "a/" * 3000, None),
    ],
)
def test_read_file_odd_picture_paths(tmp_path: Path, url: str, path: str | None) -> None:
    """A path that leads out of the folder is not looked at; the media step refuses it."""
    (tmp_path / "media_attachments").mkdir()
    attachments = [5, {"url": 5}, {"url": ""}, {**ATTACHMENT, "url": url}]
    (item,) = read_note(tmp_path, attachment=attachments).media
    assert item.url == (url if path is None else None)
    assert item.source_path == (None if path is None else tmp_path / path)


def test_read_file_kinds_of_media(tmp_path: Path) -> None:
    kinds = [{"mediaType": kind, "url": "a"} for kind in ("video/mp4", "audio/ogg", "text/x", None)]
    assert [item.kind for item in read_note(tmp_path, attachment=kinds).media] == [
        "video", "audio", "other", "other",
    ]  # fmt: skip
    media = [{"type": kind, "url": None, "remote_url": "https://a"} for kind in ("gifv", "unknown")]
    found = read_status(tmp_path, media_attachments=[*media, {"type": "image"}, 5]).media
    assert [(item.kind, item.url) for item in found] == [
        ("gif", "https://a"),
        ("other", "https://a"),
    ]


def test_read_file_other_files_of_an_archive_hold_no_posts(tmp_path: Path) -> None:
    (tmp_path / "actor.json").write_text(
        json.dumps({"type": "Person", "preferredUsername": "crisp_fan", "outbox": "outbox.json"})
    )
    likes = make_outbox(["https://inn.example/users/a/statuses/7", 5], id="likes.json")
    (tmp_path / "likes.json").write_text(json.dumps(likes))
    (tmp_path / "bookmarks.json").write_text(json.dumps(make_outbox([], id="bookmarks.json")))
    read_outbox(tmp_path, make_activity(make_note()))
    records = {path.name: read_all(CONNECTOR, path) for path in CONNECTOR.list_files(tmp_path)}
    assert ignored_of(records["actor.json"]) == [(1, "account record")]
    assert records["bookmarks.json"] == []
    assert ignored_of(records["likes.json"]) == [(1, "address alone (a like or bookmark)")]
    assert rejects_of(records["likes.json"]) == [(2, "not a JSON object")]
    assert len(records["outbox.json"]) == 1
    found = CONNECTOR.detect(tmp_path)
    assert found is not None
    assert found.confidence == 0.98
    for part in ("account", "addresses", "empty list"):
        assert f"{part} of" in found.found


def test_read_file_layouts_give_the_same_posts(tmp_path: Path) -> None:
    statuses = [make_api_status(number, content=f"<p>{'ü' * 900}</p>") for number in range(1, 99)]
    layouts = {
        "array": json.dumps(statuses),
        "pretty": json.dumps(statuses, indent=2),
        "lines": "\n".join(map(json.dumps, statuses)),
        "search": json.dumps({"accounts": [], "statuses": statuses, "hashtags": []}),
        "context": json.dumps({"ancestors": statuses[:40], "descendants": statuses[40:]}),
    }
    for name, text in layouts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        found = CONNECTOR.detect(tmp_path / name)
        assert found is not None, name
        assert found.confidence >= 0.8, name
        posts = posts_of(read_all(CONNECTOR, tmp_path / name))
        assert [post.line for post in posts] == list(range(1, 99)), name
    for indent in (None, 0, 2):
        (tmp_path / "one").write_text(json.dumps(statuses[0], indent=indent))
        assert len(posts_of(read_all(CONNECTOR, tmp_path / "one"))) == 1


def test_read_file_broken_records_cost_themselves(tmp_path: Path) -> None:
    outbox = json.dumps(make_outbox([make_activity(make_note(n), number=n) for n in range(5)]))
    broken = outbox.replace(f'"attributedTo": "{ACTOR}"', f'"attributedTo": "{ACTOR}', 1)
    (tmp_path / "outbox.json").write_text(broken)
    records = read_all(CONNECTOR, tmp_path / "outbox.json")
    assert [post.line for post in posts_of(records)] == [2, 3, 4, 5]
    assert [line for line, _ in rejects_of(records)] == [1]
    boost = make_api_status(2, reblog=make_api_status(1))
    text = json.dumps([boost, boost, make_api_status(3)])
    (tmp_path / "a.json").write_text(text.replace('"public"', '"public', 1))
    records = read_all(CONNECTOR, tmp_path / "a.json")
    assert [post.line for post in posts_of(records)] == [2, 2, 3]
    assert [line for line, _ in rejects_of(records)] == [1]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"id": None}, "object.id is missing"),
        ({"id": "notes/1"}, "object.id is not an address: 'notes/1'"),
        ({"type": None}, "object.type is not a string: None"),
        ({"published": "soon"}, "published is not a time: 'soon'"),
        ({"content": None}, "content is missing"),
        ({"content": {"en": "a"}}, "content is not a string"),
        ({"summary": ["a"]}, "content warning is not a string: ['a']"),
        ({"to": [], "cc": None}, "to and cc name nobody who may read it"),
        ({"content": "x" * 100_001}, "text has 100,001 characters, the limit is 100,000"),
    ],
)
def test_read_file_bad_field_of_a_note_is_a_reject(
    tmp_path: Path, fields: dict[str, object], reason: str
) -> None:
    records = read_outbox(tmp_path, make_activity(make_note(**fields)), make_activity(make_note()))
    assert rejects_of(records) == [(1, reason)]
    assert len(posts_of(records)) == 1


def test_read_file_bad_activities_are_rejects(tmp_path: Path) -> None:
    good = make_activity(make_note())
    records = read_outbox(
        tmp_path, 5, None, [], {}, {**good, "type": None}, {**good, "type": 5},
        {**good, "object": 5}, {**good, "object": "https://a"}, {**good, "to": 5, "cc": {}},
    )  # fmt: skip
    assert rejects_of(records) == [
        (1, "not a JSON object"),
        (2, "not a JSON object"),
        (3, "not a JSON object"),
        (4, "neither a post nor an activity; its keys: []"),
        (5, "type is missing"),
        (6, "type is not a string: 5"),
        (7, "object is not an object: 5"),
        (8, "object is not an object: 'https://a'"),
        (9, "to and cc name nobody who may read it"),
    ]


def test_read_file_private_text_does_not_come_into_rejects(tmp_path: Path) -> None:
    private = make_api_status(visibility="private", uri=None, url=None, content=None)
    note = make_activity(make_note(to=[FOLLOWERS], cc=[], id=None, content=None))
    assert len(ignored_of(read_statuses(tmp_path, private))) == 1
    assert len(ignored_of(read_outbox(tmp_path, note))) == 1


def test_read_file_other_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outbox.json").write_text("id,text\n1,hello\n")
    with pytest.raises(SourceFormatError, match="not a file of Mastodon"):
        read_all(CONNECTOR, tmp_path / "outbox.json")


@pytest.mark.shared
@pytest.mark.skipif(not SAMPLE.is_dir(), reason="needs ../shared/data/dumps/mastodon")
def test_sample_outbox_is_read_whole() -> None:
    path = SAMPLE / "outbox.json"
    found = CONNECTOR.detect(path)
    assert found is not None
    assert (found.confidence, found.found) == (0.98, "outbox of a Mastodon archive")
    records = read_all(CONNECTOR, path)
    posts = posts_of(records)
    assert (len(records), len(posts), rejects_of(records)) == (154, 120, [])
    assert Counter(reason for _, reason in ignored_of(records)) == {
        "boost without the text of what was boosted": 34
    }
    items = json.loads(path.read_text("utf-8"))["orderedItems"]
    notes = [item["object"] for item in items if isinstance(item["object"], dict)]
    assert [post.native_id for post in posts] == [note["id"] for note in notes]
    assert sum(post.reply_to is not None for post in posts) == 34
    assert sum(post.edited_at is not None for post in posts) == 5
    assert sum(len(post.media) for post in posts) == 32
    assert sum(item.alt_text is not None for post in posts for item in post.media) == 28
    assert {post.lang for post in posts} == {"en"}
    assert not any(mark in post.text for post in posts for mark in ("<p>", "&amp;", "&#39;", "<br"))
    for post, note in zip(posts, notes, strict=True):
        mentions = [tag["name"].split("@")[1] for tag in note["tag"] if tag["type"] == "Mention"]
        assert all(f"@{name}" in post.text for name in mentions)
        if note["summary"]:
            assert post.text.startswith(f"{note['summary']}\n\n")
