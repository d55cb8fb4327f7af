import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from analytics.contract.errors import ConnectorError, SourceFormatError
from analytics.contract.records import Reject
from connectors import lines
from connectors.lines import open_lines
from connectors.streams import ByteStream, read_head

TEXT = b"".join(b"line %d\n" % number for number in range(20_000))


def pack_zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def pack_zstd_frames(data: bytes) -> bytes:
    """A skippable frame and two frames, as parallel packers write them."""
    half = len(data) // 2
    skippable = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"skip"
    return skippable + pack_zstd(data[:half]) + pack_zstd(data[half:])


def pack_gzip_members(data: bytes) -> bytes:
    half = len(data) // 2
    return gzip.compress(data[:half]) + gzip.compress(data[half:]) + bytes(512)


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "zstd": pack_zstd,
    "zstd_frames": pack_zstd_frames,
    "gzip": gzip.compress,
    "gzip_members": pack_gzip_members,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_open_lines_reads_all_and_counts_the_files_bytes(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "file"
    path.write_bytes(pack(TEXT))
    counted: list[int] = []
    found = list(open_lines(path, counted.append))
    assert b"".join(item[1] for item in found if not isinstance(item, Reject)) == TEXT
    assert [item[0] for item in found if not isinstance(item, Reject)] == list(range(1, 20_001))
    assert sum(counted) == path.stat().st_size


@pytest.mark.parametrize("name", ["zstd", "gzip", "bzip2", "xz"])
def test_open_lines_cut_file_keeps_what_was_read(tmp_path: Path, name: str) -> None:
    data = TEXT * 8 if name == "bzip2" else TEXT
    packed = PACKERS[name](data)
    path = tmp_path / "cut"
    path.write_bytes(packed[: len(packed) - 12])
    found = list(open_lines(path))
    read = [item for item in found if not isinstance(item, Reject)]
    rejects = [item for item in found if isinstance(item, Reject)]
    assert data.startswith(b"".join(line for _, line in read))
    assert len(read) > 1000
    assert len(rejects) == 1
    assert rejects[0] is found[-1]
    assert rejects[0].stage == "read"
    assert rejects[0].line == len(read) + 1
    assert "ends too early" in rejects[0].reason


def test_open_lines_damaged_file_keeps_what_was_read(tmp_path: Path) -> None:
    packed = pack_zstd(TEXT) + b"garbage that is no frame"
    (tmp_path / "damaged.zst").write_bytes(packed)
    *read, last = list(open_lines(tmp_path / "damaged.zst"))
    assert len(read) == 20_000
    assert isinstance(last, Reject)
    assert last.line == 20_001
    assert "zstd data is damaged" in last.reason


def test_open_lines_too_long_line_is_one_reject(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 10)
    (tmp_path / "long").write_bytes(b"short\n" + b"x" * 95 + b"\nafter\n123456789\nend")
    found = list(open_lines(tmp_path / "long"))
    assert found[0] == (1, b"short\n")
    assert isinstance(found[1], Reject)
    assert (found[1].line, found[1].reason) == (2, "line longer than 10 bytes")
    assert found[2:] == [(3, b"after\n"), (4, b"123456789\n"), (5, b"end")]


def test_open_lines_takes_off_the_bom(tmp_path: Path) -> None:
    (tmp_path / "bom").write_bytes(b"\xef\xbb\xbfa\nb\n")
    assert list(open_lines(tmp_path / "bom")) == [(1, b"a\n"), (2, b"b\n")]


def test_open_lines_empty_file_is_one_reject(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    assert list(open_lines(tmp_path / "empty")) == [
        Reject(line=0, reason="the file is empty", stage="read")
    ]


def test_open_lines_utf16_is_refused_with_the_fix(tmp_path: Path) -> None:
    (tmp_path / "wide").write_bytes("a\n".encode("utf-16"))
    with pytest.raises(SourceFormatError, match="UTF-16 text; convert it"):
        list(open_lines(tmp_path / "wide"))


def test_open_lines_missing_file_names_the_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConnectorError, match=str(tmp_path / "none")):
        list(open_lines(Path("none")))


def test_byte_stream_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError, match="not a regular file"):
        ByteStream(tmp_path)


def test_read_head_never_raises(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(TEXT)
    assert read_head(tmp_path / "file", 6) == b"line 0"
    assert read_head(tmp_path) == b""
    assert read_head(tmp_path / "none") == b""
