"""Writes the Bluesky feed (feed.json) and the survey table (posts.csv, pictures/)."""

import csv
import json
import re
from pathlib import Path
from typing import Any

from pictures import render_picture
from records import Record, make_code, make_record, number_in_time, read_posts

BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
TID = "234567abcdefghijklmnopqrstuvwxyz"
CDN = "https://cdn.example"
HASHTAG = re.compile(r"#\w+")
COLUMNS = ("status_id", "posted", "account", "language", "body", "picture", "favourites", "boosts")


def write_feed(path: Path) -> list[Record]:
    """Write the feed, newest first, and return its posts with their ids."""
    path.parent.mkdir(parents=True)
    records = [make_record(raw, reach=1.2) for raw in read_posts("bluesky")["post"]]
    by_key = {}
    for record in records:
        record.native_id = f"at://{_did(record.by)}/app.bsky.feed.post/{make_tid(record)}"
        if key := record.extra.get("key"):
            by_key[key] = record
    records.sort(key=lambda record: record.at, reverse=True)
    feed = []
    for record in records:
        parent = by_key.get(record.extra.get("reply_to", ""))
        feed.append({"post": make_view(record, parent)})
    value = {"feed": feed, "cursor": records[-1].at.strftime("%Y-%m-%dT%H:%M:%SZ")}
    text = json.dumps(value, ensure_ascii=False, indent=1) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")
    return records


def make_tid(record: Record) -> str:
    """A record key: microseconds and a clock id in sortable base 32."""
    number = number_in_time(record.at, 0, 0, record.text) * 1000 << 10 | 21
    digits = ""
    for _ in range(13):
        number, rest = divmod(number, 32)
        digits = TID[rest] + digits
    return digits


def make_view(record: Record, parent: Record | None) -> dict[str, Any]:
    """One post view of a feed."""
    created = record.at.strftime("%Y-%m-%dT%H:%M:%S.") + make_code(record.text, 3, "0123456789")
    body: dict[str, Any] = {
        "$type": "app.bsky.feed.post",
        "createdAt": created + "Z",
        "langs": [record.lang],
        "text": record.text,
    }
    facets = [_make_facet(record.text, match) for match in HASHTAG.finditer(record.text)]
    if facets:
        body["facets"] = facets
    if parent is not None:
        target = {"cid": make_cid(parent.native_id), "uri": parent.native_id}
        body["reply"] = {"root": target, "parent": target}
    view: dict[str, Any] = {
        "uri": record.native_id,
        "cid": make_cid(record.native_id),
        "author": {
            "did": _did(record.by),
            "handle": f"{record.by}.varnhaven.example",
            "displayName": record.by.title(),
            "avatar": f"{CDN}/avatar/{record.by}@jpeg",
            "labels": [],
            "createdAt": "2024-11-02T09:00:00.000Z",
        },
        "record": body,
        "replyCount": record.replies,
        "repostCount": record.reposts,
        "likeCount": record.likes,
        "quoteCount": record.reposts // 5,
        "indexedAt": created + "Z",
        "labels": [],
    }
    if record.pictures:
        size = {"height": 960, "width": 1280}
        blobs, images = [], []
        for picture in record.pictures:
            cid = make_cid(record.native_id + picture)
            alt = record.extra.get("alt", "")
            blob = {
                "$type": "blob",
                "ref": {"$link": cid},
                "mimeType": "image/jpeg",
                "size": 90000 + int(make_code(cid, 5, "0123456789")),
            }
            blobs.append({"alt": alt, "aspectRatio": size, "image": blob})
            where = f"plain/{_did(record.by)}/{picture}"
            images.append(
                {
                    "thumb": f"{CDN}/img/feed_thumbnail/{where}",
                    "fullsize": f"{CDN}/img/feed_fullsize/{where}",
                    "alt": alt,
                    "aspectRatio": size,
                }
            )
        body["embed"] = {"$type": "app.bsky.embed.images", "images": blobs}
        view["embed"] = {"$type": "app.bsky.embed.images#view", "images": images}
    return view


def write_survey(folder: Path) -> list[Record]:
    """Write the table and the pictures beside it, and return its posts."""
    (folder / "pictures").mkdir(parents=True)
    tables = read_posts("mastodon")
    records = [make_record(raw, reach=0.7) for raw in tables["post"]]
    records.sort(key=lambda record: record.at)
    rows = []
    for record in records:
        record.native_id = str(number_in_time(record.at, 0, 16, record.text))
        rows.append((record.at, make_row(record)))
        for picture in record.pictures:
            (folder / "pictures" / picture).write_bytes(render_picture(picture))
    short = make_record(tables["short_row"][0], reach=0.7)
    short.native_id = str(number_in_time(short.at, 0, 16, short.text))
    # The row ends after its text; the text has no quotes to balance.
    rows.append((short.at, make_row(short)[:5]))
    rows.sort(key=lambda row: row[0])
    with (folder / "posts.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(row for _, row in rows)
    return records


def make_row(record: Record) -> list[str]:
    """The cells of one row in the order of the columns."""
    picture = f"pictures/{record.pictures[0]}" if record.pictures else ""
    posted = record.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    counts = [str(record.likes), str(record.reposts)]
    return [record.native_id, posted, record.by, record.lang, record.text, picture, *counts]


def make_cid(seed: str) -> str:
    """A content id in the look of Bluesky's."""
    return "bafyrei" + make_code(seed, 52, BASE32)


def _did(name: str) -> str:
    return "did:plc:" + make_code("varnhaven " + name, 24, BASE32)


def _make_facet(text: str, match: re.Match[str]) -> dict[str, Any]:
    # Offsets count UTF-8 bytes, not characters.
    start = len(text[: match.start()].encode())
    end = len(text[: match.end()].encode())
    feature = {"$type": "app.bsky.richtext.facet#tag", "tag": match[0][1:]}
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}
