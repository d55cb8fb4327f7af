"""Writes the Reddit dumps: RS_2026-03.ndjson and RC_2026-03.zst."""

import html
import json
from pathlib import Path
from typing import Any

import zstandard
from records import Record, make_code, make_record, read_posts

BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
ZSTD_LEVEL = 19
# TOML cannot hold half a surrogate pair; JSON can, and dumps do.
LONE_SURROGATE = ("\ue000", "\ud83d")
RETRIEVED_ON = 1773619200  # 2026-03-16T00:00:00Z


def to_base36(number: int) -> str:
    """A number as Reddit writes ids."""
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = BASE36[rest] + digits
    return digits


def write_dumps(folder: Path) -> list[Record]:
    """Write both files into a folder and return the posts with their ids."""
    folder.mkdir(parents=True)
    tables = read_posts("reddit")
    submissions: list[Record] = []
    comments: list[Record] = []
    for raw in tables["submission"]:
        submission = make_record(raw, reach=3.0)
        name = make_id(submission, "1s")
        submission.native_id = f"t3_{name}"
        submission.replies = len(raw["comments"])
        submissions.append(submission)
        for raw_comment in raw["comments"]:
            comment = make_record(raw_comment, reach=0.8)
            comment.native_id = f"t1_{make_id(comment, 'oa')}"
            comment.extra |= {"sub": raw["sub"], "link": submission.native_id}
            comments.append(comment)
    comments.sort(key=lambda record: record.at)
    records = submissions + comments
    cut = make_record(tables["cut_submission"][0], reach=1.0)
    cut.native_id = f"t3_{make_id(cut, '1s')}"
    lines = [json.dumps(make_submission(record)) + "\n" for record in submissions]
    last = json.dumps(make_submission(cut))
    lines.append(last[: len(last) // 2])
    path = folder / "RS_2026-03.ndjson"
    path.write_text("".join(lines), encoding="ascii", newline="\n")
    text = "".join(json.dumps(make_comment(record)) + "\n" for record in comments)
    packed = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(text.encode("ascii"))
    (folder / "RC_2026-03.zst").write_bytes(packed)
    return records


def make_id(record: Record, prefix: str) -> str:
    """An id that grows with time, as Reddit's do."""
    minutes = int(record.at.timestamp()) // 60 - 29_500_000
    tail = make_code(record.text + record.by + str(record.extra.get("title")), 2, BASE36)
    return prefix + to_base36(minutes).rjust(4, "0")[-4:] + tail


def make_submission(record: Record) -> dict[str, Any]:
    """One line of an RS file."""
    raw = record.extra
    name = record.native_id.removeprefix("t3_")
    permalink = f"/r/{raw['sub']}/comments/{name}/"
    pictures = [f"https://i.example/{name}-{picture}" for picture in record.pictures]
    line: dict[str, Any] = {
        "author": record.by,
        "author_fullname": "t2_" + make_code(record.by, 7, BASE36),
        "created_utc": int(record.at.timestamp()),
        "distinguished": None,
        "domain": f"self.{raw['sub']}",
        "edited": False,
        "id": name,
        "is_self": True,
        "is_video": False,
        "locked": False,
        "name": record.native_id,
        "num_comments": record.replies,
        "over_18": False,
        "permalink": permalink,
        "retrieved_on": RETRIEVED_ON,
        "score": record.likes,
        "selftext": html.escape(record.text, quote=False),
        "stickied": False,
        "subreddit": raw["sub"],
        "subreddit_id": "t5_" + make_code(raw["sub"], 6, BASE36),
        "title": html.escape(raw["title"], quote=False),
        "upvote_ratio": round(0.7 + int(make_code(name, 2, "0123456789")) / 350, 2),
        "url": "https://forum.example" + permalink,
    }
    if len(pictures) > 1:
        line |= {"is_self": False, "is_gallery": True, "domain": "i.example"}
        line["gallery_data"] = {"items": []}
        line["media_metadata"] = {}
        for k, url in enumerate(pictures):
            key = make_code(url, 13, BASE36)
            line["gallery_data"]["items"].append({"media_id": key, "id": 900100 + k})
            source = {"x": 1280, "y": 960, "u": f"{url}?width=1280&amp;format=pjpg"}
            line["media_metadata"][key] = {
                "status": "valid",
                "e": "Image",
                "m": "image/jpg",
                "s": source,
                "id": key,
            }
    elif pictures:
        line |= {"is_self": False, "post_hint": "image", "domain": "i.example"}
        line["url"] = pictures[0]
    elif "link" in raw:
        line |= {"is_self": False, "post_hint": "link", "url": raw["link"]}
        line["domain"] = raw["link"].split("/")[2]
    return line


def make_comment(record: Record) -> dict[str, Any]:
    """One line of an RC file."""
    raw = record.extra
    name = record.native_id.removeprefix("t1_")
    link_name = raw["link"].removeprefix("t3_")
    created = int(record.at.timestamp())
    is_deleted = not record.label
    is_edited = int(make_code(name, 2, "0123456789")) < 4 and not is_deleted
    return {
        "author": record.by,
        "author_fullname": None if is_deleted else "t2_" + make_code(record.by, 7, BASE36),
        "body": html.escape(record.text, quote=False).replace(*LONE_SURROGATE),
        "controversiality": 0,
        "created_utc": created,
        "distinguished": None,
        "edited": created + 340 if is_edited else False,
        "gilded": 0,
        "id": name,
        "is_submitter": False,
        "link_id": raw["link"],
        "parent_id": raw["link"],
        "permalink": f"/r/{raw['sub']}/comments/{link_name}/_/{name}/",
        "retrieved_on": RETRIEVED_ON,
        "score": 1 if is_deleted else record.likes,
        "stickied": False,
        "subreddit": raw["sub"],
        "subreddit_id": "t5_" + make_code(raw["sub"], 6, BASE36),
    }
