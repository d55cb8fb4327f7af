"""Blocks of a CAR file (version 1), one after the other: content id and bytes.

Format: a length, a header in DAG-CBOR, then for each block a length, its content id and
its data. Lengths are unsigned LEB128. See https://ipld.io/specs/transport/car/carv1/.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from connectors.streams import ByteStream

MAX_BLOCK_BYTES = 16 * 1024 * 1024
MAX_HEADER_BYTES = 64 * 1024
_MAX_VARINT_BYTES = 9
_SHA2_256 = 0x12


class CarError(Exception):
    """The bytes are no CAR file, or it cannot be read on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block: its place (from 1), content id and data, or the reason it is of no use."""

    position: int
    cid: bytes = b""
    data: bytes = b""
    fault: str | None = None


def read_header(stream: ByteStream) -> bytes:
    """The bytes of the header, DAG-CBOR.

    Raises:
        CarError: there is none.
    """
    size = _read_varint(stream)
    if size is None or not 0 < size <= MAX_HEADER_BYTES:
        raise CarError("it does not begin with a header's length")
    data = stream.read(size)
    if len(data) < size:
        raise CarError("it ends in its header")
    return data


def read_blocks(stream: ByteStream) -> Iterator[Block]:
    """All blocks behind the header; after one that cannot be passed nothing follows.

    A block's data is compared with the digest in its content id.
    """
    position = 0
    while True:
        position += 1
        try:
            size = _read_varint(stream)
        except CarError as exc:
            fault = stream.fault or f"{exc}; what follows could not be read"
            yield Block(position=position, fault=fault)
            return
        if size is None:
            if stream.fault is not None:
                yield Block(position=position, fault=stream.fault)
            return
        if size > MAX_BLOCK_BYTES:
            yield Block(position=position, fault=f"a block of {size:,} bytes; it was passed over")
            if not _skip(stream, size):
                fault = stream.fault or "the file ends in the middle of this block"
                yield Block(position=position + 1, fault=fault)
                return
            continue
        section = stream.read(size)
        if len(section) < size:
            fault = stream.fault or "the file ends in the middle of this block"
            yield Block(position=position, fault=fault)
            return
        yield _make_block(position, section)


def _make_block(position: int, section: bytes) -> Block:
    try:
        at, digest = _find_end_of_cid(section)
    except CarError as exc:
        return Block(position=position, fault=str(exc))
    cid, data = section[:at], section[at:]
    if digest is not None and hashlib.sha256(data).digest() != digest:
        return Block(position=position, cid=cid, fault="the block does not fit its content id")
    return Block(position=position, cid=cid, data=data)


def _find_end_of_cid(section: bytes) -> tuple[int, bytes | None]:
    """Where the content id at a section's start ends, and its SHA-256, if it has one."""
    if section[2:4] == b"\x12\x20" and section[:1] == b"\x01" and len(section) >= 36:
        return 36, section[4:36]  # what nearly all are
    if section[:2] == b"\x12\x20":  # version 0: a bare digest
        at = 0
    else:
        version, at = _parse_varint(section, 0)
        if version != 1:
            raise CarError(f"a content id of version {version}")
        _, at = _parse_varint(section, at)  # what kind of data it is
    kind, at = _parse_varint(section, at)
    size, at = _parse_varint(section, at)
    if at + size > len(section):
        raise CarError("a content id that is longer than its block")
    digest = section[at : at + size] if kind == _SHA2_256 and size == 32 else None
    return at + size, digest


def _parse_varint(data: bytes, at: int) -> tuple[int, int]:
    number = 0
    for index, byte in enumerate(data[at : at + _MAX_VARINT_BYTES]):
        number |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return number, at + index + 1
    raise CarError("a content id that does not end")


def _read_varint(stream: ByteStream) -> int | None:
    """The next number; None at the end of the file."""
    number = 0
    for index in range(_MAX_VARINT_BYTES):
        byte = stream.read(1)
        if not byte:
            if index == 0:
                return None
            raise CarError("the file ends in a block's length")
        number |= (byte[0] & 0x7F) << (7 * index)
        if byte[0] < 0x80:
            return number
    raise CarError("a block's length is no number")


def _skip(stream: ByteStream, size: int) -> bool:
    """Whether as many bytes could be passed over."""
    while size > 0:
        piece = stream.read(min(size, MAX_BLOCK_BYTES))
        if not piece:
            return False
        size -= len(piece)
    return True
