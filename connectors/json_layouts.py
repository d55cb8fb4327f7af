"""Records of JSON files in any layout: lines, an array, an array in an object, one document."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from analytics.contract.errors import SourceFormatError
from analytics.contract.records import Reject
from connectors.json_stream import ArrayReader
from connectors.lines import (
    BLANK,
    BOM,
    MAX_LINE_BYTES,
    FieldWatch,
    ParseObject,
    dump_json,
    load_head_objects,
    load_json_line,
    load_json_lines,
    parse_safely,
    read_behind_long_lines,
    refuse_utf16,
    starts_behind_bad_line,
)
from connectors.protocol import ReadOptions, Record
from connectors.streams import HEAD_BYTES, ByteStream, read_head
from connectors.values import MAX_RAW_CHARACTERS, BadRecordError, clean_string, make_reject

MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
_PIECE_BYTES = 1024 * 1024
_BETWEEN = re.compile(r"[\s,]*")

_decode = json.JSONDecoder().raw_decode

# The records of one JSON value, its line, and its text for rejects.
Expand = Callable[[object, int, bytes | str], Iterable[Record]]


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonFormat:
    """What the files of a format look like.

    `name` and `wanted` are said of a file that is none. `array_keys` are the keys
    under which an object holds an array of records, and `opening` leads to that
    array or to one at the top; such an array is streamed. `page_keys` are keys of
    such arrays of which an object has several: it is read as a whole. `resync`
    matches the start of a record in an array and nothing inside one. `known` are the
    fields that a record on a line of its own may have; others are told of.
    """

    name: str
    wanted: str
    array_keys: tuple[str, ...] = ()
    page_keys: tuple[str, ...] = ()
    resync: re.Pattern[str] | None = None
    known: frozenset[str] | None = None

    @property
    def opening(self) -> re.Pattern[str]:
        """From the start of a file through the `[` of its array.

        A key inside a string cannot be met: its quotes have backslashes there.
        """
        names = "|".join(map(re.escape, self.array_keys))
        behind_key = rf'(?:\{{.*?"(?:{names})"\s*:\s*)?' if names else ""
        return re.compile(rf"[\s\ufeff]*{behind_key}\[", re.DOTALL)


def read_json_records(
    path: Path, options: ReadOptions, form: JsonFormat, expand: Expand
) -> Iterator[Record]:
    """The records that `expand` makes of each JSON value of a file, in order.

    The line is that of a file with a value a line, else the position in the array.

    Raises:
        SourceFormatError: the file holds no JSON objects.
        ConnectorError: it cannot be read.
    """
    layout = _find_layout(path, form)
    if layout == "lines":
        return _read_lines(path, options, form, expand)
    if layout == "document":
        return _read_document(path, options, form, expand)
    return _read_array(path, options, form, expand, is_whole=layout == "array")


def load_first_values(path: Path, form: JsonFormat, limit: int = 50) -> list[object]:
    """The complete records at the start of a file, whatever its layout, to look at."""
    head = read_behind_long_lines(path) or read_head(path)
    text = head.decode("utf-8", "replace").lstrip("\ufeff")
    opening = form.opening.match(text)
    found = _load_elements(text, opening.end(), limit) if opening else []
    if not any(isinstance(value, dict) for value in found):
        objects: list[object] = [*load_head_objects(head, limit)] or _load_elements(text, 0, 1)
        pages = [_page_of(value, form) for value in objects]
        for value, page in zip(objects, pages, strict=True):
            found += [value] if page is None else page[:limit]
    return found


def parse_part(parse: ParseObject, value: object, line: int) -> Record:
    """The record of a value inside another one; never raises."""
    return _with_raw(parse_safely(parse, value, line, ""), value)


def objects_of(value: Any) -> list[dict[str, Any]]:
    """The objects in a list; none of anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _with_raw(record: Record, value: object) -> Record:
    """The record; a reject without a text gets that of its value."""
    if not isinstance(record, Reject) or record.raw:
        return record
    return replace(record, raw=clean_string(dump_json(value)[:MAX_RAW_CHARACTERS]))


def _load_elements(text: str, start: int, limit: int) -> list[object]:
    found: list[object] = []
    while len(found) < limit:
        match = _BETWEEN.match(text, start)
        try:
            value, start = _decode(text, match.end() if match else start)
        except (ValueError, RecursionError):
            break
        found.append(value)
    return found


def _find_layout(
    path: Path, form: JsonFormat
) -> Literal["lines", "array", "array in object", "document"]:
    head = read_head(path)
    refuse_utf16(path, head)
    text = head.lstrip(BLANK)
    if not text:
        return "lines"  # tells that the file is empty
    if text[:1] == b"[":
        behind = load_head_objects(read_behind_long_lines(path), limit=50)
        return "lines" if behind or starts_behind_bad_line(text) else "array"
    if text[:1] != b"{":
        if load_head_objects(head):
            return "lines"  # behind a bad line
        raise SourceFormatError(
            f"{path}: not {form.name}: it begins with neither '{{' nor '['; expected {form.wanted}"
        )
    first, newline, rest = text.partition(b"\n")
    if load_head_objects(first):
        return "lines" if rest.strip() else "document"
    if newline and not _goes_on(first, rest):
        return "lines"
    if not newline and len(head) >= HEAD_BYTES and _has_more_lines(path):
        return "lines"
    if form.array_keys and form.opening.match(head.decode("utf-8", "replace")):
        return "array in object"
    return "document"


def _goes_on(first: bytes, rest: bytes) -> bool:
    """Whether an object goes on behind its first line, rather than being a broken one."""
    end = first.rstrip()[-1:]
    if end == b"[":
        return True
    second = next((line for line in rest.splitlines() if line.strip()), b"")
    return end in (b"{", b",", b":") and not load_head_objects(second)


def _has_more_lines(path: Path) -> bool:
    """Whether an object on a line that is longer than a head is followed by anything."""
    n_read, tail = 0, b""
    with ByteStream(path) as stream:
        while n_read < MAX_LINE_BYTES:
            piece = stream.readline(_PIECE_BYTES)
            if not piece:
                return False
            n_read += len(piece)
            tail = tail[-8:] + piece
            if piece[-1] == 0x0A:
                is_closed = tail.rstrip()[-1:] == b"}"
                return is_closed and bool(stream.read(_PIECE_BYTES).strip())
    return False


def _page_of(value: object, form: JsonFormat) -> list[object] | None:
    """The records of an object that holds arrays of them; None if it is no such object."""
    if not isinstance(value, dict):
        return None
    keys = (*form.array_keys, *form.page_keys)
    pages = [value[key] for key in keys if isinstance(value.get(key), list)]
    return [item for page in pages for item in page] if pages else None


def _expand_safely(expand: Expand, value: object, line: int, raw: bytes | str) -> Iterator[Record]:
    try:
        yield from expand(value, line, raw)
    except BadRecordError as exc:
        yield make_reject(line, str(exc), raw)
    except Exception as exc:  # the row border: one odd record must not end the file
        yield make_reject(line, f"cannot be read ({type(exc).__name__}: {exc})", raw)


def _expand_element(expand: Expand, value: object, line: int) -> Iterator[Record]:
    for record in _expand_safely(expand, value, line, ""):
        yield _with_raw(record, value)


def _read_lines(
    path: Path, options: ReadOptions, form: JsonFormat, expand: Expand
) -> Iterator[Record]:
    watch = FieldWatch(form.known, options.on_new_field)
    for item in load_json_lines(path, options.on_bytes):
        if isinstance(item, Reject):
            yield item
            continue
        number, line, value = item
        page = _page_of(value, form)
        if page is None:
            watch.look(value)
            yield from _expand_safely(expand, value, number, line)
            continue
        for element in page:
            yield from _expand_element(expand, element, number)


def _read_array(
    path: Path, options: ReadOptions, form: JsonFormat, expand: Expand, *, is_whole: bool
) -> Iterator[Record]:
    with ByteStream(path, options.on_bytes) as stream:
        reader = ArrayReader(stream, opening=form.opening, resync=form.resync, is_whole=is_whole)
        reader.open()
        for element in reader:
            if element.fault is not None:
                yield make_reject(element.position, element.fault, element.raw)
            else:
                yield from _expand_safely(expand, element.value, element.position, element.raw)


def _read_document(
    path: Path, options: ReadOptions, form: JsonFormat, expand: Expand
) -> Iterator[Record]:
    """A file that is one object: a record, or arrays of them behind other keys."""
    with ByteStream(path, options.on_bytes) as stream:
        data = stream.read(MAX_DOCUMENT_BYTES + 1)
        fault = stream.fault
    if len(data) > MAX_DOCUMENT_BYTES:
        raise SourceFormatError(
            f"{path}: not {form.name}: one JSON object of more than {MAX_DOCUMENT_BYTES:,} bytes;"
            f" expected {form.wanted}"
        )
    if fault is not None:
        yield make_reject(1, fault, data, "read")
        return
    try:
        value = load_json_line(data.removeprefix(BOM))
    except BadRecordError as exc:
        yield make_reject(1, str(exc), data)
        return
    page = _page_of(value, form)
    if page is None:
        yield from _expand_safely(expand, value, 1, data)
        return
    for position, element in enumerate(page, start=1):
        yield from _expand_element(expand, element, position)
