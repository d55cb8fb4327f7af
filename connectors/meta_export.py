"""What Facebook and Instagram give to the owner of an account: 'download your information'."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from connectors.files import detect_in_folder, drop_outside, list_matching_files
from connectors.json_pages import read_json_pages
from connectors.lines import parse_safely
from connectors.meta_posts import ARRAYS, OwnerParser, repair_text
from connectors.protocol import Detection, ReadOptions, Record
from connectors.streams import read_head
from connectors.values import TimeWindow, make_reject, read_optional_string

# Posts and comments of the owner; an export has hundreds of other files.
_FILE_NAME = re.compile(
    r"^(?:your_posts.*|posts(?:_\d+)?|reels|stories|igtv_videos|comments(?:_\d+)?"
    r"|(?:post|reels)_comments(?:_\d+)?|group_posts_and_comments|your_(?:posts|comments)_in_groups)"
    r"\.json$",
    re.IGNORECASE,
)
_COMMENTS_NAME = re.compile(r"^(?:post|reels)_comments(?:_\d+)?\.json", re.IGNORECASE)
# Folders that stand between a file and the export's root, whatever year it is of.
_OF_KINDS = frozenset({"posts", "content", "media", "comments", "comments_and_reactions", "groups"})
_OF_ACTIVITY = frozenset(
    {"your_facebook_activity", "your_activity_across_facebook", "your_instagram_activity"}
)
_PROFILES = (
    "personal_information/personal_information/personal_information.json",
    "personal_information/personal_information.json",
)
_MAX_PROFILE_BYTES = 1024 * 1024

# Words that other files may use.
_PLAIN_KEYS = frozenset({"status_updates", "group_posts", "comments", "group_comments"})
_KEY = re.compile(
    rb'^[\s\xef\xbb\xbf]*\{\s*"(?P<key>' + "|".join(ARRAYS).encode() + rb')"\s*:\s*\['
)
_LIST = re.compile(rb"^[\s\xef\xbb\xbf]*\[\s*\{")
_TIME = re.compile(rb'"(?:creation_)?timestamp"\s*:\s*\d{9,10}\b')
_FACEBOOK = re.compile(
    rb'"data"\s*:\s*\[\s*\{\s*'
    rb'"(?:post|update_timestamp|media|external_context|place|event|note)"\s*:'
)
_INSTAGRAM = re.compile(rb'"media"\s*:\s*\[\s*\{\s*"uri"\s*:')
_INSTAGRAM_COMMENT = re.compile(rb'"string_map_data"\s*:\s*\{')
_OWNER_OF_MEDIA = re.compile(rb'"(?:Comment|Media Owner)"\s*:')


class MetaExportConnector:
    """Reads the posts and comments of an account's owner on Facebook or Instagram."""

    name = "meta_export"
    version = 1
    takes: tuple[str, ...] = ()

    def detect(self, path: Path) -> Detection | None:
        """Look for the keys of posts and comments at the start of the file."""
        if path.is_dir():
            return detect_in_folder(path, _is_candidate, self.detect)
        head = read_head(path)
        match = _KEY.match(head)
        if match is not None:
            key = match["key"].decode()
            platform, what = ARRAYS[key]
            found = f"{platform.title()} export, {what}s"
            if _TIME.search(head):
                return Detection(confidence=0.96, found=found)
            return Detection(confidence=0.5, found=found) if key not in _PLAIN_KEYS else None
        if not _LIST.match(head) or not _TIME.search(head):
            return None
        if _INSTAGRAM.search(head):
            return Detection(confidence=0.96, found="Instagram export, posts")
        if _FACEBOOK.search(head):
            return Detection(confidence=0.96, found="Facebook export, posts")
        if _INSTAGRAM_COMMENT.search(head) and (
            _COMMENTS_NAME.match(path.name) or _OWNER_OF_MEDIA.search(head)
        ):
            return Detection(confidence=0.96, found="Instagram export, comments")
        return None

    def list_files(self, path: Path) -> list[Path]:
        """The file, or the files of posts and comments below the folder."""
        return list_matching_files(
            path,
            _is_candidate,
            "your_posts_1.json, comments.json (Facebook), posts_1.json, post_comments_1.json"
            " (Instagram); ask for the export as JSON",
        )

    def list_companions(self, path: Path) -> list[Path]:
        """The file that says who the owner is."""
        return _find_profiles(path)[0]

    def find_root(self, path: Path) -> Path:
        """The export's folder, to which the paths of its pictures are relative."""
        folder = path.absolute().parent
        for names in (_OF_KINDS, _OF_ACTIVITY):
            if folder.name.lower() in names:
                folder = folder.parent
        return folder

    def read_file(self, path: Path, options: ReadOptions) -> Iterator[Record]:
        """One record for each entry of the file."""
        profiles, refused = _find_profiles(path)
        parser = OwnerParser(
            folder=path.parent,
            root=self.find_root(path),
            owner=_read_owner(profiles),
            window=TimeWindow(options.now),
            is_comments=_COMMENTS_NAME.match(path.name) is not None,
        )
        key = _KEY.match(read_head(path))
        shape = key["key"].decode() if key is not None else ""

        def handle(value: Any, line: int, raw: bytes | str) -> Iterator[Record]:
            yield parse_safely(lambda v, n: parser.parse(v, n, shape), value, line, raw)

        for fault in refused:
            yield make_reject(0, fault, "", "read")
        yield from read_json_pages(
            path,
            options,
            handle,
            array_keys=tuple(ARRAYS),
            wanted="expected a list of posts or comments, as in your_posts_1.json or posts_1.json",
        )


def _is_candidate(name: str) -> bool:
    return _FILE_NAME.match(name) is not None


def _find_profiles(path: Path) -> tuple[list[Path], list[str]]:
    """The files that may name the owner, and why others that are there are not read."""
    root = MetaExportConnector().find_root(path)
    return drop_outside((root / name for name in _PROFILES), root)


def _read_owner(profiles: list[Path]) -> str | None:
    """The owner's user name; only Instagram's English exports name it so."""
    for file in profiles:
        head = read_head(file, _MAX_PROFILE_BYTES)
        try:
            value = json.loads(head)["profile_user"][0]["string_map_data"]["Username"]["value"]
        except (ValueError, KeyError, IndexError, TypeError, RecursionError):
            continue
        name = read_optional_string(value)
        if name is not None:
            return repair_text(name)
    return None
