import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from PIL import Image

from analytics.config.settings import SourceConfig
from analytics.contract.errors import ConnectorError, SourceFormatError
from analytics.contract.records import Media, Post
from analytics.ingest import ingest_sources
from analytics.media import prepare_media
from analytics.store.runs import RunCounts
from connectors.meta_export import MetaExportConnector
from connectors.meta_posts import repair_text
from connectors.registry import choose_connector
from tests.connectors.helpers import NOW, ignored_of, posts_of, read_all, rejects_of, utc
from tests.scripted import KEY, rows

CONNECTOR = MetaExportConnector()
TIME = 1714550400
PICTURE = "media/posts/202405/one_n.jpg"


def spoil(text: str) -> str:
    """A text as the exports write it."""
    return text.encode("utf-8").decode("latin-1")


def make_post(*texts: str, media: tuple[str, ...] = (), **fields: object) -> dict[str, Any]:
    """An entry of Facebook's your_posts_1.json."""
    files = [{"media": {"uri": uri, "creation_timestamp": TIME, "title": "a"}} for uri in media]
    entry: dict[str, Any] = {
        "timestamp": TIME,
        "data": [*({"post": text} for text in texts), {"update_timestamp": TIME}],
        "title": "The owner updated a status.",
    }
    return entry | ({"attachments": [{"data": files}]} if files else {}) | fields


def make_comment(text: str = "Well done", **fields: object) -> dict[str, Any]:
    """An entry of Facebook's comments.json."""
    comment = {"timestamp": TIME, "comment": text, "author": "The Owner"}
    entry = {"timestamp": TIME, "data": [{"comment": comment}], "title": "The owner commented."}
    return entry | fields


def make_picture(title: str = "Tea", uri: str = PICTURE, **fields: object) -> dict[str, Any]:
    """An entry of Instagram's posts_1.json."""
    return {"media": [{"uri": uri, "creation_timestamp": TIME, "title": title}]} | fields


def make_remark(text: str = "Lovely", **names: str) -> dict[str, Any]:
    """An entry of Instagram's post_comments_1.json, with the field names of its language."""
    return {
        "media_list_data": [{"uri": ""}],
        "string_map_data": {
            names.get("comment", "Comment"): {"value": text},
            names.get("owner", "Media Owner"): {"value": "some.one"},
            names.get("time", "Time"): {"timestamp": TIME},
        },
    }


def write(path: Path, value: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2), encoding="utf-8")
    return path


def read(path: Path, value: object) -> list[Any]:
    return read_all(CONNECTOR, write(path, value))


def test_facebook_post_equals_golden(tmp_path: Path) -> None:
    uri = "your_facebook_activity/posts/media/a/one.jpg"
    entry = make_post(spoil("Grüße 🫖"), media=(uri, "posts/media/b.mp4"))
    entry["data"][-1]["update_timestamp"] = TIME + 3600
    (post,) = read(tmp_path / "your_facebook_activity/posts/your_posts_1.json", [entry])
    assert post == Post(
        platform="facebook",
        native_id=post.native_id,
        text="Grüße 🫖",
        line=1,
        created_at=utc(2024, 5, 1, 8),
        edited_at=utc(2024, 5, 1, 9),
        media=(
            Media(kind="image", source_path=tmp_path / uri),
            Media(kind="video", source_path=tmp_path / "posts/media/b.mp4"),
        ),
    )
    assert post.native_id.startswith("post-")


def test_facebook_post_text_stands_in_several_places(tmp_path: Path) -> None:
    described = make_post(media=("posts/media/a.jpg", "posts/media/b.jpg"))
    for part in described["attachments"][0]["data"]:
        part["media"]["description"] = spoil("Die Küche")
    note = {"title": "On tea", "text": "It boils", "media": [{"uri": "posts/media/c.jpg"}]}
    noted = make_post(attachments=[{"data": [{"note": note}]}])
    shared = make_post(attachments=[{"data": [{"external_context": {"url": "https://a.example"}}]}])
    entries = [make_post("one", "two"), described, noted, shared, make_post("", data=[])]
    records = read(tmp_path / "your_posts_1.json", entries)
    assert [post.text for post in posts_of(records)] == [
        "one\n\ntwo",
        "Die Küche",
        "On tea\n\nIt boils",
    ]
    assert [len(post.media) for post in posts_of(records)] == [0, 2, 1]
    assert ignored_of(records) == [
        (4, "post without text or picture of its own"),
        (5, "post without text or picture of its own"),
    ]


def test_facebook_comments_are_read(tmp_path: Path) -> None:
    sticker = {"data": [{"media": {"uri": spoil("posts/media/Küche/a.png")}}]}
    entries = [
        make_comment(spoil("schön")),
        make_comment("", attachments=[sticker]),
        make_comment(""),
        make_comment(data=[]),
    ]
    for key in ("comments_v2", "group_comments_v2", "comments"):
        records = read(tmp_path / "comments_and_reactions/comments.json", {key: entries})
        text, picture = posts_of(records)
        assert (text.platform, text.text, text.created_at) == (
            "facebook",
            "schön",
            utc(2024, 5, 1, 8),
        )
        assert text.native_id.startswith("comment-")
        assert picture.media[0].source_path == tmp_path / "posts/media/Küche/a.png"
        assert [line for line, _ in ignored_of(records)] == [3, 4]
        assert choose_connector(tmp_path)[1].found == (
            "folder with 1 file: Facebook export, comments"
        )


def test_instagram_posts_have_one_picture_or_several(tmp_path: Path) -> None:
    several = {
        "media": [{"uri": PICTURE, "creation_timestamp": TIME - 9, "title": ""}] * 2,
        "title": spoil("Zwei Küchen"),
        "creation_timestamp": TIME,
    }
    path = tmp_path / "your_instagram_activity/content/posts_1.json"
    single, album = read(path, [make_picture(spoil("Tee für zwei")), several])
    assert single == Post(
        platform="instagram",
        native_id=single.native_id,
        text="Tee für zwei",
        line=1,
        created_at=utc(2024, 5, 1, 8),
        media=(Media(kind="image", source_path=tmp_path / PICTURE),),
    )
    assert (album.text, len(album.media)) == ("Zwei Küchen", 2)
    assert album.created_at == utc(2024, 5, 1, 8)


@pytest.mark.parametrize(
    ("name", "key", "entry"),
    [
        ("reels.json", "ig_reels_media", make_picture(uri="media/reels/a.mp4")),
        ("igtv_videos.json", "ig_igtv_media", make_picture(uri="media/igtv/a.mp4")),
        ("stories.json", "ig_stories", make_picture(uri="media/stories/a.mp4")["media"][0]),
    ],
)
def test_instagram_reels_and_stories_are_posts(
    tmp_path: Path, name: str, key: str, entry: dict[str, Any]
) -> None:
    path = tmp_path / "content" / name
    (post,) = read(path, {key: [entry]})
    assert (post.platform, post.text, post.media[0].kind) == ("instagram", "Tea", "video")
    assert choose_connector(path)[1].found == "Instagram export, posts"


def test_instagram_comments_of_any_language_are_read(tmp_path: Path) -> None:
    dutch = {"comment": "Opmerking", "owner": "Media-eigenaar", "time": "Tijd"}
    picture_only = make_remark()
    del picture_only["string_map_data"]["Comment"]
    entries = [make_remark(), make_remark(spoil("schön"), **dutch), picture_only]
    path = tmp_path / "comments/post_comments_1.json"
    records = read(path, entries)
    assert [(post.text, post.created_at) for post in posts_of(records)] == [
        ("Lovely", utc(2024, 5, 1, 8)),
        ("schön", utc(2024, 5, 1, 8)),
    ]
    assert ignored_of(records) == [(3, "comment without text or picture of its own")]
    assert choose_connector(path)[1].found == "Instagram export, comments"
    reels = read(tmp_path / "comments/reels_comments.json", {"comments_reels_comments": entries})
    assert [post.text for post in posts_of(reels)] == ["Lovely", "schön"]
    old = {"title": "some.one", "string_list_data": [{"value": "So so", "timestamp": TIME}]}
    (post,) = read(tmp_path / "post_comments.json", {"comments_media_comments": [old]})
    assert post.text == "So so"


def test_instagram_lists_of_other_things_are_not_comments(tmp_path: Path) -> None:
    """Followers and likes have the same shape."""
    follower = {"title": "", "string_list_data": [{"value": "some.one", "timestamp": TIME}]}
    path = write(tmp_path / "followers_1.json", [follower])
    assert CONNECTOR.detect(path) is None
    liked = make_remark(comment="Liked")
    del liked["string_map_data"]["Media Owner"]
    assert CONNECTOR.detect(write(tmp_path / "liked.json", [liked])) is None
    assert rejects_of(read(path, [follower, liked])) == [
        (1, "not a comment: no string_map_data with a comment in it"),
        (2, "not a comment: string_map_data has no Comment"),
    ]


@pytest.mark.parametrize(
    ("text", "repaired"),
    [
        (spoil("Grüße 🫖"), "Grüße 🫖"),
        ("Grüße", "Grüße"),
        ("plain", "plain"),
        ("🫖 Ã", "🫖 Ã"),
        (spoil("€") + "…", spoil("€") + "…"),
    ],
)
def test_repair_text_undoes_what_decodes(text: str, repaired: str) -> None:
    assert repair_text(text) == repaired


def test_ids_are_those_of_another_export_of_the_same_posts(tmp_path: Path) -> None:
    old = read(tmp_path / "a/posts.json", [make_picture(), make_picture("other")])
    new_uri = "your_instagram_activity/media/posts/one_n.jpg"
    new = read(tmp_path / "b/posts_1.json", [make_picture(uri=new_uri), make_picture("x")])
    assert old[0].native_id == new[0].native_id
    assert len({old[0].native_id, old[1].native_id, new[1].native_id}) == 3


def test_owner_is_who_the_export_says(tmp_path: Path) -> None:
    profile = {"profile_user": [{"string_map_data": {"Username": {"value": "tea.time"}}}]}
    path = tmp_path / "your_instagram_activity/content/posts_1.json"
    profile_path = tmp_path / "personal_information/personal_information.json"
    write(profile_path, profile)
    (post,) = read(path, [make_picture()])
    assert post.author == "tea.time"
    assert CONNECTOR.list_companions(path) == [profile_path]
    for broken in ({}, [], {"profile_user": []}, {"profile_user": [{"string_map_data": 5}]}):
        write(profile_path, broken)
        (post,) = read(path, [make_picture()])
        assert post.author is None


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (5, "not a JSON object"),
        ({"a": 1, "b": 2}, "neither a post nor a comment: keys ['a', 'b']"),
        (make_post("a", timestamp=None), "timestamp is missing"),
        (make_post("a", timestamp=TIME * 1000), f"timestamp out of range: {TIME * 1000}"),
        (make_post("a", data=[{"post": 5}]), "post is not a string: 5"),
        ({"media": [{"uri": PICTURE}]}, "creation_timestamp is missing"),
    ],
)
def test_bad_entry_is_a_reject(tmp_path: Path, entry: object, reason: str) -> None:
    records = read(tmp_path / "your_posts_1.json", [make_post("a"), entry, make_post("b")])
    assert rejects_of(records) == [(2, reason)]
    assert len(posts_of(records)) == 2


def test_two_comments_in_an_entry_are_a_reject(tmp_path: Path) -> None:
    entry = make_comment()
    entry["data"] *= 2
    records = read(tmp_path / "comments.json", {"comments_v2": [entry]})
    assert rejects_of(records) == [(1, "an entry with 2 comments")]


def test_folder_gives_the_files_of_posts_and_comments(tmp_path: Path) -> None:
    names = [
        "comments/post_comments_1.json",
        "content/posts_1.json",
        "groups/group_posts_and_comments.json",
        "posts/your_posts__check_ins__photos_and_videos_1.json",
    ]
    for name in [*names, "content/posts_viewed.json", "followers/followers_1.json"]:
        write(tmp_path / name, [make_post("a")])
    found = [str(file.relative_to(tmp_path)) for file in CONNECTOR.list_files(tmp_path)]
    assert found == names
    assert choose_connector(tmp_path)[0].name == "meta_export"
    with pytest.raises(ConnectorError, match="ask for the export as JSON"):
        CONNECTOR.list_files(tmp_path / "followers")


@pytest.mark.parametrize(
    "value",
    [
        [{"timestamp": TIME, "text": "a table's row"}],
        [{"creation_timestamp": TIME, "media": "a"}],
        {"comments": [{"text": "a"}]},
        [],
        {},
    ],
)
def test_detect_leaves_other_json(tmp_path: Path, value: object) -> None:
    assert CONNECTOR.detect(write(tmp_path / "a.json", value)) is None


def test_other_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "posts_1.json").write_text("id,text\n1,hello\n")
    with pytest.raises(SourceFormatError, match=r"as in your_posts_1\.json or posts_1\.json"):
        read_all(CONNECTOR, tmp_path / "posts_1.json")


def test_pictures_of_the_export_are_read_and_no_others(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """They lie beside the file's folder, in the export's own."""
    root = tmp_path / "export"
    hostile = ["media/../../secret.jpg", "../../../secret.jpg", f"{tmp_path}/secret.jpg"]
    hostile += ["own.jpg", "../../own.jpg", "media/../own.jpg", f"{root}/own.jpg"]
    for place in (root / PICTURE, root / "own.jpg", tmp_path / "secret.jpg"):
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30), (200, 10, 10)).save(place)
    path = root / "your_instagram_activity/content/posts_1.json"
    write(path, [make_picture(uri, uri) for uri in [PICTURE, *hostile]])
    ingest_sources(
        connection,
        [SourceConfig(path=root)],
        rules=(),
        author_key=KEY,
        run_id="run",
        counts=RunCounts(),
        now=NOW,
    )
    prepare_media(connection, data_dir=tmp_path / "data", run_id="run")
    found = rows(connection, "select source_path, status from media")
    assert [source for source, status in found if status == "ok"] == [str(root / PICTURE)]
    assert [status for _, status in found if status != "ok"] == ["missing"] * len(hostile)
