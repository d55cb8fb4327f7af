"""Generic tables: CSV, TSV, JSON lines and Parquet with a column mapping."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from analytics.contract.errors import SourceFormatError
from analytics.contract.records import NO_PLATFORM, Ignored, Media, MediaKind, Post, Reject
from connectors.files import detect_in_folder, has_suffix, list_matching_files
from connectors.lines import (
    BLANK,
    JsonObject,
    parse_safely,
    read_behind_long_lines,
    read_json_lines,
    refuse_utf16,
    starts_behind_bad_line,
)
from connectors.protocol import Detection, ReadOptions, Record
from connectors.streams import read_head
from connectors.table_csv import read_csv_header, read_csv_rows
from connectors.table_json import find_json_columns, read_json_columns
from connectors.table_mapping import complete_mapping, propose_mapping
from connectors.table_parquet import PARQUET_MAGIC, read_parquet_columns, read_parquet_rows
from connectors.values import (
    BadRecordError,
    TimeWindow,
    clean_string,
    read_count,
    read_lang,
    read_optional_id,
    read_text,
    show,
)

_CSV = (".csv", ".tsv")
_JSON = (".jsonl", ".ndjson")
_PARQUET = (".parquet", ".pq")
_HEAD_BYTES = 1024 * 1024
_PLATFORM = re.compile(r"^[a-z][a-z0-9_.-]{0,31}$")
_URL = re.compile(r"^https?://", re.IGNORECASE)
_FILM = re.compile(r"\.(?:mp4|webm|mov|m3u8|mkv|avi)(?:[?#]|$)", re.IGNORECASE)
_MAX_PATH_CHARACTERS = 4096


class TableConnector:
    """Reads any table whose columns are named or can be guessed."""

    name = "table"
    version = 2
    takes: tuple[str, ...] = ("mapping", "platform")

    def detect(self, path: Path) -> Detection | None:
        """Look whether the columns hold a text; a table is the last guess."""
        if path.is_dir():
            return detect_in_folder(path, _is_candidate, self.detect)
        head = read_head(path)
        if not head or not (_is_candidate(path.name) or head.startswith(PARQUET_MAGIC)):
            return None
        try:
            kind, columns = _read_columns(path, head)
        except SourceFormatError:
            return Detection(confidence=0.3, found="Parquet file, damaged")
        if not columns:
            return None
        mapping = propose_mapping(columns)
        if "text" not in mapping:
            return Detection(
                confidence=0.3,
                found=f"{kind} table, its text column not recognised (columns: "
                f"{', '.join(columns[:8])})",
            )
        guesses = ", ".join(f"{field} = {column}" for field, column in mapping.items())
        confidence = 0.4 if kind == "JSON lines" else 0.6
        return Detection(confidence=confidence, found=f"{kind} table ({guesses})")

    def list_files(self, path: Path) -> list[Path]:
        """The file, or all tables below the folder."""
        return list_matching_files(
            path, _is_candidate, "*.csv, *.tsv, *.jsonl, *.ndjson, *.parquet, also .gz and .zst"
        )

    def check_mapping(self, path: Path, options: ReadOptions) -> Mapping[str, str]:
        """The column of each post field, from the file's head."""
        head = read_head(path, _HEAD_BYTES)
        if not head.strip(BLANK):
            return {}
        return _find_mapping(path, head, options)[2]

    def read_file(self, path: Path, options: ReadOptions) -> Iterator[Record]:
        """One record for each row."""
        head = read_head(path, _HEAD_BYTES)
        if not head.strip(BLANK):
            return read_json_lines(path, options, _no_rows)  # tells that the file is empty
        kind, columns, mapping = _find_mapping(path, head, options)
        parse = _RowParser(path, mapping, options).parse
        if kind == "Parquet":
            used = list(dict.fromkeys(mapping.values()))
            return read_parquet_rows(path, used, options.on_bytes, parse)
        if kind == "JSON lines":
            return read_json_lines(path, options, parse)
        return _read_csv(path, head, columns, options, parse)


_WANTED = "expected CSV, TSV, JSON lines or Parquet"


def _no_rows(value: JsonObject, line: int) -> Ignored:
    raise BadRecordError("a row in a file without a header")


def _is_candidate(name: str) -> bool:
    return has_suffix(name, _CSV + _JSON) or name.lower().endswith(_PARQUET)


def _read_columns(path: Path, head: bytes) -> tuple[str, list[str]]:
    """What kind of table a file is, by its content, and its columns."""
    if head.startswith(PARQUET_MAGIC):
        return "Parquet", read_parquet_columns(path)
    start = head.lstrip(BLANK)[:1]
    is_array_file = start == b"[" and has_suffix(path.name, (".json",))
    if start == b"{" or is_array_file or has_suffix(path.name, _JSON):
        columns = read_json_columns(read_behind_long_lines(path, len(head)) or head)
        if start == b"[" and not (b"\n" not in head and columns):
            is_array = not starts_behind_bad_line(head)
            return ("JSON array", []) if is_array else ("JSON lines", columns)
        return "JSON lines", columns
    return "CSV", read_csv_header(head, path.name)


def _find_mapping(
    path: Path, head: bytes, options: ReadOptions
) -> tuple[str, list[str], dict[str, str]]:
    """The kind of a table, its columns, and the column of each post field.

    Raises:
        SourceFormatError: it is no table, or the mapping does not fit.
    """
    kind, columns = _read_columns(path, head)
    if kind == "JSON lines" and not columns:
        raise SourceFormatError(f"{path}: no line at its start is a JSON object; {_WANTED}")
    if kind == "JSON array":
        raise SourceFormatError(
            f"{path}: a JSON array; write one object a line, e.g. with jq -c '.[]'"
        )
    refuse_utf16(path, head)
    if kind == "CSV" and b"\0" in head.lstrip().partition(b"\n")[0]:
        raise SourceFormatError(f"{path}: binary data, not a table; {_WANTED}")
    if kind == "CSV" and not columns:
        raise SourceFormatError(
            f"{path}: the header line cannot be read as CSV; the first line must name the columns"
        )
    if options.platform is not None and not _PLATFORM.match(options.platform.lower()):
        raise SourceFormatError(
            f"{path}: platform {options.platform!r} is not a short name: write letters, digits,"
            " '_', '.' and '-', a letter first"
        )
    late = set(options.mapping.values()) - set(columns)
    if kind == "JSON lines" and late:
        columns += find_json_columns(path, late)
    return kind, columns, complete_mapping(path, options.mapping, columns)


def _read_csv(
    path: Path,
    head: bytes,
    columns: list[str],
    options: ReadOptions,
    parse: Callable[[JsonObject, int], Post],
) -> Iterator[Record]:
    is_header = True
    for item in read_csv_rows(path, head, options.on_bytes):
        if isinstance(item, Reject):
            yield item
            continue
        line, row, raw = item
        if is_header:
            is_header = False
            continue
        yield parse_safely(parse, dict(zip(columns, row, strict=True)), line, raw)


class _RowParser:
    """Turns the rows of one file into posts, by its mapping."""

    def __init__(self, path: Path, mapping: Mapping[str, str], options: ReadOptions) -> None:
        self._folder = path.parent
        self._mapping = dict(mapping)
        if options.platform is not None and "platform" not in options.mapping:
            self._mapping.pop("platform", None)  # what was said goes before what was guessed
        self._platform = options.platform or NO_PLATFORM
        # Without a platform, ids of unrelated tables must not meet.
        is_named = options.platform is not None or "platform" in self._mapping
        self._id_scope = "" if is_named else f"{path.stem}/"
        self._window = TimeWindow(options.now)
        self._counts: dict[int, int] = {}

    def parse(self, row: JsonObject, line: int) -> Post:
        """The post of a row, a value for each column.

        Raises:
            BadRecordError: it cannot be a post.
        """
        values = {field: row.get(column) for field, column in self._mapping.items()}
        for value in values.values():
            if isinstance(value, BadRecordError):
                raise value
        text = values["text"]
        text = "" if text is None else read_text(text)
        images = _read_strings(values.get("image"), "image")
        media = tuple(self._make_media(image) for image in images)
        if not text.strip() and not media:
            raise BadRecordError("neither text nor image")
        created = values.get("created_at")
        is_dated = created is not None and created == created and created != ""
        created_at = self._window.read_any(created, "created_at") if is_dated else None
        author = read_optional_id(values.get("author"), "author")
        aspects = _read_strings(values.get("aspect"), "aspect", separator=None)
        url = values.get("url")
        platform = self._read_platform(values.get("platform"))
        native_id = read_optional_id(values.get("id"))
        if native_id is not None:
            native_id = f"{self._id_scope}{native_id}"
        if native_id is None:
            if "id" in self._mapping:
                raise BadRecordError("id is missing")
            native_id = _derive_id(text, created_at, author, images, aspects, url)
            if created_at is None and not url:  # equal answers are still as many answers
                native_id += self._number(native_id)
        return Post(
            platform=platform,
            native_id=native_id,
            text=text,
            line=line,
            author=author,
            created_at=created_at,
            lang=read_lang(values.get("lang")),
            url=clean_string(url) if isinstance(url, str) and url else None,
            reply_to=self._read_reference(values.get("reply_to"), "reply_to", platform),
            repost_of=self._read_reference(values.get("repost_of"), "repost_of", platform),
            likes=read_count(values.get("likes")),
            reposts=read_count(values.get("reposts")),
            replies=read_count(values.get("replies")),
            views=read_count(values.get("views")),
            media=media,
            aspects=tuple(aspects),
        )

    def _number(self, derived: str) -> str:
        """What tells a row from the equal ones before it in the file."""
        key = int(derived[:16], 16)  # small to keep: some 100 bytes for each distinct row
        n = self._counts[key] = self._counts.get(key, 0) + 1
        return f"-{n}" if n > 1 else ""

    def _read_platform(self, value: object) -> str:
        if value is None or value == "":
            return self._platform
        name = value.strip().lower() if isinstance(value, str) else ""
        if not _PLATFORM.match(name):
            raise BadRecordError(f"platform is not a short name: {show(value)}")
        return name

    def _read_reference(self, value: object, name: str, platform: str) -> str | None:
        found = read_optional_id(value, name)
        if found is None or found.startswith(f"{platform}:"):
            return found
        return f"{platform}:{self._id_scope}{found}"

    def _make_media(self, name: str) -> Media:
        if len(name) > _MAX_PATH_CHARACTERS or "\0" in name:
            raise BadRecordError(f"image is not a path or URL: {show(name)}")
        kind: MediaKind = "video" if _FILM.search(name) else "image"
        if _URL.match(name):
            return Media(kind=kind, url=name)
        return Media(kind=kind, source_path=self._folder / name.removeprefix("file://"))


def _read_strings(value: object, name: str, separator: str | None = "|") -> list[str]:
    """The non-empty strings of a cell, a list, or an object with a `path`."""
    if isinstance(value, dict):
        value = value.get("path")
    if value is None or (isinstance(value, float) and value != value):
        return []
    if isinstance(value, str):
        parts: list[Any] = value.split(separator) if separator else [value]
    elif isinstance(value, list):
        parts = [item.get("path") if isinstance(item, dict) else item for item in value]
    else:
        raise BadRecordError(f"{name} is not a string: {show(value)}")
    if not all(isinstance(part, str) for part in parts):
        raise BadRecordError(f"{name} is not a list of strings: {show(value)}")
    return [clean_string(part.strip()) for part in parts if part.strip()]


def _derive_id(*parts: object) -> str:
    """An id from a row's content, so that the same row has it again next time."""
    text = json.dumps(parts, ensure_ascii=False, default=str)
    return hashlib.sha256(clean_string(text).encode("utf-8")).hexdigest()[:24]
