"""Files with one record a line: lines as bytes, lines as JSON objects."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from analytics.contract.errors import SourceFormatError
from analytics.contract.records import Deletion, Ignored, Post, Reject
from connectors.protocol import ReadOptions, Record
from connectors.streams import HEAD_BYTES, ByteStream, OnBytes, read_head
from connectors.values import BadRecordError, clean_string, make_reject

MAX_LINE_BYTES = 64 * 1024 * 1024
# So many names that a format was not known to have are told of, each up to so long.
MAX_NEW_FIELDS = 20
MAX_NAME_CHARACTERS = 80
BOM = b"\xef\xbb\xbf"
BLANK = BOM + b" \t\r\n"
_MAX_LOOK_BYTES = 16 * 1024 * 1024
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")

JsonObject = dict[str, Any]
ParseObject = Callable[[JsonObject, int], Post | Ignored | Deletion]

_decode_json = json.JSONDecoder().raw_decode


def refuse_utf16(path: Path, head: bytes) -> None:
    """Say what to do with UTF-16 text, known by the mark at its start.

    Raises:
        SourceFormatError: it is UTF-16 text.
    """
    if head.startswith(_UTF16_BOMS):
        raise SourceFormatError(f"{path}: UTF-16 text; convert it, e.g. iconv -f UTF-16 -t UTF-8")


def open_lines(path: Path, on_bytes: OnBytes | None = None) -> Iterator[tuple[int, bytes] | Reject]:
    """Number and bytes of each line, with its line end; what cannot be read is a Reject.

    Raises:
        ConnectorError: the file cannot be opened.
        SourceFormatError: it is UTF-16 text.
    """
    with ByteStream(path, on_bytes) as stream:
        number = 0
        while line := stream.readline(MAX_LINE_BYTES):
            number += 1
            is_long = len(line) >= MAX_LINE_BYTES
            if number == 1:
                refuse_utf16(path, line)
                line = line.removeprefix(BOM)
                if not line:
                    continue
            if line[-1] != 0x0A:
                if is_long:
                    yield make_reject(
                        number, f"line longer than {MAX_LINE_BYTES:,} bytes", line, "read"
                    )
                    while (more := stream.readline(MAX_LINE_BYTES)) and more[-1] != 0x0A:
                        pass
                    continue
                if stream.fault is not None:
                    yield make_reject(number, stream.fault, line, "read")
                    return
            yield number, line
        if stream.fault is not None:
            yield make_reject(number + 1, stream.fault, "", "read")
        elif number == 0:
            yield make_reject(0, "the file is empty", "", "read")


def load_json_line(line: bytes) -> Any:
    """The JSON value of a line; None for a blank one.

    Raises:
        BadRecordError: it is not UTF-8 or not JSON.
    """
    try:
        text = line.decode("utf-8").strip()
    except UnicodeDecodeError as exc:
        raise BadRecordError(f"invalid UTF-8 at byte {exc.start + 1} of the line") from None
    if not text:
        return None
    try:
        value, end = _decode_json(text)
    except json.JSONDecodeError as exc:
        if line[-1] != 0x0A:
            raise BadRecordError("the file ends in the middle of this record") from None
        raise BadRecordError(f"not valid JSON ({exc.msg} at character {exc.pos + 1})") from None
    except RecursionError:
        raise BadRecordError("not usable JSON (nested too deeply)") from None
    except ValueError as exc:  # an integer of thousands of digits
        raise BadRecordError(f"not usable JSON ({exc})") from None
    if end != len(text):
        raise BadRecordError(f"not valid JSON (extra text at character {end + 1})")
    return value


def parse_safely(parse: ParseObject, value: object, line: int, raw: bytes | str) -> Record:
    """The post, deletion or ignored record of a JSON value, else its Reject; never raises."""
    if not isinstance(value, dict):
        return make_reject(line, "not a JSON object", raw)
    try:
        return parse(value, line)
    except BadRecordError as exc:
        return make_reject(line, str(exc), raw)
    except Exception as exc:  # the row border: one odd record must not end the file
        return make_reject(line, f"cannot be read ({type(exc).__name__}: {exc})", raw)


class FieldWatch:
    """Tells, once a file, of top-level fields that a format was not known to have.

    Nothing is told of a format whose fields are not known (None).
    """

    def __init__(
        self, known: frozenset[str] | None, on_new_field: Callable[[str], None] | None
    ) -> None:
        self._known: set[str] = set(known or ())
        self._tell = on_new_field if known else None
        self._n_left = MAX_NEW_FIELDS

    def look(self, value: object) -> None:
        """Look at a record's fields; those of anything but an object are none."""
        if self._tell is None or not isinstance(value, dict) or self._known.issuperset(value):
            return
        for name in sorted(set(value) - self._known)[: self._n_left]:
            self._known.add(name)
            self._tell(clean_string(name[:MAX_NAME_CHARACTERS]))
            self._n_left -= 1
        if not self._n_left:  # names that are data, or a hostile file
            self._tell = None


def read_json_lines(
    path: Path, options: ReadOptions, parse: ParseObject, *, known: frozenset[str] | None = None
) -> Iterator[Record]:
    """One record for each line that is not blank; `known` are the fields of the format."""
    watch = FieldWatch(known, options.on_new_field)
    for item in load_json_lines(path, options.on_bytes):
        if isinstance(item, Reject):
            yield item
            continue
        number, line, value = item
        watch.look(value)
        yield parse_safely(parse, value, number, line)


def load_json_lines(
    path: Path, on_bytes: OnBytes | None = None
) -> Iterator[tuple[int, bytes, Any] | Reject]:
    """Number, bytes and value of each line that is not blank; what has no value is a Reject.

    Raises:
        ConnectorError: the file cannot be opened.
        SourceFormatError: it is UTF-16 text.
    """
    for item in open_lines(path, on_bytes):
        found = item if isinstance(item, Reject) else _load_line(*item)
        if found is not None:
            yield found


def read_json_line(number: int, line: bytes, parse: ParseObject) -> Record | None:
    """The record of one line; None if it is blank."""
    found = _load_line(number, line)
    if found is None or isinstance(found, Reject):
        return found
    return parse_safely(parse, found[2], number, line)


def _load_line(number: int, line: bytes) -> tuple[int, bytes, Any] | Reject | None:
    try:
        value = load_json_line(line)
    except BadRecordError as exc:
        return make_reject(number, str(exc), line)
    return None if value is None and not line.strip() else (number, line, value)


def dump_json(value: object) -> str:
    """A value's text for a reject; "" if it has none."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except (RecursionError, ValueError):
        return ""


def starts_behind_bad_line(head: bytes) -> bool:
    """Whether a head begins with `[...]` on a line of its own, and objects follow on lines."""
    first, _, rest = head.lstrip(BLANK).partition(b"\n")
    is_closed = first[:1] == b"[" and first.rstrip()[-1:] == b"]"
    return is_closed and bool(load_head_objects(rest, limit=50))


def read_behind_long_lines(path: Path, n_bytes: int = HEAD_BYTES) -> bytes:
    """The first lines of a file of JSON lines that is headed by longer ones than `n_bytes`.

    Such lines (a hostile one, 100,000 levels deep) say nothing of the file, what
    stands behind them does. b"" for any other file.
    """
    head = read_head(path, n_bytes)
    if len(head) < n_bytes or b"\n" in head or head.lstrip(BLANK)[:1] not in (b"{", b"["):
        return b""
    lines: list[bytes] = []
    n_read = n_kept = 0
    with ByteStream(path) as stream:
        while n_read < _MAX_LOOK_BYTES and n_kept < n_bytes:
            first = tail = stream.readline(n_bytes)
            if not first:
                break
            n_read += len(first)
            while tail[-1] != 0x0A and n_read < _MAX_LOOK_BYTES:
                piece = stream.readline(n_bytes)
                if not piece:
                    break
                n_read += len(piece)
                tail = tail[-8:] + piece
            if tail is first:
                lines.append(first)
                n_kept += len(first)
            elif not lines and tail.rstrip()[-1:] not in (b"}", b"]"):
                return b""  # one document over several lines
    return b"".join(lines)


def load_head_objects(head: bytes, limit: int = 1000) -> list[JsonObject]:
    """The JSON objects among the complete lines of a file's head."""
    found: list[JsonObject] = []
    for line in head.removeprefix(BOM).splitlines(keepends=True)[:limit]:
        if line.lstrip()[:1] != b"{":
            continue
        try:
            value = load_json_line(line)
        except BadRecordError:
            continue
        if isinstance(value, dict):
            found.append(value)
    return found
