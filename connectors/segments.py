"""Files of lines in large pieces: whole lines, numbered, for readers that take many at once."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from analytics.contract.records import Reject
from connectors.lines import BOM, MAX_LINE_BYTES, FieldWatch, load_json_line, refuse_utf16
from connectors.streams import ByteStream, OnBytes
from connectors.values import BadRecordError, make_reject

SEGMENT_BYTES = 64 * 1024 * 1024
# Longer lines come alone: what reads many lines at once has room for so much a line.
LONG_LINE_BYTES = 1024 * 1024
_LINE_END = b"\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Whole lines with their ends (the file's last one may have none).

    `first_line` is the number of the first of them in the file, from 1. One that is longer
    than LONG_LINE_BYTES is the only one of its segment.
    """

    first_line: int
    data: bytes
    n_lines: int

    @property
    def is_long_line(self) -> bool:
        """Whether it is one line that is too long for readers of many."""
        return len(self.data) > LONG_LINE_BYTES and self.n_lines == 1


def read_segments(
    path: Path, on_bytes: OnBytes | None = None, *, n_bytes: int = SEGMENT_BYTES
) -> Iterator[Segment | Reject]:
    """The lines of a file, decompressed, in pieces of about `n_bytes`.

    What cannot be read is a Reject, as in `open_lines`: a line of more than 64 MiB, the end of a
    damaged file.

    Raises:
        ConnectorError: the file cannot be opened.
        SourceFormatError: it is UTF-16 text.
    """
    with ByteStream(path, on_bytes) as stream:
        number = 1
        rest = stream.read(len(BOM))
        is_empty = not rest
        refuse_utf16(path, rest)
        rest = rest.removeprefix(BOM)
        while True:
            more = stream.read(n_bytes)
            data = rest + more
            if not data:
                break
            end = data.rfind(_LINE_END) + 1
            if more and not end:
                if len(data) < MAX_LINE_BYTES:
                    rest = data
                    continue
                yield _reject_long(number, data)
                rest = _skip_line(stream)
                number += 1
                continue
            if not more:  # the last line has no end
                if stream.fault is not None:
                    yield make_reject(number, stream.fault, data, "read")
                    return
                end = len(data)
            for piece in _cut(data[:end], number):
                yield piece
                number += 1 if isinstance(piece, Reject) else piece.n_lines
            rest = data[end:]
            if not more:
                break
        if stream.fault is not None:
            yield make_reject(number, stream.fault, "", "read")
        elif is_empty:
            yield make_reject(0, "the file is empty", "", "read")


def look_at_first_lines(segment: Segment, watch: FieldWatch, n: int = 200) -> None:
    """Look for fields that are new to a format, in the first lines of a piece.

    Looking at each line would cost more than reading it.
    """
    start = 0
    for _ in range(min(n, segment.n_lines)):
        end = segment.data.find(_LINE_END, start) + 1 or len(segment.data)
        with suppress(BadRecordError):  # its reject comes where it is read
            watch.look(load_json_line(segment.data[start:end]))
        start = end


def _skip_line(stream: ByteStream) -> bytes:
    """Read to the end of a line; what was read of the next."""
    while more := stream.read(LONG_LINE_BYTES):
        end = more.find(_LINE_END) + 1
        if end:
            return more[end:]
    return b""


def _reject_long(number: int, line: bytes) -> Reject:
    return make_reject(number, f"line longer than {MAX_LINE_BYTES:,} bytes", line, "read")


def _cut(data: bytes, number: int) -> Iterator[Segment | Reject]:
    """The lines, with long ones in segments of their own."""
    start = position = 0
    while position < len(data):
        end = data.rfind(_LINE_END, position, position + LONG_LINE_BYTES + 1) + 1
        if not end and len(data) - position <= LONG_LINE_BYTES:
            end = len(data)
        if end:
            position = end
            continue
        if start < position:
            segment = _make(data[start:position], number)
            yield segment
            number += segment.n_lines
        end = data.find(_LINE_END, position) + 1 or len(data)
        line = data[position:end]
        if len(line.removesuffix(_LINE_END)) >= MAX_LINE_BYTES:
            yield _reject_long(number, line)
        else:
            yield Segment(first_line=number, data=line, n_lines=1)
        number += 1
        start = position = end
    if start < len(data):
        yield _make(data[start:] if start else data, number)


def _make(data: bytes, number: int) -> Segment:
    n_lines = data.count(_LINE_END) + (data[-1:] != _LINE_END)
    return Segment(first_line=number, data=data, n_lines=n_lines)
