"""Walks a JSON document of any size: what stands under a key is entered, read or skipped."""

import re
from collections.abc import Callable, Iterator
from typing import Literal

from connectors.json_stream import ArrayReader, Element
from connectors.streams import ByteStream
from connectors.values import MAX_RAW_CHARACTERS, show

_CHUNK_BYTES = 1024 * 1024
_NO_OPENING = re.compile("")
_MARK = re.compile(r'["{}\[\]]')
_STRING_MARK = re.compile(r'["\\]')
_SCALAR_END = re.compile(r"[\s,\]}]")

KeyPath = tuple[str | int, ...]
# What to do with the value at a path: an object or array that is entered has a path for
# each key or index (from 0); `elements` gives those of an array one by one; what is no
# array or object where one was expected is read as a value.
Part = Literal["skip", "value", "enter", "elements"]
Choose = Callable[[KeyPath], Part]


class _BrokenError(Exception):
    """The document's structure cannot be followed any further."""

    def __init__(self, path: KeyPath, fault: str) -> None:
        super().__init__(fault)
        self.path = path


class _EndedError(Exception):
    """The file has ended, and an element has told so."""


class DocumentReader(ArrayReader):
    """Reads the chosen parts of one JSON document in bounded memory.

    Values and elements may have 64 MiB; what is skipped or entered has no limit. How
    deep it goes is what `choose` enters. `resync` is as for `ArrayReader`.
    """

    def __init__(
        self,
        stream: ByteStream,
        *,
        resync: re.Pattern[str] | None = None,
        chunk_bytes: int = _CHUNK_BYTES,
    ) -> None:
        super().__init__(
            stream, opening=_NO_OPENING, resync=resync, is_whole=False, chunk_bytes=chunk_bytes
        )

    def walk(self, choose: Choose) -> Iterator[tuple[KeyPath, Element]]:
        """Path and element for each value and each element chosen, in the file's order.

        A value has position 0. Where the structure breaks, a last element of position 0
        has the fault.
        """
        self._load_more()
        try:
            yield from self._walk_value((), choose)
            if self._skip_space():
                raise _BrokenError((), "text after the end of the document; it was not read")
            if self._stream.fault is not None:
                raise _BrokenError((), self._stream.fault)
        except _BrokenError as exc:
            raw = self._buffer[self._at : self._at + MAX_RAW_CHARACTERS]
            yield (
                exc.path,
                Element(position=0, line=self._line_at(self._at), fault=str(exc), raw=raw),
            )
        except _EndedError:
            pass
        while not self._is_end:  # so that progress and the stream's damage are complete
            self._at = len(self._buffer)
            self._load_more()

    def _walk_value(self, path: KeyPath, choose: Choose) -> Iterator[tuple[KeyPath, Element]]:
        char = self._skip_space()
        if char == "":
            raise self._make_end(path)
        if char in ",:]}":
            raise self._make_broken(path, "a value")
        part = choose(path)
        if part == "skip":
            self._skip_value(path)
        elif part == "elements" and char == "[":
            self._at += 1
            elements = self._read_elements()
            while True:
                try:
                    element = next(elements)
                except StopIteration as end:
                    if end.value is None:
                        raise _EndedError from None
                    return
                yield path, element
        elif part == "enter" and char == "{":
            yield from self._walk_object(path, choose)
        elif part == "enter" and char == "[":
            yield from self._walk_array(path, choose)
        else:
            element = self._read_value()
            yield path, element
            if element.fault is not None and self._is_end and self._at >= len(self._buffer):
                raise _EndedError

    def _walk_object(self, path: KeyPath, choose: Choose) -> Iterator[tuple[KeyPath, Element]]:
        self._at += 1
        while (char := self._skip_space()) != "}":
            if char == ",":
                self._at += 1
                continue
            if char == "":
                raise self._make_end(path)
            key = self._read_value() if char == '"' else None
            if key is None or not isinstance(key.value, str) or self._skip_space() != ":":
                if self._is_end and self._at >= len(self._buffer):
                    raise self._make_end(path)
                raise self._make_broken(path, "a key")
            self._at += 1
            yield from self._walk_value((*path, key.value), choose)
        self._at += 1

    def _walk_array(self, path: KeyPath, choose: Choose) -> Iterator[tuple[KeyPath, Element]]:
        self._at += 1
        index = 0
        while (char := self._skip_space()) != "]":
            if char == ",":
                self._at += 1
                continue
            yield from self._walk_value((*path, index), choose)
            index += 1
        self._at += 1

    def _read_value(self) -> Element:
        """The value that comes next; a broken one ends by its brackets, not at an element."""
        resync, self._resync = self._resync, None
        try:
            return self._read_element(0)
        finally:
            self._resync = resync

    def _skip_value(self, path: KeyPath) -> None:
        char = self._skip_space()
        if char == '"':
            self._skip_string(path)
        elif char in "{[":
            depth = 0
            while True:
                mark = self._go_to(_MARK, path)
                if mark == '"':
                    self._skip_string(path)
                    continue
                self._at += 1
                depth += 1 if mark in "{[" else -1
                if depth == 0:
                    return
        else:
            while _SCALAR_END.search(self._buffer, self._at) is None and not self._is_end:
                self._at = len(self._buffer)
                self._load_more()
            match = _SCALAR_END.search(self._buffer, self._at)
            self._at = match.start() if match else len(self._buffer)

    def _skip_string(self, path: KeyPath) -> None:
        self._at += 1
        while self._go_to(_STRING_MARK, path) == "\\":
            if self._at + 1 >= len(self._buffer):
                self._load_more()
            self._at = min(self._at + 2, len(self._buffer))
        self._at += 1

    def _go_to(self, pattern: re.Pattern[str], path: KeyPath) -> str:
        """Go to the next match of one character, and give it; what is passed is dropped."""
        while True:
            match = pattern.search(self._buffer, self._at)
            if match is not None:
                self._at = match.start()
                return match[0]
            self._at = len(self._buffer)
            if self._is_end:
                raise self._make_end(path)
            self._load_more()

    def _make_end(self, path: KeyPath) -> _BrokenError:
        return _BrokenError(
            path, self._stream.fault or "the file ends in the middle of the document"
        )

    def _make_broken(self, path: KeyPath, wanted: str) -> _BrokenError:
        found = show(self._buffer[self._at : self._at + 20])
        fault = f"not valid JSON (expected {wanted}, found {found}, line "
        return _BrokenError(
            path, f"{fault}{self._line_at(self._at)} of the file); what follows could not be read"
        )
