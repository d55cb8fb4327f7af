"""From the outbox of a Mastodon archive (ActivityPub) to posts."""

import os
from pathlib import Path

from analytics.contract.records import Ignored, Media, MediaKind, Post
from connectors.json_layouts import objects_of
from connectors.lines import JsonObject
from connectors.mastodon_values import (
    FOLLOWERS_ONLY,
    NAMED_ONLY,
    PLATFORM,
    is_address,
    join_text,
    read_address,
    read_late_time,
    read_optional_address,
    refer,
)
from connectors.values import (
    BadRecordError,
    TimeWindow,
    clean_string,
    read_count,
    read_lang,
    read_optional_string,
    show,
)

_PUBLIC = frozenset(("https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"))
_NOTES = frozenset(("Note", "Question", "Article", "Page"))
_KINDS: dict[str, MediaKind] = {"image": "image", "video": "video", "audio": "audio"}
_QUOTES = ("quote", "quoteUrl", "quoteUri", "_misskey_quote")
_MEDIA_FOLDER = "media_attachments"
_MAX_PATH_CHARACTERS = 4096


class ArchiveFiles:
    """The media files of an unpacked archive, by the paths in its outbox."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folders: dict[str, bool] = {}

    def locate(self, path: str) -> Path | None:
        """Where the archive has a file, or should have it; None without media folder.

        Servers with a store of their own write its name before `media_attachments`
        in the outbox, not always in the archive.
        """
        relative = path.lstrip("/")
        if not relative or len(relative) > _MAX_PATH_CHARACTERS or "\0" in relative:
            return None
        names = relative.split("/")
        inner = names[names.index(_MEDIA_FOLDER) :] if _MEDIA_FOLDER in names else names
        places = [part for part in (names, inner) if self._has_folder(part[0])]
        for part in places:
            if ".." not in part and os.path.isfile(self._folder.joinpath(*part)):
                return self._folder.joinpath(*part)
        return self._folder.joinpath(*places[0]) if places else None

    def _has_folder(self, name: str) -> bool:
        if name not in self._folders:
            self._folders[name] = os.path.isdir(self._folder / name)
        return self._folders[name]


def parse_activity(
    activity: JsonObject,
    line: int,
    window: TimeWindow,
    files: ArchiveFiles,
    *,
    includes_private: bool = False,
) -> Post | Ignored:
    """The post of an activity; Ignored if it makes none.

    Also if not all may read it, unless it `includes_private`.

    Raises:
        BadRecordError: it cannot be a post.
    """
    kind = activity.get("type")
    if not isinstance(kind, str):
        problem = "is missing" if kind is None else f"is not a string: {show(kind)}"
        raise BadRecordError(f"type {problem}")
    if kind not in ("Create", "Announce"):
        return Ignored(line=line, reason=f"{clean_string(kind[:40])} activity")
    reason = _find_limit(activity, {})
    if reason is not None and not includes_private:
        return Ignored(line=line, reason=reason)
    note = activity["object"]
    if kind == "Announce" and isinstance(note, str):
        return Ignored(line=line, reason="boost without the text of what was boosted")
    if not isinstance(note, dict):
        raise BadRecordError(f"object is not an object: {show(note)}")
    note_kind = note.get("type")
    if not isinstance(note_kind, str):
        raise BadRecordError(f"object.type is not a string: {show(note_kind)}")
    if note_kind not in _NOTES:
        return Ignored(line=line, reason=f"{kind} of {clean_string(note_kind[:40])}")
    reason = _find_limit(note, activity)
    if reason is not None and not includes_private:
        return Ignored(line=line, reason=reason)
    is_boost = kind == "Announce"
    original = _parse_note(note, activity, line, window, files, is_boost=is_boost)
    return _make_boost(original, activity, line, window) if is_boost else original


def _parse_note(
    note: JsonObject,
    activity: JsonObject,
    line: int,
    window: TimeWindow,
    files: ArchiveFiles,
    *,
    is_boost: bool,
) -> Post:
    uri = read_address(note.get("id"), "object.id")
    author = read_optional_address(note.get("attributedTo"))
    if author is None and not is_boost:
        author = read_optional_address(activity.get("actor"))
    parent = read_optional_address(note.get("inReplyTo"))
    quoted = next((note[key] for key in _QUOTES if is_address(note.get(key))), None)
    published = note.get("published")
    if published is None and not is_boost:
        published = activity.get("published")
    return Post(
        platform=PLATFORM,
        native_id=uri,
        text=join_text(note.get("summary"), note.get("content")),
        line=line,
        author=author,
        created_at=window.read_iso(published, "published"),
        edited_at=read_late_time(note.get("updated"), window),
        lang=_read_lang(note),
        url=read_optional_address(note.get("url")) or uri,
        reply_to=None if parent is None else refer(parent),
        quote_of=None if quoted is None else refer(clean_string(quoted)),
        likes=_read_total(note, "likes"),
        reposts=_read_total(note, "shares"),
        media=_read_media(note, files),
    )


def _make_boost(original: Post, activity: JsonObject, line: int, window: TimeWindow) -> Post:
    """A boost of an own post, the only kind that an outbox has the text of."""
    return Post(
        platform=PLATFORM,
        native_id=read_address(activity.get("id"), "id"),
        text=original.text,
        line=line,
        author=read_optional_address(activity.get("actor")),
        created_at=window.read_iso(activity.get("published"), "published"),
        lang=original.lang,
        url=original.url,
        repost_of=original.post_id,
        media=original.media,
    )


def _find_limit(value: JsonObject, outer: JsonObject) -> str | None:
    """Why something is not for all to read; None if it is.

    Raises:
        BadRecordError: neither it nor what it is in says so.
    """
    source = value if "to" in value or "cc" in value else outer
    readers: list[object] = []
    for name in ("to", "cc"):
        named = source.get(name)
        readers += named if isinstance(named, list) else [named]
    names = [reader for reader in readers if isinstance(reader, str)]
    if not names:
        raise BadRecordError("to and cc name nobody who may read it")
    if not _PUBLIC.isdisjoint(names):
        return None
    is_for_followers = any(name.endswith("/followers") for name in names)
    return FOLLOWERS_ONLY if is_for_followers else NAMED_ONLY


def _read_lang(note: JsonObject) -> str | None:
    """The language under which the content stands, of several the first that has it."""
    contents = note.get("contentMap")
    if not isinstance(contents, dict):
        return None
    same = [lang for lang, content in contents.items() if content == note.get("content")]
    return read_lang(next(iter(same or contents), None))


def _read_total(note: JsonObject, name: str) -> int | None:
    """The size of a collection, which newer servers give."""
    collection = note.get(name)
    return read_count(collection.get("totalItems")) if isinstance(collection, dict) else None


def _read_media(note: JsonObject, files: ArchiveFiles) -> tuple[Media, ...]:
    found = []
    for item in objects_of(note.get("attachment")):
        url = item.get("url")
        if not isinstance(url, str) or not url:
            continue
        kind = _KINDS.get(str(item.get("mediaType")).partition("/")[0], "other")
        path = None if is_address(url) else files.locate(url)
        alt = read_optional_string(item.get("name"))
        # A path stands for the address only where there is no file either.
        address = clean_string(url) if path is None else None
        found.append(Media(kind=kind, url=address, source_path=path, alt_text=alt))
    return tuple(found)
