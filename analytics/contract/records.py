"""The records that cross module borders."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal

from analytics.contract.labels import Label

MediaKind = Literal["image", "video", "gif", "audio", "other"]


# The platform of a table for which none is named.
NO_PLATFORM = "table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One picture or film of a post, as the platform names it.

    `source_path` is a local file (an archive's media folder); `url` is where
    the platform keeps it. At least one is set.
    """

    kind: MediaKind
    url: str | None = None
    source_path: Path | None = None
    alt_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One post as a connector read it.

    Times are aware UTC. Ids are strings. `text` is as received, with the
    platform's own escaping (HTML entities, markup) undone. `author` is the
    platform's stable id of the author; the store keeps a keyed hash of it.
    `retrieved_at` dates the engagement counts. `aspects` are targets that the
    source itself names (research sets, a mapped column). `repost_author` is the
    author of the post that `repost_of` names: a repost goes with its original.
    """

    platform: str
    native_id: str
    text: str
    line: int
    author: str | None = None
    created_at: datetime | None = None
    edited_at: datetime | None = None
    retrieved_at: datetime | None = None
    lang: str | None = None
    url: str | None = None
    reply_to: str | None = None
    repost_of: str | None = None
    repost_author: str | None = None
    quote_of: str | None = None
    likes: int | None = None
    reposts: int | None = None
    replies: int | None = None
    views: int | None = None
    media: tuple[Media, ...] = ()
    aspects: tuple[str, ...] = ()

    @property
    def post_id(self) -> str:
        """`<platform>:<native id>`, the key of `posts`."""
        return f"{self.platform}:{self.native_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """Something that was read and cannot be stored: where, why, and its text.

    `line` counts from 1: a line of a line-based file, else the position of the
    record in its array; 0 stands for the file as a whole.
    """

    line: int
    reason: str
    raw: str = ""
    stage: Literal["read", "parse", "media", "infer"] = "parse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """A record that is no post by design (a like, a follow, a text taken away)."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """A notice that a post is gone, or that an account is, with all its posts.

    Exactly one of `native_id` (the post) and `author` (the platform's stable id of
    the account, as in `Post.author`) is set. `deleted_at` is aware UTC; None, where
    the notice has no time, holds for good: also against posts of later times.
    """

    platform: str
    line: int
    native_id: str | None = None
    author: str | None = None
    deleted_at: datetime | None = None


# What a connector makes of each record that it reads.
Record = Post | Reject | Ignored | Deletion


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One unit of inference: a post's text and picture and, maybe, an aspect.

    `text` is the clean text (see `clean_text`), `aspect` is '' at post level,
    `image_path` is the prepared picture (see `prepare_image`), and
    `content_key` is a function of the three.
    """

    content_key: str
    text: str
    aspect: str = ""
    image_sha256: str | None = None
    image_path: Path | None = None


class ResponseStatus(StrEnum):
    """What became of a rationale reply."""

    OK = "ok"
    NO_LABEL = "no_label"
    AMBIGUOUS = "ambiguous"
    TRUNCATED = "truncated"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rationale:
    """A model's written reasons in their four parts, and its own prediction."""

    text_analysis: str = ""
    image_analysis: str = ""
    conflict_resolution: str = ""
    final_conclusion: str = ""
    label: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedResponse:
    """A parsed rationale reply; parts that were not found are ''."""

    status: ResponseStatus
    rationale: Rationale = field(default_factory=Rationale)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is stored for one item: label, probabilities, rationale."""

    content_key: str
    label: Label
    probabilities: tuple[float, float, float]
    rationale: Rationale | None = None
    rationale_status: ResponseStatus | None = None

    @property
    def contradicts_label(self) -> bool | None:
        """Whether the rationale predicts another label; None without a prediction."""
        if self.rationale is None or self.rationale.label is None:
            return None
        return self.rationale.label != self.label
