"""Symbolic links in dumps of strangers: what leads out of a dump is refused with a reason."""

import json
import shutil
from pathlib import Path

import duckdb
import pytest
from PIL import Image

from analytics.config.settings import SourceConfig
from analytics.contract.errors import ConnectorError
from analytics.media import prepare_media
from analytics.preview import preview_source
from tests.ingesting import read_sources
from tests.scripted import rows, scalar

OPENING = "window.YTD.tweets.part0 = "


def make_tweet(native_id: str, text: str, picture: str | None = None) -> dict[str, object]:
    media = [{"url": "https://t.co/a", "media_url_https": picture, "type": "photo"}]
    return {
        "tweet": {
            "id_str": native_id,
            "full_text": text,
            "created_at": "Mon Mar 02 10:00:00 +0000 2026",
            **({"extended_entities": {"media": media}} if picture else {}),
        }
    }


def write_tweets(path: Path, *tweets: dict[str, object]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(OPENING + json.dumps(tweets), "utf-8")
    return path


def test_a_part_that_leads_out_is_one_reject_and_the_others_are_read(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    dump = tmp_path / "dump"
    write_tweets(dump / "data/tweets.js", make_tweet("1", "of the dump"))
    write_tweets(dump / "more/tweets.js", make_tweet("2", "below the dump"))
    (dump / "data/tweets-part1.js").symlink_to("../more/tweets.js")
    private = write_tweets(tmp_path / "private.js", make_tweet("3", "of somebody else"))
    (dump / "data/tweets-part2.js").symlink_to(private)
    _, counts = read_sources(connection, [dump])
    assert rows(connection, "select native_id from posts order by 1") == [("1",), ("2",)]
    assert (counts.count_read, counts.count_rejects) == (3, 1)
    ((source, reason),) = rows(connection, "select source_file, reason from rejects")
    assert source == str(dump / "data/tweets-part2.js")
    assert str(reason) == (
        f"a link that leads out of {dump}; it is not read. If you trust the dump, put the file"
        " itself there, or name it as a source of its own"
    )


def test_a_preview_follows_no_link_out_of_the_dump(tmp_path: Path) -> None:
    private = write_tweets(tmp_path / "private.js", make_tweet("3", "of somebody else"))
    dump = tmp_path / "dump"
    (dump / "data").mkdir(parents=True)
    (dump / "data/tweets.js").symlink_to(private)
    with pytest.raises(ConnectorError, match="a link that leads out of"):
        preview_source(SourceConfig(path=dump))


def test_links_that_the_user_names_are_followed(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """A dump on another disk, say."""
    write_tweets(tmp_path / "disk/dump/data/tweets.js", make_tweet("1", "one"))
    write_tweets(tmp_path / "disk/tweets.js", make_tweet("2", "two"))
    (tmp_path / "dump").symlink_to(tmp_path / "disk/dump")
    (tmp_path / "tweets.js").symlink_to(tmp_path / "disk/tweets.js")
    read_sources(connection, [tmp_path / "dump", tmp_path / "tweets.js"])
    assert scalar(connection, "select count(*) from posts") == 2
    assert scalar(connection, "select count(*) from rejects") == 0


def test_companions_that_lead_out_are_not_read(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    dump, out = tmp_path / "dump", tmp_path / "out"
    out.mkdir()
    write_tweets(dump / "data/tweets.js", make_tweet("1", "a cut text…"))
    (out / "account.js").write_text('[{"account": {"accountId" : "77"}}]', "utf-8")
    note = {"createdAt": "2026-03-02T10:00:00.000Z", "core": {"text": "a cut text made whole"}}
    (out / "note-tweet.js").write_text(json.dumps([{"noteTweet": note}]), "utf-8")
    for name in ("account.js", "note-tweet.js"):
        (dump / "data" / name).symlink_to(out / name)
    read_sources(connection, [dump])
    assert rows(connection, "select author_key, text from posts") == [(None, "a cut text…")]
    found = rows(connection, "select source_file, line, reason from rejects order by reason")
    assert [(source, line) for source, line, _ in found] == [(str(dump / "data/tweets.js"), 0)] * 2
    assert [str(reason).partition(";")[0] for _, _, reason in found] == [
        "account.js is a link that leads out of the dump",
        "note-tweet.js is a link that leads out of the dump",
    ]
    for name in ("account.js", "note-tweet.js"):
        (dump / "data" / name).unlink()
        shutil.copy(out / name, dump / "data" / name)
    read_sources(connection, [dump])
    ((author, text),) = rows(connection, "select author_key, text from posts")
    assert author is not None
    assert text == "a cut text made whole"
    assert scalar(connection, "select count(*) from rejects") == 0


def test_a_profile_that_leads_out_names_no_owner(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    dump = tmp_path / "dump"
    (dump / "personal_information").mkdir(parents=True)
    (dump / "content").mkdir()
    value = {"Username": {"value": "somebody.else"}}
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps({"profile_user": [{"string_map_data": value}]}), "utf-8")
    picture = {"uri": "media/posts/1.jpg", "creation_timestamp": 1772445600, "title": "tea"}
    (dump / "content/posts_1.json").write_text(json.dumps([{"media": [picture]}]), "utf-8")
    (dump / "personal_information/personal_information.json").symlink_to(secret)
    read_sources(connection, [dump])
    assert rows(connection, "select author_key, text from posts") == [(None, "tea")]
    ((line, reason),) = rows(connection, "select line, reason from rejects")
    assert line == 0
    assert str(reason).startswith("personal_information.json is a link that leads out of the dump")


def test_pictures_of_a_media_folder_that_leads_out_are_not_read(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Unless the configuration names where they lie, as with a folder on another disk."""
    media = tmp_path / "disk/media"
    media.mkdir(parents=True)
    Image.new("RGB", (20, 10), "red").save(media / "1-x.jpg")
    dump = tmp_path / "dump"
    tweet = make_tweet("1", "one https://t.co/a", "https://pbs.twimg.com/media/x.jpg")
    write_tweets(dump / "data/tweets.js", tweet)
    (dump / "data/tweets_media").symlink_to(media)
    read_sources(connection, [dump])
    prepare_media(connection, data_dir=tmp_path / "prepared", run_id="r")
    assert rows(connection, "select status from media") == [("outside_folder",)]
    ((reason,),) = rows(connection, "select reason from rejects")
    assert "tweets_media/1-x.jpg: leads out of the folder of its dump" in str(reason)
    prepare_media(connection, data_dir=tmp_path / "prepared", run_id="r", folders=[media])
    assert rows(connection, "select status from media") == [("ok",)]
