"""Writes the X account archive: data/tweets.js, account.js, manifest.js, tweets_media/."""

import html
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pictures import render_picture
from records import Record, make_code, make_record, number_in_time, parse_time, read_posts

ACCOUNT_ID = "1790000000000000731"
USER_NAME = "varnhaven_talk"
DISPLAY_NAME = "Varnhaven Talk"
X_EPOCH_MS = 1288834974657
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
DATE = "%a %b %d %H:%M:%S +0000 %Y"
TRUNCATED_SHARE = 0.4


def read_records() -> list[Record]:
    """All posts of the archive, copies and reposts included, newest first."""
    records = []
    for raw in read_posts("x")["post"]:
        record = make_record(raw, reach=2.0)
        records.append(record)
        for at in raw.get("copies", []):
            records.append(make_record({**raw, "at": at, "heat": 0.6}, reach=1.0))
        for at, name in raw.get("reposts_by", []):
            # An archive keeps a repost as text alone, without counts of its own.
            repost = make_record({**raw, "at": at, "heat": 0}, reach=0)
            repost.text = f"RT @{name}: {record.text}"
            repost.extra["mention"] = name
            records.append(repost)
    for record in records:
        number = number_in_time(record.at, X_EPOCH_MS, 22, record.text + str(record.at))
        record.native_id = str(number)
    return sorted(records, key=lambda record: record.at, reverse=True)


def write_archive(folder: Path) -> list[Record]:
    """Write the archive below a folder and return its posts."""
    records = read_records()
    media_folder = folder / "data" / "tweets_media"
    media_folder.mkdir(parents=True)
    tweets = [make_tweet(record) for record in records]
    for record, tweet in zip(records, tweets, strict=True):
        media = tweet.get("extended_entities", {}).get("media", [])
        for picture, entry in zip(record.pictures, media, strict=True):
            if record.extra.get("pic_fault") == "missing":
                continue
            data = render_picture(picture)
            if record.extra.get("pic_fault") == "truncated":
                data = data[: int(len(data) * TRUNCATED_SHARE)]
            basename = entry["media_url_https"].rpartition("/")[2]
            (media_folder / f"{record.native_id}-{basename}").write_bytes(data)
    broken = read_posts("x")["broken_date"][0]
    tweets.insert(len(tweets) // 2, make_broken_tweet(broken))
    wrapped = [{"tweet": tweet} for tweet in tweets]
    _write_script(folder / "data" / "tweets.js", "window.YTD.tweets.part0", wrapped)
    account = {
        "email": "talk@varnhaven.example",
        "createdVia": "web",
        "username": USER_NAME,
        "accountId": ACCOUNT_ID,
        "createdAt": "2024-05-13T08:00:00.000Z",
        "accountDisplayName": DISPLAY_NAME,
    }
    _write_script(
        folder / "data" / "account.js", "window.YTD.account.part0", [{"account": account}]
    )
    _write_script(
        folder / "data" / "manifest.js", "window.__THAR_CONFIG", make_manifest(len(tweets))
    )
    return records


def make_tweet(record: Record) -> dict[str, Any]:
    """One tweet in the archive's layout: every number is a string."""
    text = html.escape(record.text, quote=False)
    entities: dict[str, Any] = {
        "hashtags": [],
        "symbols": [],
        "user_mentions": [],
        "urls": [],
    }
    for word in text.split():
        if word.startswith("#") and len(word) > 1:
            start = text.index(word)
            entities["hashtags"].append(
                {"text": word[1:], "indices": [str(start), str(start + len(word))]}
            )
    if mention := record.extra.get("mention"):
        entities["user_mentions"].append(
            {
                "name": mention.replace("_", " ").title(),
                "screen_name": mention,
                "indices": ["3", str(4 + len(mention))],
                "id_str": "-1",
                "id": "-1",
            }
        )
    media = []
    if record.pictures:
        link = "https://t.co/" + make_code(record.native_id, 12, BASE62)
        text = f"{text} {link}" if text else link
        start = len(text) - len(link)
        for picture in record.pictures:
            media.append(_make_media(record, picture, link, start))
        entities["media"] = media[:1]
    tweet: dict[str, Any] = {
        "edit_info": {
            "initial": {
                "editTweetIds": [record.native_id],
                "editableUntil": _iso(record.at, hours=1),
                "editsRemaining": "5",
                "isEditEligible": "mention" not in record.extra,
            }
        },
        "retweeted": False,
        "source": '<a href="https://talk.example" rel="nofollow">Talk desk</a>',
        "entities": entities,
        "display_text_range": ["0", str(len(text))],
        "favorite_count": str(record.likes),
        "id_str": record.native_id,
        "truncated": False,
        "retweet_count": str(record.reposts),
        "id": record.native_id,
        "created_at": record.at.strftime(DATE),
        "favorited": False,
        "full_text": text,
        "lang": record.lang,
    }
    if media:
        tweet["possibly_sensitive"] = False
        tweet["extended_entities"] = {"media": media}
    return tweet


def _make_media(record: Record, picture: str, link: str, start: int) -> dict[str, Any]:
    media_id = str(int(record.native_id) - 7)
    basename = f"G{make_code(record.native_id + picture, 14, BASE62)}.{picture.rpartition('.')[2]}"
    return {
        "expanded_url": f"https://x.com/{USER_NAME}/status/{record.native_id}/photo/1",
        "indices": [str(start), str(start + len(link))],
        "url": link,
        "media_url": f"http://pbs.example/media/{basename}",
        "id_str": media_id,
        "id": media_id,
        "media_url_https": f"https://pbs.example/media/{basename}",
        "sizes": {"large": {"w": "480", "h": "360", "resize": "fit"}},
        "type": "photo",
        "display_url": "pic.x.com/" + link.rpartition("/")[2],
    }


def make_broken_tweet(raw: dict[str, Any]) -> dict[str, Any]:
    """A tweet whose date no clock can have shown."""
    record = make_record(raw, reach=1.0)
    record.native_id = str(number_in_time(parse_time(raw["at"]), X_EPOCH_MS, 22, "broken"))
    tweet = make_tweet(record)
    tweet["created_at"] = record.at.replace(year=raw["year"]).strftime(DATE)
    return tweet


def make_manifest(n_tweets: int) -> dict[str, Any]:
    """The table of contents of an archive, cut to what is here."""
    return {
        "userInfo": {
            "accountId": ACCOUNT_ID,
            "userName": USER_NAME,
            "displayName": DISPLAY_NAME,
        },
        "archiveInfo": {
            "sizeBytes": "0",
            "generationDate": "2026-03-16T06:00:00.000Z",
            "isPartialArchive": False,
            "maxPartSizeBytes": "53687091200",
        },
        "dataTypes": {
            "account": {
                "files": [
                    {
                        "fileName": "data/account.js",
                        "globalName": "YTD.account.part0",
                        "count": "1",
                    }
                ]
            },
            "tweets": {
                "mediaDirectory": "data/tweets_media",
                "files": [
                    {
                        "fileName": "data/tweets.js",
                        "globalName": "YTD.tweets.part0",
                        "count": str(n_tweets),
                    }
                ],
            },
        },
    }


def _iso(at: datetime, hours: int) -> str:
    later = datetime.fromtimestamp(at.timestamp() + hours * 3600, UTC)
    return later.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _write_script(path: Path, name: str, value: Any) -> None:
    body = json.dumps(value, ensure_ascii=False, indent=2, separators=(",", " : "))
    path.write_text(f"{name} = {body}\n", encoding="utf-8", newline="\n")
