"""Reads the sample dumps with plain parsers, apart from the connectors."""

import csv
import html
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import zstandard

SAMPLE = Path(__file__).resolve().parents[2] / "analytics" / "sample"
DUMPS = SAMPLE / "dumps"
ARCHIVE = DUMPS / "x-archive" / "data"
SURVEY = DUMPS / "survey"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One post of a dump; `files` are the local pictures it names."""

    post_id: str
    text: str
    at: datetime
    likes: int
    lang: str | None = None
    files: tuple[Path, ...] = ()
    n_remote: int = 0

    @property
    def platform(self) -> str:
        return self.post_id.partition(":")[0]

    @property
    def has_pictures(self) -> bool:
        return bool(self.files) or self.n_remote > 0


def read_entries() -> list[Entry]:
    """Every post of the sample, without the records that must be rejected."""
    return [*read_x(), *read_reddit(), *read_bluesky(), *read_survey()]


def read_tweets() -> list[dict[str, Any]]:
    """All elements of tweets.js."""
    text = (ARCHIVE / "tweets.js").read_text(encoding="utf-8")
    prefix, _, body = text.partition("=")
    assert prefix.strip() == "window.YTD.tweets.part0"
    return [element["tweet"] for element in json.loads(body)]


def parse_tweet_time(tweet: dict[str, Any]) -> datetime:
    """The time of a tweet, in the archive's English notation."""
    return datetime.strptime(tweet["created_at"], "%a %b %d %H:%M:%S %z %Y")


def read_x() -> list[Entry]:
    entries = []
    for tweet in read_tweets():
        at = parse_tweet_time(tweet)
        if at.year == 9999:
            continue
        text = tweet["full_text"]
        media = tweet.get("extended_entities", {}).get("media", [])
        if media:
            text = text.removesuffix(media[0]["url"]).rstrip()
        names = [one["media_url_https"].rpartition("/")[2] for one in media]
        entries.append(
            Entry(
                post_id=f"x:{tweet['id_str']}",
                text=html.unescape(text),
                at=at,
                likes=int(tweet["favorite_count"]),
                lang=tweet["lang"],
                files=tuple(ARCHIVE / "tweets_media" / f"{tweet['id']}-{name}" for name in names),
            )
        )
    return entries


def read_comments() -> list[dict[str, Any]]:
    """All lines of the RC file, deleted ones included."""
    packed = (DUMPS / "reddit" / "RC_2026-03.zst").read_bytes()
    text = zstandard.ZstdDecompressor().decompress(packed).decode("ascii")
    return [json.loads(line) for line in text.splitlines()]


def read_submission_lines() -> list[str]:
    """The lines of the RS file as text; the last one is cut."""
    path = DUMPS / "reddit" / "RS_2026-03.ndjson"
    return path.read_text(encoding="ascii").split("\n")


def read_reddit() -> list[Entry]:
    entries = []
    for line in read_submission_lines()[:-1]:
        post = json.loads(line)
        is_picture = post.get("post_hint") == "image"
        text = f"{post['title']}\n{post['selftext']}".strip()
        entries.append(
            Entry(
                post_id=f"reddit:t3_{post['id']}",
                text=html.unescape(text),
                at=datetime.fromtimestamp(post["created_utc"], UTC),
                likes=post["score"],
                n_remote=len(post.get("media_metadata", {})) + is_picture,
            )
        )
    for post in read_comments():
        if post["body"] in ("[deleted]", "[removed]"):
            continue
        entries.append(
            Entry(
                post_id=f"reddit:t1_{post['id']}",
                text=html.unescape(post["body"]),
                at=datetime.fromtimestamp(post["created_utc"], UTC),
                likes=post["score"],
            )
        )
    return entries


def read_bluesky() -> list[Entry]:
    feed = json.loads((DUMPS / "bluesky" / "feed.json").read_text(encoding="utf-8"))["feed"]
    return [
        Entry(
            post_id=f"bluesky:{one['post']['uri']}",
            text=one["post"]["record"]["text"],
            at=datetime.fromisoformat(one["post"]["record"]["createdAt"]),
            likes=one["post"]["likeCount"],
            lang=one["post"]["record"]["langs"][0],
            n_remote=len(one["post"].get("embed", {}).get("images", [])),
        )
        for one in feed
    ]


def read_rows() -> list[list[str]]:
    """All rows of posts.csv without the header; one of them is short."""
    with (SURVEY / "posts.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def read_survey() -> list[Entry]:
    return [
        Entry(
            post_id=f"mastodon:{row[0]}",
            text=row[4],
            at=datetime.fromisoformat(row[1]),
            likes=int(row[6]),
            lang=row[3],
            files=(SURVEY / row[5],) if row[5] else (),
        )
        for row in read_rows()
        if len(row) == 8
    ]


def read_gold() -> dict[tuple[str, str], str]:
    """Labels by post and aspect."""
    with (SAMPLE / "gold.csv").open(encoding="utf-8", newline="") as file:
        return {(row["post_id"], row["aspect"]): row["label"] for row in csv.DictReader(file)}
