"""Reads a JSON array element by element, in bounded memory, past broken elements."""

import codecs
import json
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

from connectors.streams import ByteStream
from connectors.values import MAX_RAW_CHARACTERS

MAX_ELEMENT_CHARACTERS = 64 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024
# What an object says behind its array is small: a cursor, counts.
_MAX_TAIL_CHARACTERS = 8 * 1024 * 1024
# A number, literal or escape that the end of the buffer cuts fails this near to it.
_CUT_MARGIN = 16
_SPACE = re.compile(r"[\s\ufeff]*")
_BAD_BYTE = re.compile("[\udc80-\udcff]")
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]', re.DOTALL)
_NEXT = re.compile(r"[,\]]")
_AFTER = re.compile(r"[\s;]*")

_decode = json.JSONDecoder().raw_decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element: its place (from 1), its value, or the reason there is none.

    `line` is the file's line on which it starts; `raw` is the start of its text.
    """

    position: int
    line: int
    value: Any = None
    fault: str | None = None
    raw: str = ""


class ArrayReader:
    """Iterates over the elements of the array that `opening` leads to.

    `opening` matches all from the start of the file through the array's `[`.
    `resync` matches the start of an element and nothing inside one; with it
    reading goes on after an element whose end cannot be found.
    """

    def __init__(
        self,
        stream: ByteStream,
        *,
        opening: re.Pattern[str],
        resync: re.Pattern[str] | None = None,
        is_whole: bool = True,
        chunk_bytes: int = _CHUNK_BYTES,
    ) -> None:
        self._stream = stream
        self._decode_bytes = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
        self._opening = opening
        self._resync = resync
        self._is_whole = is_whole
        self._chunk_bytes = chunk_bytes
        self._buffer = ""
        self._at = 0
        self._line = 1  # the file's line at `_counted` in the buffer
        self._counted = 0
        self._is_end = False
        self._has_bad_bytes = False

    def open(self) -> bool:
        """Go to the first element; False if the array was not found."""
        self._load_more()
        match = self._opening.match(self._buffer)
        if match is None:
            return False
        self._at = match.end()
        return True

    def __iter__(self) -> Iterator[Element]:
        position = yield from self._read_elements()
        if position is not None:
            yield from self._read_after(position)

    def _read_elements(self) -> Generator[Element, None, int | None]:
        """The elements up to the array's `]`; the next position, None if the file ended first."""
        position = 0
        while True:
            char = self._skip_space()
            if char == ",":
                self._at += 1
                continue
            if char == "]":
                self._at += 1
                return position + 1
            position += 1
            if char == "":
                fault = self._stream.fault or "the file ends before its array is closed"
                yield Element(position=position, line=self._line_at(self._at), fault=fault)
                return None
            element = self._read_element(position)
            yield element
            if self._is_end and self._at >= len(self._buffer) and element.fault is not None:
                return None  # the fault has told that the rest is missing

    def _load_more(self) -> None:
        """Drop what was read and read at least as much as is left, so retries stay linear."""
        size = max(self._chunk_bytes, len(self._buffer) - self._at)
        data = self._stream.read(size)
        if self._counted < self._at:
            self._line_at(self._at)
        self._counted -= self._at
        fresh = self._decode_bytes(data, not data)
        self._has_bad_bytes = self._has_bad_bytes or bool(_BAD_BYTE.search(fresh))
        self._buffer = self._buffer[self._at :] + fresh
        self._at = 0
        self._is_end = not data

    def _line_at(self, at: int) -> int:
        if at < self._counted:
            return self._line - self._buffer.count("\n", at, self._counted)
        self._line += self._buffer.count("\n", self._counted, at)
        self._counted = at
        return self._line

    def _skip_space(self) -> str:
        while True:
            match = _SPACE.match(self._buffer, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if self._is_end:
                return ""
            self._load_more()

    def _read_element(self, position: int) -> Element:
        while True:
            start = self._at
            error_at = start
            try:
                value, end = _decode(self._buffer, start)
            except json.JSONDecodeError as exc:
                is_cut = (
                    exc.msg.startswith("Unterminated string")
                    or exc.pos >= len(self._buffer) - _CUT_MARGIN
                )
                size = len(self._buffer) - start
                if is_cut and not self._is_end and size < MAX_ELEMENT_CHARACTERS:
                    self._load_more()
                    continue
                fault = f"not valid JSON ({exc.msg}, line {self._line_at(exc.pos)} of the file)"
                error_at = exc.pos
            except RecursionError:
                is_cut, fault = False, "not usable JSON (nested too deeply)"
            except ValueError as exc:  # an integer of thousands of digits
                is_cut, fault = False, f"not usable JSON ({exc})"
            else:
                is_scalar = not isinstance(value, dict | list | str)
                if is_scalar and end > len(self._buffer) - _CUT_MARGIN and not self._is_end:
                    self._load_more()  # a number may go on
                    continue
                return self._finish(position, value, start, end)
            return self._recover(position, fault, error_at - start, is_cut=is_cut)

    def _finish(self, position: int, value: Any, start: int, end: int) -> Element:
        line = self._line_at(start)
        raw = self._buffer[start : min(end, start + MAX_RAW_CHARACTERS)]
        fault = None
        if self._has_bad_bytes and _BAD_BYTE.search(self._buffer, start, end):
            data = self._buffer[start:end].encode("utf-8", "surrogateescape")
            fault = f"invalid UTF-8 at byte {_find_bad_byte(data)} of the record"
            value = None
        self._at = end
        return Element(position=position, line=line, value=value, fault=fault, raw=raw)

    def _recover(self, position: int, fault: str, error_at: int, *, is_cut: bool) -> Element:
        """Reject the element and go to the next one, if its place can be found."""
        line = self._line_at(self._at)
        start_char = self._buffer[self._at]
        end = self._find_next(start_char)
        raw = self._buffer[self._at : (end or len(self._buffer))]
        if end is None:
            if is_cut and self._is_end:
                fault = self._stream.fault or "the file ends in the middle of this record"
            else:
                fault = f"{fault}; what follows it could not be read"
            while not self._is_end:
                self._at = len(self._buffer)
                self._load_more()
            end = len(self._buffer)
        self._at = end
        return Element(position=position, line=line, fault=fault, raw=raw[:MAX_RAW_CHARACTERS])

    def _find_next(self, start_char: str) -> int | None:
        while True:
            size = len(self._buffer) - self._at
            is_last_try = self._is_end or size >= MAX_ELEMENT_CHARACTERS
            if self._resync is not None:
                match = self._resync.search(self._buffer, self._at + 1)
                if match is not None:
                    return match.start()
            if self._resync is None or is_last_try:
                end = self._find_end(start_char)
                if end is not None or is_last_try:
                    return end
            self._load_more()

    def _find_end(self, start_char: str) -> int | None:
        """Where the element ends by its brackets, as far as the buffer goes."""
        if start_char not in "{[":
            match = _NEXT.search(self._buffer, self._at + 1)
            return match.start() if match else None
        depth = 0
        for match in _TOKEN.finditer(self._buffer, self._at):
            token = match[0]
            if token in "{[":
                depth += 1
            elif token in "}]":
                depth -= 1
                if depth == 0:
                    return match.end()
        return None

    def _read_after(self, position: int) -> Iterator[Element]:
        """What stands behind the array: nothing, or the rest of the object that holds it."""
        tail, line = "", self._line_at(self._at)
        while True:
            if len(tail) < _MAX_TAIL_CHARACTERS:
                tail += self._buffer[self._at :]
            self._at = len(self._buffer)
            if self._is_end:
                break
            self._load_more()
        fault = self._find_tail_fault(tail)
        if fault is not None:
            raw = tail.lstrip()[:MAX_RAW_CHARACTERS]
            yield Element(position=position, line=line, fault=fault, raw=raw)

    def _find_tail_fault(self, tail: str) -> str | None:
        if self._is_whole:
            is_empty = _AFTER.fullmatch(tail) is not None
            return None if is_empty else "text after the end of the array; it was not read"
        if len(tail) >= _MAX_TAIL_CHARACTERS:
            return "more text after the end of the array than can be looked at; it was not read"
        try:
            end = _decode('{"":0' + tail)[1] - len('{"":0')
        except (ValueError, RecursionError):
            return self._stream.fault or "the file ends before the object around its array does"
        is_empty = _AFTER.fullmatch(tail, end) is not None
        return None if is_empty else "text after the end of the object; it was not read"


def _find_bad_byte(data: bytes) -> int:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as exc:
        return exc.start + 1
    return 0
