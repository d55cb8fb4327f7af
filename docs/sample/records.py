"""From the texts of posts/*.toml to records with ids, times and counts."""

import random
import re
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

POSTS = Path(__file__).parent / "posts"
ASPECTS = {
    "n3": "Nordlys N3",
    "lake": "Lakeline",
    "bean": "Bean & Tide",
    "hufc": "Harbour United",
    "ember": "Emberfall",
    "kin": "Kinora",
}
LABELS = {"-": "negative", "0": "neutral", "+": "positive"}
_ON = re.compile(r"^(n3|lake|bean|hufc|ember|kin)([-0+]?)$")
_REPEAT = re.compile(r"\{([a-z])\*(\d+)\}")


@dataclass(slots=True, kw_only=True)
class Record:
    """One post to write. `label` is '' for a body that its platform deleted."""

    at: datetime
    text: str
    by: str
    lang: str
    label: str
    native_id: str = ""
    on: dict[str, str] = field(default_factory=dict)
    pictures: list[str] = field(default_factory=list)
    likes: int = 0
    reposts: int = 0
    replies: int = 0
    extra: dict[str, Any] = field(default_factory=dict)


def read_posts(name: str) -> dict[str, Any]:
    """One TOML file of posts."""
    with (POSTS / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)


def find_flood() -> dict[str, Any]:
    """The post that is copied on every platform."""
    return next(raw for raw in read_posts("x")["post"] if raw.get("key") == "flood")


def parse_time(text: str, salt: str = "") -> datetime:
    """`13T07:55` in March 2026; seconds come from the salt."""
    at = datetime.strptime(f"2026-03-{text}", "%Y-%m-%dT%H:%M").replace(tzinfo=UTC)
    return at.replace(second=random.Random(text + salt).randrange(60))


def parse_on(text: str) -> dict[str, str]:
    """`lake- hufc+` as labels by aspect; an aspect without a sign is neutral."""
    found = {}
    for word in text.split():
        match = _ON.match(word)
        if match is None:
            raise ValueError(f"posts: {word!r} names no aspect and sign, e.g. 'lake-'")
        found[ASPECTS[match[1]]] = LABELS[match[2] or "0"]
    return found


def make_record(raw: dict[str, Any], reach: float) -> Record:
    """A record from one table of a TOML file; `reach` scales its counts."""
    extra = dict(raw)
    if "copy_of" in raw:
        flood = find_flood()
        extra |= {key: flood[key] for key in ("text", "mood", "on")}
    text = _REPEAT.sub(lambda match: match[1] * int(match[2]), extra.get("text", ""))
    rng = random.Random(f"{raw['at']} {text}")
    likes = round(rng.lognormvariate(2.2, 0.9) * raw.get("heat", 1) * reach)
    pictures = raw.get("pics", [raw["pic"]] if "pic" in raw else [])
    mood = extra.get("mood", "")
    return Record(
        at=parse_time(raw["at"], text),
        text=text,
        by=raw.get("by", ""),
        lang=raw.get("lang", "en"),
        label=LABELS[mood] if mood else "",
        on=parse_on(extra.get("on", "")),
        pictures=list(pictures),
        likes=likes,
        reposts=round(likes * rng.uniform(0.02, 0.35)),
        replies=round(likes * rng.uniform(0.02, 0.25)),
        extra=extra,
    )


def make_code(seed: str, length: int, alphabet: str) -> str:
    """A made-up identifier that only depends on its seed."""
    rng = random.Random(seed)
    return "".join(rng.choice(alphabet) for _ in range(length))


def number_in_time(at: datetime, epoch_ms: int, shift: int, seed: str) -> int:
    """A snowflake: milliseconds since an epoch, then random low bits."""
    millis = int(at.timestamp() * 1000) - epoch_ms + random.Random(seed).randrange(1000)
    return (millis << shift) + random.Random(seed + "#").randrange(1 << shift)
