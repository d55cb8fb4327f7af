"""A bad line at the start must not hide what a file is, nor cost the lines after it."""

import json
from pathlib import Path

import pytest

from connectors.lines import read_behind_long_lines
from connectors.registry import choose_connector
from tests.connectors.helpers import FIXTURES, ignored_of, posts_of, read_all, rejects_of

ROWS = b'{"id": 1, "text": "b"}\n{"id": 2, "text": "c"}'
FILES = {
    "table": ROWS,
    "reddit": (FIXTURES / "reddit" / "RC_2024-05.ndjson").read_bytes(),
    "bluesky": (FIXTURES / "bluesky" / "jetstream.jsonl").read_bytes(),
}


def make_deep(kind: str, n_levels: int) -> bytes:
    if kind == "arrays":
        return b"[" * n_levels + b"]" * n_levels
    return b'{"a":' * n_levels + b"0" + b"}" * n_levels


@pytest.mark.parametrize("n_levels", [5_000, 100_000, 1_000_000])
@pytest.mark.parametrize("kind", ["arrays", "objects"])
@pytest.mark.parametrize("name", FILES)
def test_deep_first_line_is_one_reject_and_the_others_are_read(
    tmp_path: Path, name: str, kind: str, n_levels: int
) -> None:
    good, bad = tmp_path / "good.ndjson", tmp_path / "bad.ndjson"
    good.write_bytes(FILES[name])
    bad.write_bytes(make_deep(kind, n_levels) + b"\n" + FILES[name])
    connector, detection = choose_connector(bad)
    assert (connector.name, detection) == (name, connector.detect(good))
    wanted, found = read_all(connector, good, platform="p"), read_all(connector, bad, platform="p")
    assert [post.post_id for post in posts_of(found)] == [p.post_id for p in posts_of(wanted)]
    assert len(ignored_of(found)) == len(ignored_of(wanted))
    (line, reason), *others = rejects_of(found)
    assert (line, reason) == (1, "not usable JSON (nested too deeply)")
    assert others == [(line + 1, reason) for line, reason in rejects_of(wanted)]


def test_one_long_document_is_not_taken_for_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [json.dumps({"id": number, "text": "x" * 70_000}) for number in range(3)]
    for text in (f"[{rows[0]},\n{rows[1]},\n{rows[2]}]", f"[{','.join(rows)}]", "[" + rows[0]):
        path.write_text(text)
        assert read_behind_long_lines(path) == b""
    path.write_text("\n".join(rows))  # lines, but all are too long to look at
    assert read_behind_long_lines(path) == b""


def test_what_stands_behind_long_lines_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    long, short = b"[" + b"1," * 50_000 + b"1]\n", b'{"text": "short"}\n'
    path.write_bytes(long + short + long + short * 10_000)
    found = read_behind_long_lines(path)
    assert found.startswith(short * 2)
    assert 64 * 1024 <= len(found) < 64 * 1024 + len(short)
    path.write_bytes(short + long)
    assert read_behind_long_lines(path) == b""
