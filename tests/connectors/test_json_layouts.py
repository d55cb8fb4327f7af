"""One set of values in every layout, good and damaged."""

import gzip
import json
import re
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analytics.contract.errors import SourceFormatError
from analytics.contract.records import Ignored, Reject
from connectors import json_layouts
from connectors.json_layouts import JsonFormat, load_first_values, read_json_records
from connectors.protocol import ReadOptions, Record
from connectors.values import BadRecordError
from tests.connectors.helpers import NOW

FORM = JsonFormat(
    name="a file of notes",
    wanted="notes",
    array_keys=("notes",),
    page_keys=("before", "after"),
    resync=re.compile(r',\s*\{\s*"k"\s*:'),
)
PLAIN = JsonFormat(name="a file of notes", wanted="notes")
VALUES: list[Any] = [{"k": n, "text": "ü" * n} for n in range(1, 6)]
LONG = [{**value, "pad": "x" * 30_000} for value in VALUES]


def expand(value: object, line: int, raw: bytes | str) -> Iterator[Record]:
    if not isinstance(value, dict):
        raise BadRecordError("no note")
    if value.get("k") == "bug":
        raise KeyError("odd")
    yield Ignored(line=line, reason=str(value["k"]))


def read(path: Path, data: str | bytes, form: JsonFormat = FORM) -> list[tuple[int, str]]:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    records = list(read_json_records(path, ReadOptions(now=NOW), form, expand))
    assert all(isinstance(record, Ignored | Reject) for record in records)
    return [(record.line, record.reason) for record in records if not hasattr(record, "text")]


def numbered(values: list[Any]) -> list[tuple[int, str]]:
    return [(place, str(value["k"])) for place, value in enumerate(values, start=1)]


def lay_out(values: list[Any]) -> dict[str, str]:
    lines = [json.dumps(value, ensure_ascii=False) for value in values]
    return {
        "lines": "\n".join(lines),
        "array": json.dumps(values),
        "array_pretty": json.dumps(values, indent=2),
        "array_item_a_line": "[\n" + ",\n".join(lines) + "\n]\n",
        "object": json.dumps({"notes": values}),
        "object_behind_objects": json.dumps({"@context": [{"a": [1]}], "notes": values, "n": {}}),
        "object_pretty": json.dumps({"about": {"a": 1}, "notes": values}, indent=1),
        "object_without_indent": json.dumps({"notes": values}, indent=0),
        "object_item_a_line": '{"notes":[\n' + ",\n".join(lines) + "\n]}",
        "object_a_line": "\n".join(json.dumps({"notes": [value]}) for value in values),
        "two_arrays": json.dumps({"before": values[:2], "after": values[2:]}),
        "two_arrays_pretty": json.dumps({"before": values[:2], "after": values[2:]}, indent=4),
        "with_mark": "\ufeff" + json.dumps(values),
    }


@pytest.mark.parametrize("values", [VALUES, LONG], ids=["short", "longer_than_a_head"])
@pytest.mark.parametrize("name", lay_out(VALUES))
def test_every_layout_gives_every_value(tmp_path: Path, name: str, values: list[Any]) -> None:
    text = lay_out(values)[name]
    assert read(tmp_path / "a.json", text) == numbered(values)
    assert read(tmp_path / "a.gz", gzip.compress(text.encode())) == numbered(values)


@pytest.mark.parametrize("name", lay_out(VALUES))
def test_first_values_are_seen_in_every_layout(tmp_path: Path, name: str) -> None:
    (tmp_path / "a").write_text(lay_out(VALUES)[name], encoding="utf-8")
    assert load_first_values(tmp_path / "a", FORM)[0] == VALUES[0]


def test_one_object_is_one_value(tmp_path: Path) -> None:
    for indent in (None, 0, 2):
        assert read(tmp_path / "a", json.dumps(VALUES[0], indent=indent)) == [(1, "1")]
        assert read(tmp_path / "a", json.dumps(LONG[0], indent=indent)) == [(1, "1")]


def test_pages_longer_than_a_head_are_all_read(tmp_path: Path) -> None:
    pages = [json.dumps({"notes": LONG}), json.dumps({"notes": LONG})]
    found = read(tmp_path / "a", "\n\n".join(pages) + "\n")
    assert found == [(line, str(n)) for line in (1, 3) for n in range(1, 6)]


@pytest.mark.parametrize(
    "first", ['{"k": 1', '{"k": {', "{broken", "garbage", '{"k": ' * 9, "[1, 2]"]
)
@pytest.mark.parametrize("form", [FORM, PLAIN], ids=["keys", "no_keys"])
def test_broken_first_line_costs_itself(tmp_path: Path, first: str, form: JsonFormat) -> None:
    good = "\n".join(json.dumps(value) for value in VALUES)
    (line, _), *rest = read(tmp_path / "a", f"{first}\n{good}", form)
    assert line == 1
    assert rest == [(place + 1, reason) for place, reason in numbered(VALUES)]


def test_garbage_behind_a_long_line_costs_itself(tmp_path: Path) -> None:
    long = json.dumps({"k": 1, "pad": "x" * 70_000})
    reason = "not valid JSON (Expecting value at character 1)"
    assert read(tmp_path / "a", f"{long}\ngarbage\n") == [(1, "1"), (2, reason)]


def test_broken_lines_of_pages_are_rejects_with_their_line(tmp_path: Path) -> None:
    text = '{"notes": [{"k": 1}, 5, {"k": "bug"}]}\n{"notes"\n{"notes": []}\n{"notes": 7}\n'
    assert read(tmp_path / "a", text) == [
        (1, "1"),
        (1, "no note"),
        (1, "cannot be read (KeyError: 'odd')"),
        (2, "not valid JSON (Expecting ':' delimiter at character 9)"),
        (4, "cannot be read (KeyError: 'k')"),
    ]


def test_rejects_of_a_page_show_their_own_text(tmp_path: Path) -> None:
    (tmp_path / "a").write_text('{"notes": [{"k": "bug", "t": "\\ud800"}]}\n\n{"notes": [[1]]}')
    records = list(read_json_records(tmp_path / "a", ReadOptions(now=NOW), FORM, expand))
    raws = [record.raw for record in records if isinstance(record, Reject)]
    assert raws == ['{"k": "bug", "t": "\ufffd"}', "[1]"]


def test_cut_object_keeps_what_was_read(tmp_path: Path) -> None:
    for text in (json.dumps({"notes": LONG}), json.dumps({"notes": LONG}, indent=1)):
        found = read(tmp_path / "a", text[: len(text) // 2])
        assert found == [(1, "1"), (2, "2"), (3, "the file ends in the middle of this record")]


def test_cut_document_is_one_reject(tmp_path: Path) -> None:
    text = json.dumps({"k": 1, "pad": "x" * 100}, indent=1)
    reason = "the file ends in the middle of this record"
    assert read(tmp_path / "a", text[:60]) == [(1, reason)]
    packed = gzip.compress(text.encode())[:-9]
    ((line, reason),) = read(tmp_path / "a", packed)
    assert (line, reason) == (1, "the gzip data ends too early: the file is cut off")


def test_document_that_is_too_long_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_layouts, "MAX_DOCUMENT_BYTES", 50)
    with pytest.raises(SourceFormatError, match="one JSON object of more than 50 bytes"):
        read(tmp_path / "a", json.dumps({"k": 1, "pad": "x" * 100}, indent=1))


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceFormatError, match="not a file of notes: it begins with neither"):
        read(tmp_path / "a", "id,text\n1,hello\n")
    with pytest.raises(SourceFormatError, match="UTF-16"):
        read(tmp_path / "a", "[]".encode("utf-16"))
    assert read(tmp_path / "a", "") == [(0, "the file is empty")]
    assert read(tmp_path / "a", " \n\n") == []


def test_first_values_of_odd_files_are_none(tmp_path: Path) -> None:
    odd = (b"", b"\xff\xfe", b"{", b"[", b"[]", b"id,text", b"[" * 100_000, b'{"a":' * 20_000)
    for data in (*odd, b'{"notes": []}', b'{"notes": []}\n{"notes": []}', b'{"a": 1, "after": []'):
        (tmp_path / "a").write_bytes(data)
        assert not any(isinstance(v, dict) for v in load_first_values(tmp_path / "a", FORM))
    (tmp_path / "a").write_text('{"notes": []}\n{"notes": ["x", {"k": 1}]}')
    assert load_first_values(tmp_path / "a", FORM) == ["x", {"k": 1}]
    deep = b"[" * 100_000 + b"]" * 100_000
    (tmp_path / "a").write_bytes(deep + b"\n" + json.dumps(VALUES[0]).encode())
    assert load_first_values(tmp_path / "a", FORM) == VALUES[:1]


@pytest.mark.parametrize("name", ["array", "object"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, name: str) -> None:
    values = [{"k": n, "pad": "x" * 60_000} for n in range(150)]
    (tmp_path / "a").write_text(lay_out(values)[name])
    del values
    tracemalloc.start()
    records = read_json_records(tmp_path / "a", ReadOptions(now=NOW), FORM, expand)
    assert sum(1 for _ in records) == 150
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "a").stat().st_size > 9_000_000
    assert peak < 6_000_000
