"""From the entries of Facebook's and Instagram's exports to posts."""

import hashlib
import json
import re
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from analytics.contract.records import Ignored, Media, MediaKind, Post
from connectors.lines import JsonObject
from connectors.values import BadRecordError, TimeWindow, clean_string, read_text, show

What = Literal["post", "comment"]
# The keys of arrays, and what their entries are.
ARRAYS: dict[str, tuple[str, What]] = {
    "status_updates": ("facebook", "post"),
    "group_posts_v2": ("facebook", "post"),
    "group_posts": ("facebook", "post"),
    "comments_v2": ("facebook", "comment"),
    "comments": ("facebook", "comment"),
    "group_comments_v2": ("facebook", "comment"),
    "group_comments": ("facebook", "comment"),
    "ig_reels_media": ("instagram", "post"),
    "ig_igtv_media": ("instagram", "post"),
    "ig_stories": ("instagram", "post"),
    "comments_media_comments": ("instagram", "comment"),
    "comments_reels_comments": ("instagram", "comment"),
}
# Where an export keeps pictures; nothing else beside it is theirs.
_MEDIA_FOLDERS = frozenset(
    {
        "media",
        "posts",
        "photos_and_videos",
        "stories",
        "groups",
        "your_facebook_activity",
        "your_activity_across_facebook",
        "your_instagram_activity",
    }
)
_VIDEOS = (".mp4", ".mov", ".m4v", ".webm", ".avi", ".mkv", ".3gp")
_AUDIO = (".mp3", ".m4a", ".aac", ".wav", ".ogg")
_LATIN = re.compile("[\x80-\xff]")
_USER_NAME = re.compile(r"^[a-z0-9._]{1,30}$")
_ID_CHARACTERS = 24


def repair_text(text: str) -> str:
    """The text, whose UTF-8 bytes the export wrote as one character each.

    What does not decode (exports that are written well) stays as it is.
    """
    if not _LATIN.search(text):
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


class OwnerParser:
    """Turns the entries of one file into posts of the account's owner."""

    def __init__(
        self,
        *,
        folder: Path,
        root: Path,
        owner: str | None,
        window: TimeWindow,
        is_comments: bool,
    ) -> None:
        self._folder = folder
        self._root = root
        self._owner = owner
        self._window = window
        self._is_comments = is_comments

    def parse(self, value: JsonObject, line: int, shape: str) -> Post | Ignored:
        """The post of an entry; `shape` is the key of its array, "" for a list at the top.

        Raises:
            BadRecordError: it cannot be a post.
        """
        if "string_map_data" in value or "string_list_data" in value:
            is_known = self._is_comments or (shape in ARRAYS and ARRAYS[shape][1] == "comment")
            return self._parse_instagram_comment(value, line, is_known=is_known)
        platform, what = ARRAYS.get(shape) or _tell_apart(value)
        if what == "comment":
            return self._parse_facebook_comment(value, line)
        if platform == "facebook":
            return self._parse_facebook_post(value, line)
        return self._parse_instagram_post(value, line)

    def _parse_facebook_post(self, value: JsonObject, line: int) -> Post | Ignored:
        created_at = self._window.read_epoch(value.get("timestamp"), "timestamp")
        parts = _objects_of(value.get("data"))
        files = _attached(value)
        texts = [_read_part(part, "post") for part in parts if part.get("post") is not None]
        if not any(texts):  # what was written beneath a picture, or as a note
            notes = [note for note in map(_note_of, _attachments(value)) if note]
            described = [_read_part(file, "description") for file in files]
            texts = list(dict.fromkeys([*notes, *filter(None, described)]))
        return self._make_post(
            "facebook",
            "post",
            line,
            text="\n\n".join(filter(None, texts)),
            created_at=created_at,
            edited_at=self._read_edit(parts, created_at),
            files=files,
        )

    def _parse_facebook_comment(self, value: JsonObject, line: int) -> Post | Ignored:
        comments = [
            part["comment"]
            for part in _objects_of(value.get("data"))
            if isinstance(part.get("comment"), dict)
        ]
        if len(comments) > 1:
            raise BadRecordError(f"an entry with {len(comments)} comments")
        comment: JsonObject = comments[0] if comments else {}
        time = comment.get("timestamp", value.get("timestamp"))
        return self._make_post(
            "facebook",
            "comment",
            line,
            text=_read_part(comment, "comment"),
            created_at=self._window.read_epoch(time, "timestamp"),
            files=_attached(value),
        )

    def _parse_instagram_post(self, value: JsonObject, line: int) -> Post | Ignored:
        """An entry of several files has title and time itself, another in its one file."""
        files = _objects_of(value.get("media")) if "media" in value else [value]
        first = files[0] if files else {}
        text = _read_part(value, "title") or _read_part(first, "title")
        time = value.get("creation_timestamp", first.get("creation_timestamp"))
        return self._make_post(
            "instagram",
            "post",
            line,
            text=text,
            created_at=self._window.read_epoch(time, "creation_timestamp"),
            files=[file for file in files if isinstance(file.get("uri"), str)],
        )

    def _parse_instagram_comment(
        self, value: JsonObject, line: int, *, is_known: bool
    ) -> Post | Ignored:
        fields = value.get("string_map_data")
        if isinstance(fields, dict):
            text, time = _read_fields(fields, is_known=is_known)
        else:
            entries = _objects_of(value.get("string_list_data"))
            if not is_known or not entries:
                raise BadRecordError("not a comment: no string_map_data with a comment in it")
            text, time = _read_part(entries[0], "value"), entries[0].get("timestamp")
        return self._make_post(
            "instagram",
            "comment",
            line,
            text=text,
            created_at=self._window.read_epoch(time, "Time"),
            files=[],
        )

    def _make_post(
        self,
        platform: str,
        what: What,
        line: int,
        *,
        text: str,
        created_at: datetime,
        files: list[JsonObject],
        edited_at: datetime | None = None,
    ) -> Post | Ignored:
        if not text and not files:
            return Ignored(line=line, reason=f"{what} without text or picture of its own")
        media = tuple(self._make_media(file) for file in files)
        names = [str(file["uri"]).rpartition("/")[2] for file in files]
        return Post(
            platform=platform,
            native_id=f"{what}-{_derive_id(int(created_at.timestamp()), text, names)}",
            text=text,
            line=line,
            author=self._owner,
            created_at=created_at,
            edited_at=edited_at,
            media=media,
        )

    def _make_media(self, file: JsonObject) -> Media:
        uri = clean_string(repair_text(str(file["uri"])).replace("\0", ""))
        if uri.startswith(("http://", "https://")):
            return Media(kind=_find_kind(uri.partition("?")[0]), url=uri)
        # Below the export's folder lies more than the export, if it was unpacked into another.
        parts = [part for part in PurePosixPath(uri).parts if part not in ("..", "/", "//")]
        is_of_export = bool(parts) and parts[0] in _MEDIA_FOLDERS
        folder = self._root if is_of_export else self._folder
        return Media(kind=_find_kind(uri), source_path=folder.joinpath(*parts))

    def _read_edit(self, parts: list[JsonObject], created_at: datetime) -> datetime | None:
        for part in parts:
            try:
                updated_at = self._window.read_epoch(part.get("update_timestamp"), "time")
            except BadRecordError:
                continue
            if updated_at > created_at:
                return updated_at
        return None


def _tell_apart(value: JsonObject) -> tuple[str, What]:
    """What an entry of a list without a name is, by its keys."""
    if "timestamp" in value:
        return "facebook", "post"
    if "creation_timestamp" in value or "media" in value:
        return "instagram", "post"
    raise BadRecordError(f"neither a post nor a comment: keys {show(sorted(value)[:5])}")


def _derive_id(seconds: int, text: str, names: list[str]) -> str:
    """Exports have no ids: the same time, text and files are the same post in each of them."""
    content = json.dumps([seconds, text, names])
    return hashlib.sha256(content.encode()).hexdigest()[:_ID_CHARACTERS]


def _read_part(value: JsonObject, name: str) -> str:
    """A repaired text; "" if there is none."""
    part = value.get(name)
    return read_text(repair_text(part) if isinstance(part, str) else part, name) if part else ""


def _read_fields(fields: JsonObject, *, is_known: bool) -> tuple[str, object]:
    """Text and time of a comment, whose field names are in the language of its owner.

    They stand in the order comment, media owner, time, of which the last has a timestamp.
    """
    entries = {name: part for name, part in fields.items() if isinstance(part, dict)}
    times = [part["timestamp"] for part in entries.values() if part.get("timestamp")]
    time = times[0] if times else None
    if "Comment" in entries:
        return _read_part(entries["Comment"], "value"), time
    texts = [part for part in entries.values() if part.get("value")]
    if not is_known:
        raise BadRecordError("not a comment: string_map_data has no Comment")
    if len(texts) == 1 and _USER_NAME.match(str(texts[0]["value"])):
        return "", time  # the media owner only: the comment is a picture or a GIF
    return (_read_part(texts[0], "value") if texts else ""), time


def _attachments(value: JsonObject) -> list[JsonObject]:
    return [
        part
        for attachment in _objects_of(value.get("attachments"))
        for part in _objects_of(attachment.get("data"))
    ]


def _attached(value: JsonObject) -> list[JsonObject]:
    """The files of a Facebook entry, those of a note last."""
    found: list[Any] = []
    for part in _attachments(value):
        found.append(part.get("media"))
        note = part.get("note")
        if isinstance(note, dict):
            found += _objects_of(note.get("media"))
    return [file for file in _objects_of(found) if isinstance(file.get("uri"), str) and file["uri"]]


def _note_of(part: JsonObject) -> str:
    note = part.get("note")
    if not isinstance(note, dict):
        return ""
    return "\n\n".join(filter(None, (_read_part(note, "title"), _read_part(note, "text"))))


def _objects_of(value: Any) -> list[JsonObject]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _find_kind(name: str) -> MediaKind:
    name = name.lower()
    if name.endswith(_VIDEOS):
        return "video"
    if name.endswith(_AUDIO):
        return "audio"
    return "gif" if name.endswith(".gif") else "image"
