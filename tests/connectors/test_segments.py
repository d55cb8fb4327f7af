"""Pieces of whole lines: the same lines, numbers and rejects as line by line."""

import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from analytics.contract.errors import SourceFormatError
from analytics.contract.records import Reject
from connectors import lines, segments
from connectors.lines import open_lines
from connectors.segments import Segment, read_segments

_SLOW_IS_FINE = settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def _short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "LONG_LINE_BYTES", 20)
    for module in (segments, lines):
        monkeypatch.setattr(module, "MAX_LINE_BYTES", 50)


def take_lines(path: Path, n_bytes: int) -> list[tuple[int, bytes] | Reject]:
    found: list[tuple[int, bytes] | Reject] = []
    for piece in read_segments(path, n_bytes=n_bytes):
        if isinstance(piece, Reject):
            found.append(piece)
            continue
        kept = piece.data.splitlines(keepends=True) if b"\r" not in piece.data else []
        assert len(kept) == piece.n_lines
        found += [(piece.first_line + i, line) for i, line in enumerate(kept)]
    return found


@pytest.mark.usefixtures("_short_limits")
@_SLOW_IS_FINE
@given(
    content=st.lists(st.integers(0, 70).flatmap(lambda n: st.just(b"x" * n)), max_size=12),
    has_end=st.booleans(),
    n_bytes=st.integers(1, 200),
    bom=st.booleans(),
)
def test_pieces_hold_what_line_by_line_gives(
    tmp_path: Path, content: list[bytes], has_end: bool, n_bytes: int, bom: bool
) -> None:
    assume(not bom or len(content[:1] and content[0]) < 40)  # a mark counts as part of a line
    path = tmp_path / "a"
    data = b"\n".join(content) + (b"\n" if has_end and content else b"")
    path.write_bytes((lines.BOM if bom else b"") + data)
    wanted = [
        (one.line, one.reason) if isinstance(one, Reject) else one for one in open_lines(path)
    ]
    found = [
        (one.line, one.reason) if isinstance(one, Reject) else one
        for one in take_lines(path, n_bytes)
    ]
    assert found == wanted


@pytest.mark.usefixtures("_short_limits")
def test_a_long_line_comes_alone(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"aa\nbb\n" + b"c" * 30 + b"\ndd\n")
    found = [piece for piece in read_segments(tmp_path / "a") if isinstance(piece, Segment)]
    assert [(p.first_line, p.n_lines, p.is_long_line) for p in found] == [
        *((1, 2, False), (3, 1, True), (4, 1, False)),
    ]


def test_a_damaged_file_gives_what_is_whole_and_says_where_it_ends(tmp_path: Path) -> None:
    whole = b"".join(b"line %d\n" % n for n in range(2000))
    packed = gzip.compress(whole, 0)
    (tmp_path / "a.gz").write_bytes(packed[: len(packed) // 2])
    found = take_lines(tmp_path / "a.gz", 1000)
    assert isinstance(found[-1], Reject)
    assert "cut off" in found[-1].reason
    by_line = list(open_lines(tmp_path / "a.gz"))
    assert [one for one in found if not isinstance(one, Reject)] == by_line[:-1]
    assert isinstance(by_line[-1], Reject)
    assert found[-1].line == by_line[-1].line


def test_utf16_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("x".encode("utf-16"))
    with pytest.raises(SourceFormatError, match="UTF-16"):
        list(read_segments(tmp_path / "a"))
