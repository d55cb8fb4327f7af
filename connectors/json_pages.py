"""Replies of an API as JSON: one page, a list of pages or items, or any of these one a line."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from analytics.contract.errors import SourceFormatError
from analytics.contract.records import Reject
from connectors.json_document import DocumentReader, KeyPath, Part
from connectors.lines import (
    BLANK,
    BOM,
    dump_json,
    load_head_objects,
    load_json_lines,
    read_behind_long_lines,
    refuse_utf16,
)
from connectors.protocol import ReadOptions, Record
from connectors.streams import ByteStream, read_head
from connectors.values import make_reject

_LINE_START = re.compile(rb"^\s*(?:[{\[]|null\b)", re.MULTILINE)
_MAX_FIRST_LINE_BYTES = 16 * 1024 * 1024
_CLOSING = {b"{": b"}", b"[": b"]"}

# The records of one JSON value: a page, an item, or whatever else stands there.
HandleValue = Callable[[Any, int, bytes | str], Iterator[Record]]


def read_json_pages(
    path: Path,
    options: ReadOptions,
    handle: HandleValue,
    *,
    array_keys: tuple[str, ...],
    wanted: str,
    resync: re.Pattern[str] | None = None,
) -> Iterator[Record]:
    """The records of each value of a file, whatever its layout.

    A page is an object with an array under one of `array_keys`. Where the file is one
    page, `handle` is given the array's elements, so that a page of any size can be read;
    where it holds several, it is given each page whole (64 MiB at most). The line is a
    line's number, or the position in the outermost array. `resync` matches the start of
    an item, as for `ArrayReader`; `wanted` says what was expected of a file without JSON.

    Raises:
        SourceFormatError: none of its first lines begins as JSON does.
    """
    head = read_behind_long_lines(path) or read_head(path)
    refuse_utf16(path, head)
    if head.strip(BLANK) and not _LINE_START.search(head.removeprefix(BOM)):
        raise SourceFormatError(f"{path}: none of its first lines begins as JSON does; {wanted}")
    if not read_head(path, 1) or has_json_lines(path):
        yield from _read_lines(path, options, handle)
    else:
        yield from _read_document(path, options, handle, array_keys, resync)


def has_json_lines(path: Path) -> bool:
    """Whether a file has one JSON value a line, rather than one document."""
    with ByteStream(path) as stream:
        first = stream.readline(_MAX_FIRST_LINE_BYTES)
        while first and not first.strip(BLANK):
            first = stream.readline(_MAX_FIRST_LINE_BYTES)
        second = stream.readline(64)
        while second and not second.strip(BLANK):
            second = stream.readline(64)
    first, second = first.strip(BLANK), second.strip(BLANK)
    closing = _CLOSING.get(first[:1])
    if closing is not None and first[-1:] == closing and second[:1] in _CLOSING:
        return True
    # A broken first line must not hide the others.
    rest = read_head(path).lstrip(BLANK).partition(b"\n")[2]
    lines = [line for line in rest.splitlines(keepends=True)[:50] if line.strip()]
    return 2 * len(load_head_objects(b"".join(lines))) > len(lines)


def _read_lines(path: Path, options: ReadOptions, handle: HandleValue) -> Iterator[Record]:
    for item in load_json_lines(path, options.on_bytes):
        if isinstance(item, Reject):
            yield item
        else:
            number, line, value = item
            yield from handle(value, number, line)


def _read_document(
    path: Path,
    options: ReadOptions,
    handle: HandleValue,
    array_keys: tuple[str, ...],
    resync: re.Pattern[str] | None,
) -> Iterator[Record]:
    def choose(place: KeyPath) -> Part:
        if place == ():
            return "elements" if is_array else "enter"
        if place[0] in array_keys:
            pages.add(place[0])
            return "elements"
        return "value"

    head = read_head(path).lstrip(BLANK)
    is_array = head[:1] == b"["
    if is_array and resync and not resync.match(head[1:].lstrip().decode("utf-8", "replace")):
        resync = None  # a list of pages, inside which items stand
    pages: set[str | int] = set()  # the keys under which an array was found
    single: dict[str | int, Any] = {}
    last = 0
    is_broken = False
    with ByteStream(path, options.on_bytes) as stream:
        for place, element in DocumentReader(stream, resync=resync).walk(choose):
            if element.fault is not None:
                is_broken = True
                last += 1
                yield make_reject(last, element.fault, element.raw)
            elif element.position:
                last += 1
                yield from handle(element.value, last, element.raw)
            elif place:
                pages.discard(place[0])  # no array
                single[place[0]] = element.value
            else:
                last += 1
                yield make_reject(last, "not a JSON object or list", element.raw)
    if single and not pages and not is_broken and not last:
        yield from handle(single, 1, dump_json(single))
