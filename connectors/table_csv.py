"""Rows of a CSV or TSV file with their line numbers, past broken rows."""

import csv
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from analytics.contract.records import Reject
from connectors.lines import (
    BOM,
    open_lines,
)
from connectors.streams import OnBytes
from connectors.values import make_reject

_MAX_ROW_LINES = 10_000
_MAX_ROW_CHARACTERS = 1_000_000
_DELIMITERS = ",;\t|"
# One limit for a row and a field: the csv module's own of 131,072 characters would reject
# a row for a long column that nobody uses.
csv.field_size_limit(_MAX_ROW_CHARACTERS)
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_BAD_BYTE = re.compile("[\udc80-\udcff]")


class _RowTooLongError(Exception):
    pass


class _Feeder:
    """Gives physical lines to the csv reader and remembers those of the open row."""

    def __init__(self, path: Path, on_bytes: OnBytes | None) -> None:
        self._lines = open_lines(path, on_bytes)
        self._again: deque[tuple[int, str]] = deque()
        self.row: list[tuple[int, str]] = []
        self._n_characters = 0
        self.rejects: list[Reject] = []

    def __iter__(self) -> "_Feeder":
        return self

    def __next__(self) -> str:
        number, text = self._again.popleft() if self._again else self._read()
        self.row.append((number, text))
        self._n_characters += len(text)
        is_long = len(self.row) > _MAX_ROW_LINES or self._n_characters > _MAX_ROW_CHARACTERS
        if is_long and len(self.row) > 1:
            raise _RowTooLongError
        return text

    def _read(self) -> tuple[int, str]:
        for item in self._lines:
            if isinstance(item, Reject):
                self.rejects.append(item)
                continue
            number, line = item
            # Bytes that are no UTF-8 become lone surrogates, found once the row is whole.
            return number, line.decode("utf-8", "surrogateescape")
        raise StopIteration

    def start_row(self) -> None:
        """Forget the lines of the row that is done."""
        self.row.clear()
        self._n_characters = 0

    def give_back(self) -> tuple[int, str]:
        """The open row's first line; the lines after it will be read again."""
        first, *rest = self.row
        self._again.extendleft(reversed(rest))
        self.start_row()
        return first


def sniff_delimiter(header: str, file_name: str = "") -> str:
    """Tab for .tsv; else the one of comma, semicolon, tab and bar that is most frequent."""
    if ".tsv" in file_name.lower():
        return "\t"
    plain = _QUOTED.sub("", header)
    return max(_DELIMITERS, key=plain.count)


def read_csv_header(head: bytes, file_name: str) -> list[str]:
    """The column names in a file's head; none if they cannot be read."""
    text = head.removeprefix(BOM).decode("utf-8", "replace")
    lines = text.splitlines(keepends=True)
    while lines and not lines[0].strip():
        lines.pop(0)
    if not lines:
        return []
    try:
        row = next(csv.reader(lines, delimiter=sniff_delimiter(lines[0], file_name), strict=True))
    except (csv.Error, StopIteration):
        return []
    return [column.strip() for column in row]


def read_csv_rows(
    path: Path, head: bytes, on_bytes: OnBytes | None
) -> Iterator[tuple[int, list[str], str] | Reject]:
    """Line, fields and raw text of each row, the header first.

    A row that is not well-formed is a Reject. When a quote is not closed, only
    the line with the quote is lost: the lines after it are read on their own.
    """
    feeder = _Feeder(path, on_bytes)
    columns = read_csv_header(head, path.name)
    delimiter = sniff_delimiter(
        next((line for line in head.decode("utf-8", "replace").splitlines() if line.strip()), ""),
        path.name,
    )
    while True:
        reader = csv.reader(feeder, delimiter=delimiter, strict=True)
        fault = None
        try:
            for row in reader:
                if feeder.rejects:
                    yield from _take(feeder.rejects)
                if not row:  # a blank line
                    feeder.start_row()
                    continue
                fault = _check_row(row, len(columns), feeder.row)
                if fault is not None:
                    break
                line, raw = feeder.row[0]
                if len(feeder.row) > 1:
                    raw = "".join(text for _, text in feeder.row)
                feeder.start_row()
                yield line, row, raw
        except _RowTooLongError:
            fault = "a quote is not closed"
        except csv.Error as exc:
            is_open = len(feeder.row) > 1 or "unexpected end of data" in str(exc)
            fault = "a quote is not closed" if is_open else f"not valid CSV ({exc})"
        yield from _take(feeder.rejects)
        if fault is None:
            return
        line, raw = feeder.give_back()
        yield make_reject(line, fault, raw)


def _take(rejects: list[Reject]) -> list[Reject]:
    taken = rejects.copy()
    rejects.clear()
    return taken


def _check_row(row: list[str], n_columns: int, lines: list[tuple[int, str]]) -> str | None:
    """What is wrong with a row; None if nothing is."""
    if len(row) != n_columns:
        if len(lines) > 1:
            # A stray quote swallowed lines: the first is at fault, the rest is read again.
            return f"a quote is not closed, or {len(row)} fields where {n_columns} are expected"
        noun = "field" if len(row) == 1 else "fields"
        return f"{len(row)} {noun} where the header has {n_columns}"
    for _, text in lines:
        if "\0" in text:
            return "a NUL byte in the row"
        if not text.isascii() and _BAD_BYTE.search(text):
            data = text.encode("utf-8", "surrogateescape")
            try:
                data.decode("utf-8")
            except UnicodeDecodeError as exc:
                return f"invalid UTF-8 at byte {exc.start + 1} of the line; convert the file"
    return None
