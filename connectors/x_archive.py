"""The archive that X gives to the owner of an account: `data/tweets.js` and its parts."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from analytics.contract.errors import ConnectorError, SourceFormatError
from analytics.contract.records import Media, Post
from connectors.files import check_exists, drop_outside
from connectors.json_stream import ArrayReader
from connectors.lines import JsonObject, parse_safely
from connectors.protocol import Detection, ReadOptions, Record
from connectors.streams import ByteStream, read_head
from connectors.values import (
    BadRecordError,
    TimeWindow,
    clean_string,
    make_reject,
    read_count,
    read_lang,
    read_optional_string,
    read_text,
)
from connectors.x_notes import LONG_TEXTS_NAME, OPENING, LongTexts, load_long_texts
from connectors.x_values import (
    MEDIA_KINDS,
    PLATFORM,
    find_linked_post,
    find_media,
    make_post_url,
    read_status_id,
    strip_links,
)

_FILE_NAME = re.compile(r"^tweets?(?:-part(?P<part>\d+))?\.js$", re.IGNORECASE)
_HEAD = re.compile(rb"^[\s\xef\xbb\xbf]*window\.YTD\.tweets?\.part\d+\s*=")
_ELEMENT = re.compile(rb'^[^{]{0,200}\[\s*\{\s*"tweet"\s*:\s*\{')
_NEXT_ELEMENT = re.compile(r'\{\s*"tweet"\s*:\s*\{')
_ACCOUNT_NAME = "account.js"
_ACCOUNT_ID = re.compile(rb'"accountId"\s*:\s*"(\d+)"')
_MEDIA_FOLDER = re.compile(r"^tweets?_media", re.IGNORECASE)


class XArchiveConnector:
    """Reads the posts of an unpacked X account archive."""

    name = "x_archive"
    version = 1
    takes: tuple[str, ...] = ()

    def detect(self, path: Path) -> Detection | None:
        """Look for the archive's files, or its JavaScript at a file's start."""
        if path.is_dir():
            files = _find_parts(path)
            if not files:
                return None
            folder = files[0].parent
            extras = [f"{len(files)} post file{'s' if len(files) > 1 else ''}"]
            if any(_MEDIA_FOLDER.match(name) for name in _list_names(folder)):
                extras.append("pictures")
            if (folder / LONG_TEXTS_NAME).is_file():
                extras.append("long texts")
            return Detection(confidence=0.98, found=f"X account archive with {', '.join(extras)}")
        head = read_head(path)
        if _HEAD.match(head):
            return Detection(confidence=0.99, found=f"X account archive, {path.name}")
        if _ELEMENT.match(head):
            return Detection(confidence=0.9, found=f"posts as in an X account archive, {path.name}")
        return None

    def list_files(self, path: Path) -> list[Path]:
        """The file, or the post files of the archive in the order of their parts."""
        check_exists(path)
        if not path.is_dir():
            return [path]
        files = _find_parts(path)
        if files:
            return files
        below = sorted(path.glob("*/data/tweets.js"))
        hint = f"; there is an archive in {below[0].parent.parent}" if below else ""
        raise ConnectorError(
            f"{path.absolute()}: no tweets.js, tweets-part1.js or tweet.js in it or its data/ "
            f"folder{hint}; give the unpacked archive's folder"
        )

    def list_companions(self, path: Path) -> list[Path]:
        """The account and the long texts beside a post file."""
        return _find_companions(path.parent)[0]

    def read_file(self, path: Path, options: ReadOptions) -> Iterator[Record]:
        """One record for each element of the file's array."""
        window = TimeWindow(options.now)
        companions, refused = _find_companions(path.parent)
        beside = {file.name: file for file in companions}
        long_texts = load_long_texts(beside.get(LONG_TEXTS_NAME), window)
        parser = _TweetParser(
            author=_read_account_id(beside.get(_ACCOUNT_NAME)),
            pictures=_find_pictures(path.parent),
            long_texts=long_texts,
            window=window,
        )
        with ByteStream(path, options.on_bytes) as stream:
            reader = ArrayReader(stream, opening=OPENING, resync=_NEXT_ELEMENT)
            if not reader.open():
                if not read_head(path, 1):
                    yield make_reject(0, "the file is empty", "", "read")
                    return
                raise SourceFormatError(
                    f"{path}: not a file of an X archive; "
                    "it should begin with `window.YTD.tweets.part0 = [`"
                )
            for fault in [*refused, *long_texts.faults]:
                yield make_reject(0, fault, "", "read")
            for element in reader:
                if element.fault is not None:
                    yield make_reject(element.position, element.fault, element.raw)
                else:
                    yield parse_safely(parser.parse, element.value, element.position, element.raw)


def _list_names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _find_parts(path: Path) -> list[Path]:
    for folder in (path / "data", path):
        parts = []
        for name in _list_names(folder):
            match = _FILE_NAME.match(name)
            if match and (folder / name).is_file():
                parts.append((int(match["part"] or 0), name))
        if parts:
            return [folder / name for _, name in sorted(parts)]
    return []


def _find_companions(folder: Path) -> tuple[list[Path], list[str]]:
    """The files beside the post files, and why others that are there are not read."""
    return drop_outside((folder / name for name in (_ACCOUNT_NAME, LONG_TEXTS_NAME)), folder)


def _read_account_id(path: Path | None) -> str | None:
    match = _ACCOUNT_ID.search(read_head(path)) if path else None
    return match[1].decode("ascii") if match else None


class _Pictures:
    """The archive's media files by name."""

    def __init__(self, folder: Path | None, files: dict[str, Path]) -> None:
        self._folder = folder
        self._files = files

    def find(self, names: list[str], *, is_expected: bool) -> Path | None:
        """The first file there is; where it should be, if the archive should have it."""
        for name in names:
            if name in self._files:
                return self._files[name]
        if self._folder is None or not names or not is_expected:
            return None
        return self._folder / names[0]


def _find_pictures(folder: Path) -> _Pictures:
    main: Path | None = None
    files: dict[str, Path] = {}
    for name in sorted(_list_names(folder)):
        if _MEDIA_FOLDER.match(name) and (folder / name).is_dir():
            main = main or folder / name
            files |= {file: folder / name / file for file in _list_names(folder / name)}
    return _Pictures(main, files)


class _TweetParser:
    """Turns the elements of one archive into posts."""

    def __init__(
        self,
        *,
        author: str | None,
        pictures: _Pictures,
        long_texts: LongTexts,
        window: TimeWindow,
    ) -> None:
        self._author = author
        self._pictures = pictures
        self._long_texts = long_texts
        self._window = window

    def parse(self, value: JsonObject, position: int) -> Post:
        """The post of an element.

        Raises:
            BadRecordError: it cannot be a post.
        """
        tweet = value.get("tweet", value)
        if not isinstance(tweet, dict):
            raise BadRecordError("tweet is not an object")
        native_id = read_status_id(tweet, "id")
        if native_id is None:
            raise BadRecordError("id is missing")
        created_at = self._window.read_x(tweet.get("created_at"), "created_at")
        raw_text = tweet.get("full_text", tweet.get("text"))
        received = read_text(raw_text, "full_text", unescape=True)
        is_repost = received.startswith("RT @")
        media = find_media(tweet)
        text = strip_links(received, [item.get("url") for item in media])
        quote_of = None if is_repost else _find_quoted(tweet, text, native_id)
        if not is_repost:
            text = self._long_texts.find(text, created_at) or text
        reply_to = read_status_id(tweet, "in_reply_to_status_id")
        return Post(
            platform=PLATFORM,
            native_id=native_id,
            text=text,
            line=position,
            author=self._author,
            created_at=created_at,
            lang=read_lang(tweet.get("lang")),
            url=make_post_url(native_id),
            reply_to=f"x:{reply_to}" if reply_to else None,
            quote_of=quote_of,
            likes=read_count(tweet.get("favorite_count")),
            reposts=read_count(tweet.get("retweet_count")),
            media=tuple(self._make_media(item, native_id, is_repost=is_repost) for item in media),
        )

    def _make_media(self, item: JsonObject, native_id: str, *, is_repost: bool) -> Media:
        kind = MEDIA_KINDS.get(item.get("type"), "image")
        url = clean_string(str(item.get("media_url_https") or item.get("media_url")))
        addresses = [url]
        if kind != "image":
            addresses = _film_urls(item) or addresses
        names = [f"{native_id}-{_basename(address)}" for address in addresses]
        return Media(
            kind=kind,
            url=addresses[0],
            # A repost's pictures belong to the other account: archives may lack them.
            source_path=self._pictures.find(names, is_expected=not is_repost),
            alt_text=read_optional_string(item.get("ext_alt_text")),
        )


def _film_urls(item: JsonObject) -> list[str]:
    """The addresses of a film, best first; the archive keeps one of them."""
    info = item.get("video_info")
    variants = info.get("variants") if isinstance(info, dict) else None
    found = []
    for variant in variants if isinstance(variants, list) else []:
        if isinstance(variant, dict) and isinstance(variant.get("url"), str):
            is_stream = variant.get("content_type") == "application/x-mpegURL"
            rate = read_count(variant.get("bitrate")) or 0
            found.append((is_stream, -rate, clean_string(variant["url"])))
    return [url for _, _, url in sorted(found)]


def _basename(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2].replace("\0", "")


def _find_quoted(tweet: JsonObject, text: str, own_id: str) -> str | None:
    """A link to another post at the end of a post is how X shows a quote."""
    entities = tweet.get("entities")
    urls = entities.get("urls") if isinstance(entities, dict) else None
    last = urls[-1] if isinstance(urls, list) and urls else None
    if not isinstance(last, dict) or not text.endswith(str(last.get("url"))):
        return None
    quoted = find_linked_post(last.get("expanded_url"))
    return f"x:{quoted}" if quoted and quoted != own_id else None
