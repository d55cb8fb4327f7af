"""Bytes of a file, decompressed on the way, with progress in compressed bytes."""

import bz2
import io
import lzma
import stat
import zlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol

import zstandard

from analytics.contract.errors import ConnectorError

HEAD_BYTES = 64 * 1024
_BUFFER_BYTES = 1024 * 1024
# Small pieces bound what a hostile file can blow up to: a zstd block of 4 bytes
# can stand for 128 KiB, so 4 KiB make at most 128 MiB.
_PIECE_BYTES = 4096
# Reddit's monthly dumps are packed with `--long=31`; the default limit refuses them.
_MAX_WINDOW_BYTES = 2**31

OnBytes = Callable[[int], None]


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def _open_zstd() -> Any:
    return zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW_BYTES).decompressobj()


def _open_gzip() -> Any:
    return zlib.decompressobj(31)


# First bytes of each compression; the file's ending does not matter.
_DECODERS: tuple[tuple[bytes, str, Callable[[], Any]], ...] = (
    (b"\x1f\x8b", "gzip", _open_gzip),
    (b"\x28\xb5\x2f\xfd", "zstd", _open_zstd),
    (b"BZh", "bzip2", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", "xz", lzma.LZMADecompressor),
)
# A zstd file may start with a skippable frame (pzstd writes one).
_SKIPPABLE = (b"\x2a\x4d\x18", "zstd", _open_zstd)


class _CountedFile(io.RawIOBase):
    """A file that tells how many bytes were read from it."""

    def __init__(self, path: Path, on_bytes: OnBytes | None) -> None:
        self._file = io.FileIO(path)
        self._on_bytes = on_bytes
        self.fault: str | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            count = self._file.readinto(buffer) or 0
        except OSError as exc:
            self.fault = f"the file cannot be read on ({exc.strerror or exc})"
            return 0
        if count and self._on_bytes is not None:
            self._on_bytes(count)
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


class _Decompressed(io.RawIOBase):
    """The content of a compressed file; damage ends it and is kept as `fault`."""

    def __init__(self, source: BinaryIO, kind: str, factory: Callable[[], Any]) -> None:
        self._source = source
        self._kind = kind
        self._factory = factory
        self._decoder: _Decoder | None = None
        self._rest = b""
        self._ready = memoryview(b"")
        self._is_done = False
        self.fault: str | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            if self._is_done:
                return 0
            self._fill()
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _fill(self) -> None:
        piece = self._rest or self._source.read(_PIECE_BYTES)
        self._rest = b""
        if not piece:
            self._is_done = True
            if self._decoder is not None:
                self.fault = f"the {self._kind} data ends too early: the file is cut off"
            return
        if self._decoder is None:
            piece = piece.lstrip(b"\0")  # padding between or after frames
            if not piece:
                return
            self._decoder = self._factory()
        try:
            self._ready = memoryview(self._decoder.decompress(piece))
        except (zlib.error, lzma.LZMAError, zstandard.ZstdError, OSError, EOFError) as exc:
            self._is_done = True
            self.fault = f"the {self._kind} data is damaged ({exc})"
            return
        if self._decoder.eof:
            self._rest = self._decoder.unused_data
            self._decoder = None


class ByteStream:
    """A readable file, decompressed when it is compressed.

    Damage in the middle ends the stream and is told by `fault`, so that what
    was read before it is kept.

    Raises:
        ConnectorError: the file is missing, not a regular file or not readable.
    """

    def __init__(self, path: Path, on_bytes: OnBytes | None = None) -> None:
        self.path = path
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise ConnectorError(f"{path.absolute()}: not a regular file; name a file")
            self._counted = _CountedFile(path, on_bytes)
        except (OSError, ValueError) as exc:
            reason = getattr(exc, "strerror", None) or exc
            raise ConnectorError(
                f"{path.absolute()}: cannot be read ({reason}); check the path and its rights"
            ) from exc
        source = io.BufferedReader(self._counted, _BUFFER_BYTES)
        self._source = source
        self._inner: _Decompressed | None = None
        found = _find_decoder(source.peek(8)[:8])
        if found is None:
            self._reader: BinaryIO = source
        else:
            self._inner = _Decompressed(source, *found)
            self._reader = io.BufferedReader(self._inner, _BUFFER_BYTES)
        self.read = self._reader.read
        self.readline = self._reader.readline

    @property
    def fault(self) -> str | None:
        """What ended the stream before its time; None after a clean end."""
        return (self._inner.fault if self._inner else None) or self._counted.fault

    def __enter__(self) -> "ByteStream":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._reader.close()
        self._source.close()


def _find_decoder(head: bytes) -> tuple[str, Callable[[], Any]] | None:
    for magic, kind, factory in _DECODERS:
        if head.startswith(magic):
            return kind, factory
    if head[1:4] == _SKIPPABLE[0] and head[0] & 0xF0 == 0x50:
        return _SKIPPABLE[1], _SKIPPABLE[2]
    return None


def read_head(path: Path, n_bytes: int = HEAD_BYTES) -> bytes:
    """The first decompressed bytes of a file; b"" if it cannot be read."""
    try:
        with ByteStream(path) as stream:
            return stream.read(n_bytes)
    except ConnectorError:
        return b""
