"""From the messages of Telegram Desktop's export to posts."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from analytics.contract.records import Ignored, Media, MediaKind, Post
from connectors.lines import JsonObject
from connectors.values import (
    BadRecordError,
    TimeWindow,
    clean_string,
    read_count,
    read_id,
    read_optional_id,
    read_optional_string,
    read_text,
    show,
)

_USER, _GROUP, _CHANNEL = "user", "chat", "channel"
# Kinds of chats, and the word that Telegram puts before their ids where it names them
# beside others (`from_id`): numbers of users, groups and channels may be the same.
KINDS = {
    "saved_messages": _USER,
    "replies": _USER,
    "verification_codes": _USER,
    "personal_chat": _USER,
    "bot_chat": _USER,
    "private_group": _GROUP,
    "private_supergroup": _CHANNEL,
    "public_supergroup": _CHANNEL,
    "private_channel": _CHANNEL,
    "public_channel": _CHANNEL,
}
_MEDIA_TYPES: dict[object, MediaKind] = {
    "animation": "gif",
    "video_message": "video",
    "video_file": "video",
    "voice_message": "audio",
    "audio_file": "audio",
}
_MIME_KINDS: dict[str, MediaKind] = {"image": "image", "video": "video", "audio": "audio"}


@dataclass(slots=True, kw_only=True)
class Chat:
    """One chat; `values` are its `id`, `type` and `name` as the export has them."""

    is_of_account: bool = False
    values: dict[str | int, object] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        """Whether id and type were read."""
        return "id" in self.values and "type" in self.values

    @property
    def kind(self) -> str:
        """The chat's type, "" if the export has none."""
        value = self.values.get("type")
        return value if isinstance(value, str) else ""

    @property
    def peer(self) -> str:
        """The chat's id as `from_id` would say it, e.g. `channel123`.

        Raises:
            BadRecordError: it has none.
        """
        number = read_id(self.values.get("id"), "the chat's id")
        return f"{KINDS.get(self.kind, 'peer')}{number}"


class MessageParser:
    """Turns the messages of one chat into posts."""

    def __init__(self, chat: Chat, folder: Path, window: TimeWindow) -> None:
        self._chat = chat
        self._folder = folder
        self._window = window

    def parse(self, value: JsonObject, line: int) -> Post | Ignored:
        """The post of a message; Ignored if it is none, or of a conversation of two.

        Raises:
            BadRecordError: it cannot be a post.
        """
        kind = value.get("type")
        if kind == "service":
            return Ignored(line=line, reason="service message")
        if kind == "unsupported":
            return Ignored(line=line, reason="message that the export does not support")
        if kind != "message":
            raise BadRecordError(f"type is not that of a message: {show(kind)}")
        if self._chat.is_of_account and KINDS.get(self._chat.kind) == _USER:
            return Ignored(
                line=line, reason=f"message of a {self._chat.kind} in an account's export"
            )
        peer = self._chat.peer
        number = read_id(value.get("id"))
        url = None
        if peer.startswith(_CHANNEL) and not number.startswith("-"):
            url = f"https://t.me/c/{peer.removeprefix(_CHANNEL)}/{number}"
        text = _read_message_text(value)
        is_forwarded = "forwarded_from" in value
        return Post(
            platform="telegram",
            native_id=f"{peer}/{number}",
            text=text,
            line=line,
            author=read_optional_id(value.get("from_id"), "from_id"),
            created_at=self._read_date(value),
            edited_at=self._read_edit(value),
            url=url,
            reply_to=_read_reply(value, peer),
            repost_of=_name_original(text or f"{peer}/{number}") if is_forwarded else None,
            likes=_sum_reactions(value.get("reactions")),
            media=_read_media(value, self._folder, url),
        )

    def _read_date(self, value: JsonObject) -> datetime:
        """The time of a message; older exports have the writing computer's local time only."""
        if value.get("date_unixtime") is not None:
            return self._window.read_epoch(value["date_unixtime"], "date_unixtime")
        return self._window.read_iso(value.get("date"), "date")

    def _read_edit(self, value: JsonObject) -> datetime | None:
        try:
            if value.get("edited_unixtime") is not None:
                return self._window.read_epoch(value["edited_unixtime"], "edited_unixtime")
            return self._window.read_iso(value.get("edited"), "edited")
        except BadRecordError:
            return None


def _read_message_text(value: JsonObject) -> str:
    """The text without markup; a hidden link's address stands behind its text.

    A poll's text is its question.
    """
    text = value.get("text")
    if isinstance(text, list):
        text = "".join(_read_part(part) for part in text)
    text = read_text(text)
    poll = value.get("poll")
    if not text and isinstance(poll, dict) and isinstance(poll.get("question"), str):
        return read_text(poll["question"], "poll.question")
    return text


def _read_part(part: object) -> str:
    if isinstance(part, str):
        return part
    text = part.get("text") if isinstance(part, dict) else None
    if not isinstance(part, dict) or not isinstance(text, str):
        raise BadRecordError(f"a part of text is not text: {show(part)}")
    href = part.get("href")
    if isinstance(href, str) and href and href != text:
        return f"{text} ({href})"
    return text


def _read_reply(value: JsonObject, peer: str) -> str | None:
    number = value.get("reply_to_message_id")
    if isinstance(number, bool) or not isinstance(number, int):
        return None
    other = read_optional_string(value.get("reply_to_peer_id"))
    return f"telegram:{other or peer}/{number}"


def _name_original(text: str) -> str:
    """A name for the original of a forwarded message, of which the export has no id.

    Forwards of one text share it. From whom it came is a person's name, maybe: left out.
    """
    return f"telegram:forwarded/{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _sum_reactions(value: object) -> int | None:
    """All reactions together, whatever they say; none if the export names none."""
    if not isinstance(value, list):
        return None
    counts = [read_count(part.get("count")) for part in value if isinstance(part, dict)]
    known = [count for count in counts if count is not None and count >= 0]
    return read_count(sum(known)) if known else None


def _read_media(value: JsonObject, folder: Path, url: str | None) -> tuple[Media, ...]:
    """The picture or file of a message.

    One that is not in the export has the message's address, if there is one.
    """
    for key in ("photo", "file"):
        name = value.get(key)
        if not isinstance(name, str) or not name:
            continue
        path = clean_string(name.replace("\0", ""))
        is_left_out = path.startswith("(")  # "(File not included. Change ...)"
        if is_left_out and url is None:
            return ()
        return (
            Media(
                kind=_find_kind(value, key, path),
                url=url if is_left_out else None,
                source_path=None if is_left_out else folder / path,
                alt_text=read_optional_string(value.get("sticker_emoji")),
            ),
        )
    return ()


def _find_kind(value: JsonObject, key: str, path: str) -> MediaKind:
    if key == "photo":
        return "image"
    media_type: Any = value.get("media_type")
    if media_type == "sticker":  # others are animations in formats of Telegram's own
        return "image" if path.lower().endswith(".webp") else "other"
    if isinstance(media_type, str) and media_type in _MEDIA_TYPES:
        return _MEDIA_TYPES[media_type]
    mime = value.get("mime_type")
    return _MIME_KINDS.get(mime.partition("/")[0], "other") if isinstance(mime, str) else "other"
