import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from analytics.contract.errors import ConnectorError, SourceFormatError
from analytics.contract.records import Media, Post
from connectors.protocol import ReadOptions
from connectors.registry import choose_connector
from connectors.telegram import TelegramConnector
from tests.connectors.helpers import DUMPS, ignored_of, posts_of, read_all, rejects_of, utc

CONNECTOR = TelegramConnector()
SAMPLE = DUMPS / "telegram" / "result.json"
NOT_INCLUDED = "(File not included. Change data exporting settings to download.)"


def make_message(number: int = 7, **fields: object) -> dict[str, Any]:
    """A message as Telegram Desktop writes it; None takes a field away."""
    message: dict[str, Any] = {
        "id": number,
        "type": "message",
        "date": "2024-05-01T12:00:00",
        "date_unixtime": "1714550400",
        "from": "Kettle News",
        "from_id": "channel99",
        "text": "Tea at last",
        "text_entities": [{"type": "plain", "text": "Tea at last"}],
    }
    return {key: value for key, value in (message | fields).items() if value is not None}


def make_chat(*messages: Mapping[str, object], **fields: object) -> dict[str, Any]:
    head = {"name": "Kettle News", "type": "public_channel", "id": 99}
    return head | fields | {"messages": list(messages)}


def write(path: Path, document: object, indent: int | None = 1) -> Path:
    path.write_text(json.dumps(document, ensure_ascii=False, indent=indent), encoding="utf-8")
    return path


def read_one(tmp_path: Path, **fields: object) -> Post:
    path = write(tmp_path / "result.json", make_chat(make_message(**fields)))
    (post,) = posts_of(read_all(CONNECTOR, path))
    return post


def test_read_file_message_equals_golden(tmp_path: Path) -> None:
    assert read_one(tmp_path) == Post(
        platform="telegram",
        native_id="channel99/7",
        text="Tea at last",
        line=1,
        author="channel99",
        created_at=utc(2024, 5, 1, 8),
        url="https://t.me/c/99/7",
    )


def test_read_file_text_of_parts_shows_hidden_links(tmp_path: Path) -> None:
    parts = [
        "Read ",
        {"type": "text_link", "text": "this", "href": "https://a.example/x"},
        " or ",
        {"type": "link", "text": "https://b.example"},
        {"type": "text_link", "text": "https://c.example", "href": "https://c.example"},
        {"type": "custom_emoji", "text": "🫖", "document_id": "stickers/a.webp"},
        "",
    ]
    assert read_one(tmp_path, text=parts).text == (
        "Read this (https://a.example/x) or https://b.examplehttps://c.example🫖"
    )


def test_read_file_edit_reply_forward_and_reactions(tmp_path: Path) -> None:
    reactions = [
        {"type": "emoji", "count": 3, "emoji": "👍"},
        {"type": "custom_emoji", "count": 4, "document_id": "1"},
        {"type": "paid", "count": "many"},
    ]
    post = read_one(
        tmp_path,
        edited="2024-05-01T13:00:00",
        edited_unixtime="1714554000",
        reply_to_message_id=5,
        reactions=reactions,
        forwarded_from="Some Body",
    )
    assert post.edited_at == utc(2024, 5, 1, 9)
    assert (post.reply_to, post.likes) == ("telegram:channel99/5", 7)
    assert post.repost_of is not None
    assert post.repost_of.startswith("telegram:forwarded/")
    assert "Some" not in repr(post)
    again = read_one(tmp_path, number=8, forwarded_from=None, text="other")
    assert again.repost_of is None
    other = write(tmp_path / "b.json", make_chat(make_message(1) | {"forwarded_from": None}, id=5))
    assert posts_of(read_all(CONNECTOR, other))[0].repost_of == post.repost_of


def test_read_file_reply_into_another_chat_names_that_chat(tmp_path: Path) -> None:
    post = read_one(tmp_path, reply_to_message_id=5, reply_to_peer_id="channel7")
    assert post.reply_to == "telegram:channel7/5"


@pytest.mark.parametrize(
    ("fields", "kind", "name"),
    [
        ({"photo": "photos/a.jpg"}, "image", "photos/a.jpg"),
        ({"file": "files/a.png", "mime_type": "image/png"}, "image", "files/a.png"),
        ({"file": "files/a.pdf", "mime_type": "application/pdf"}, "other", "files/a.pdf"),
        ({"file": "v/a.mp4", "media_type": "video_file", "mime_type": "x"}, "video", "v/a.mp4"),
        ({"file": "v/a.mp4", "media_type": "animation"}, "gif", "v/a.mp4"),
        ({"file": "v/a.ogg", "media_type": "voice_message"}, "audio", "v/a.ogg"),
        ({"file": "s/a.webp", "media_type": "sticker"}, "image", "s/a.webp"),
        ({"file": "s/a.tgs", "media_type": "sticker"}, "other", "s/a.tgs"),
    ],
)
def test_read_file_media_lies_beside_the_file(
    tmp_path: Path, fields: dict[str, str], kind: str, name: str
) -> None:
    post = read_one(tmp_path, text="", sticker_emoji="😂", **fields)
    (media,) = post.media
    assert (media.kind, media.source_path, media.alt_text) == (kind, tmp_path / name, "😂")


def test_read_file_media_that_was_left_out_has_the_address_of_its_message(tmp_path: Path) -> None:
    post = read_one(tmp_path, photo=NOT_INCLUDED)
    assert post.media == (Media(kind="image", url="https://t.me/c/99/7"),)
    path = write(
        tmp_path / "group.json", make_chat(make_message(photo=NOT_INCLUDED), type="private_group")
    )
    (post,) = posts_of(read_all(CONNECTOR, path))
    assert (post.native_id, post.url, post.media) == ("chat99/7", None, ())


def test_read_file_poll_has_its_question(tmp_path: Path) -> None:
    poll = {"question": "Steel or glass?", "closed": False, "answers": []}
    assert read_one(tmp_path, text="", poll=poll).text == "Steel or glass?"


def test_read_file_old_export_has_local_times_and_number_ids(tmp_path: Path) -> None:
    post = read_one(tmp_path, date_unixtime=None, from_id=4295, edited="2024-05-01T13:00:00")
    assert (post.created_at, post.author) == (utc(2024, 5, 1, 12), "4295")
    assert post.edited_at == utc(2024, 5, 1, 13)


def test_read_file_service_and_unsupported_are_ignored(tmp_path: Path) -> None:
    service = {"id": 1, "type": "service", "date": "2024-05-01T12:00:00", "action": "pin_message"}
    path = write(tmp_path / "a.json", make_chat(service, {"id": 2, "type": "unsupported"}))
    assert ignored_of(read_all(CONNECTOR, path)) == [
        (1, "service message"),
        (2, "message that the export does not support"),
    ]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"type": "poem"}, "type is not that of a message: 'poem'"),
        ({"id": None}, "id is missing"),
        ({"id": 1e300}, "id was rounded, as a number with a point: 1e+300"),
        ({"text": None}, "text is missing"),
        ({"text": 5}, "text is not a string: 5"),
        ({"text": ["a", 5]}, "a part of text is not text: 5"),
        ({"text": [{"text": None}]}, "a part of text is not text: {'text': None}"),
        ({"date_unixtime": "soon"}, "date_unixtime is not a time: 'soon'"),
        ({"date_unixtime": None, "date": None}, "date is missing"),
        ({"date_unixtime": "99999999999"}, "date_unixtime out of range: '99999999999'"),
        ({"text": "x" * 100_001}, "text has 100,001 characters, the limit is 100,000"),
    ],
)
def test_read_file_bad_message_is_a_reject(
    tmp_path: Path, fields: dict[str, object], reason: str
) -> None:
    message = {k: v for k, v in (make_message() | fields).items() if v is not None}
    path = write(tmp_path / "a.json", make_chat(make_message(1), message, 5, make_message(3)))
    records = read_all(CONNECTOR, path)
    assert rejects_of(records) == [(2, reason), (3, "not a JSON object")]
    assert len(posts_of(records)) == 2


def make_account() -> dict[str, Any]:
    return {
        "about": "Here is the data you requested.",
        "personal_information": {"user_id": 1, "bio": '{"messages": ['},
        "contacts": {"about": "", "list": [{"user_id": 2, "id": 5, "type": "message"}]},
        "chats": {
            "about": "This page lists all chats.",
            "list": [
                make_chat(make_message(1), make_message(2)),
                make_chat(make_message(1), type="private_group"),
                make_chat(make_message(1), type="personal_chat"),
                {"type": "saved_messages", "id": 1, "messages": [make_message(1)]},
            ],
        },
        "left_chats": {"about": "", "list": [make_chat(make_message(9), id=98)]},
    }


def test_read_file_account_has_the_chats_of_many(tmp_path: Path) -> None:
    path = write(tmp_path / "result.json", make_account())
    records = read_all(CONNECTOR, path)
    assert [(post.native_id, post.line) for post in posts_of(records)] == [
        ("channel99/1", 1),
        ("channel99/2", 2),
        ("chat99/1", 3),
        ("channel98/9", 6),
    ]
    assert ignored_of(records) == [
        (4, "message of a personal_chat in an account's export"),
        (5, "message of a saved_messages in an account's export"),
    ]


def test_read_file_personal_chat_that_was_exported_alone_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "result.json", make_chat(make_message(), type="personal_chat"))
    (post,) = posts_of(read_all(CONNECTOR, path))
    assert (post.native_id, post.url) == ("user99/7", None)


def test_read_file_chats_that_are_described_behind_their_messages(tmp_path: Path) -> None:
    account = make_account()
    path = write(tmp_path / "result.json", account)
    (tmp_path / "sorted.json").write_text(json.dumps(account, sort_keys=True))
    expected = sorted(post.native_id for post in posts_of(read_all(CONNECTOR, path)))
    found = [post.native_id for post in posts_of(read_all(CONNECTOR, tmp_path / "sorted.json"))]
    assert sorted(found) == expected
    single = json.dumps(make_chat(make_message()), sort_keys=True).replace('"id": 99, ', "")
    (tmp_path / "behind.json").write_text(single[:-1] + ', "id": 99}')
    (post,) = posts_of(read_all(CONNECTOR, tmp_path / "behind.json"))
    assert post.native_id == "channel99/7"


def test_read_file_chat_without_id_is_rejected_by_message(tmp_path: Path) -> None:
    chat = make_chat(make_message(1), make_message(2))
    del chat["id"]
    assert rejects_of(read_all(CONNECTOR, write(tmp_path / "a.json", chat))) == [
        (1, "the chat's id is missing"),
        (2, "the chat's id is missing"),
    ]


@pytest.mark.parametrize("damage", ["\\x0B", '"', "\x00"])
def test_read_file_broken_message_costs_no_other(tmp_path: Path, damage: str) -> None:
    """Older versions wrote control characters as `\\x0B`, which is no JSON."""
    account = make_account()
    account["chats"]["list"][0]["messages"][1]["text"] = "DAMAGE"
    text = json.dumps(account, indent=1).replace("DAMAGE", damage)
    (tmp_path / "a.json").write_text(text)
    records = read_all(CONNECTOR, tmp_path / "a.json")
    assert [post.native_id for post in posts_of(records)] == [
        "channel99/1",
        "chat99/1",
        "channel98/9",
    ]
    ((line, reason),) = rejects_of(records)
    assert line == 2
    assert reason.startswith("not valid JSON (")


def test_read_file_cut_export_keeps_what_was_read(tmp_path: Path) -> None:
    text = json.dumps(make_chat(make_message(1), make_message(2), make_message(3)), indent=1)
    (tmp_path / "a.json").write_text(text[: text.rindex("date_unixtime")])
    records = read_all(CONNECTOR, tmp_path / "a.json")
    assert [post.native_id for post in posts_of(records)] == ["channel99/1", "channel99/2"]
    assert rejects_of(records) == [(3, "the file ends in the middle of this record")]


def test_read_file_lists_that_are_none_are_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", {"about": "x", "chats": {"list": 5}, "left_chats": None})
    assert rejects_of(read_all(CONNECTOR, path)) == [(1, "list is not what it should be: a list")]
    path = write(tmp_path / "b.json", make_chat() | {"messages": {"a": 1}})
    assert rejects_of(read_all(CONNECTOR, path)) == [
        (1, "messages is not what it should be: a list")
    ]


def test_read_file_other_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[1]")
    with pytest.raises(SourceFormatError, match="not an export of Telegram Desktop"):
        read_all(CONNECTOR, tmp_path / "a.json")
    (tmp_path / "a.json").write_text(" ")
    assert rejects_of(read_all(CONNECTOR, tmp_path / "a.json")) == [(0, "the file is empty")]


def test_detect_says_what_it_found(tmp_path: Path) -> None:
    chat = write(tmp_path / "result.json", make_chat(make_message()))
    connector, detection = choose_connector(chat)
    assert (connector.name, detection.found) == ("telegram", "Telegram Desktop export of one chat")
    account = make_account()
    account["contacts"]["list"] *= 5_000  # the chats are far behind the head
    connector, detection = choose_connector(write(tmp_path / "all.json", account, indent=None))
    assert (connector.name, detection.found) == (
        "telegram",
        "Telegram Desktop export of an account",
    )
    bare = make_chat(make_message())
    del bare["type"]
    found = CONNECTOR.detect(write(tmp_path / "bare.json", bare))
    assert found is not None
    assert found.found == "messages of a Telegram chat, it seems"
    assert CONNECTOR.detect(write(tmp_path / "other.json", {"messages": [{"text": "a"}]})) is None


def test_list_files_leaves_what_members_sent(tmp_path: Path) -> None:
    for name in ("a/result.json", "b/result.json", "b/files/sent.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write(tmp_path / name, make_chat(make_message()))
    names = [str(file.relative_to(tmp_path)) for file in CONNECTOR.list_files(tmp_path)]
    assert names == ["a/result.json", "b/result.json"]
    assert choose_connector(tmp_path)[0].name == "telegram"
    assert CONNECTOR.list_files(tmp_path / "b/files") == [tmp_path / "b/files/sent.json"]
    with pytest.raises(ConnectorError, match="no such file or folder"):
        CONNECTOR.list_files(tmp_path / "none")


@pytest.mark.shared
@pytest.mark.skipif(not SAMPLE.is_file(), reason="needs ../shared/data/dumps/telegram")
def test_sample_file_is_read_whole() -> None:
    connector, _ = choose_connector(SAMPLE)
    assert connector.name == "telegram"
    raw = json.loads(SAMPLE.read_text("utf-8"))
    # The sample's messages are later than the other tests' clock.
    records = list(CONNECTOR.read_file(SAMPLE, ReadOptions(now=utc(2027, 1, 1))))
    posts = posts_of(records)
    assert len(posts) == len(records) == len(raw["messages"])
    for post, message in zip(posts, raw["messages"], strict=True):
        assert post.native_id == f"channel{raw['id']}/{message['id']}"
        assert post.author == message["from_id"]
        assert post.created_at is not None
        assert int(post.created_at.timestamp()) == int(message["date_unixtime"])
        assert (post.edited_at is not None) == ("edited" in message)
        counts = [reaction["count"] for reaction in message.get("reactions", [])]
        assert post.likes == (sum(counts) if counts else None)
        assert len(post.media) == ("photo" in message or "file" in message)
        shown = post.text
        for part in message["text_entities"]:
            if "href" in part:
                assert f"{part['text']} ({part['href']})" in shown
                shown = shown.replace(f" ({part['href']})", "", 1)
        assert shown == "".join(part["text"] for part in message["text_entities"])
