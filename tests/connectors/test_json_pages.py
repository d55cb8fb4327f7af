import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analytics.contract.errors import SourceFormatError
from analytics.contract.records import Ignored
from connectors.json_pages import has_json_lines, read_json_pages
from connectors.protocol import ReadOptions, Record
from tests.connectors.helpers import NOW, ignored_of, rejects_of

ITEMS = [{"n": 1}, {"n": 2}, {"n": 3}]


def handle(value: Any, line: int, raw: bytes | str) -> Iterator[Record]:
    """An ignored record for each item, whose reason is the item."""
    items = value.get("items") if isinstance(value, dict) else None
    for item in items if isinstance(items, list) else [value]:
        yield Ignored(line=line, reason=json.dumps(item))


def read(path: Path, data: str | bytes) -> list[Record]:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(
        read_json_pages(path, ReadOptions(now=NOW), handle, array_keys=("items",), wanted="x")
    )


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (json.dumps({"kind": "x", "info": {"n": [1]}, "items": ITEMS, "next": None}), [1, 2, 3]),
        (json.dumps({"items": ITEMS}, indent=1), [1, 2, 3]),
        (json.dumps(ITEMS), [1, 2, 3]),
        ("[\n" + ",\n".join(map(json.dumps, ITEMS)) + "\n]", [1, 2, 3]),
        (json.dumps([{"items": ITEMS[:2]}, {"items": ITEMS[2:]}], indent=1), [1, 1, 2]),
        ("\n".join(map(json.dumps, ITEMS)), [1, 2, 3]),
        ('{"items": [{"n": 1}, {"n": 2}]}\n{"items": [{"n": 3}]}\n', [1, 1, 2]),
        ("\n\ufeff\n" + "\n\n".join(map(json.dumps, ITEMS)) + "\n", [3, 5, 7]),
    ],
    ids=["page", "indented", "list", "listed lines", "pages", "lines", "page lines", "blanks"],
)
def test_read_json_pages_finds_the_items_of_each_layout(
    tmp_path: Path, text: str, lines: list[int]
) -> None:
    found = [pair for pair in ignored_of(read(tmp_path / "a", text)) if pair[1] != '"\\ufeff"']
    assert [json.loads(reason) for _, reason in found] == ITEMS
    assert [line for line, _ in found] == lines


def test_read_json_pages_one_object_is_one_item(tmp_path: Path) -> None:
    for indent in (None, 1):
        text = json.dumps({"n": 1, "m": [2], "items": 3}, indent=indent)
        ((line, reason),) = ignored_of(read(tmp_path / "a", text))
        assert (line, json.loads(reason)) == (1, {"n": 1, "m": [2], "items": 3})


def test_read_json_pages_empty_page_has_no_record(tmp_path: Path) -> None:
    for text in ('{"kind": "x", "items": []}', "[]", '{"items": []}\n{"items": []}\n'):
        assert read(tmp_path / "a", text) == []
    assert rejects_of(read(tmp_path / "a", "")) == [(0, "the file is empty")]


def test_read_json_pages_long_lines_are_lines(tmp_path: Path) -> None:
    rows = [json.dumps({"items": [{"n": number, "x": "y" * 100_000}]}) for number in (1, 2, 3)]
    assert [record.line for record in read(tmp_path / "a", "\n".join(rows))] == [1, 2, 3]
    assert has_json_lines(tmp_path / "a")
    assert len(read(tmp_path / "a", rows[0] + "\n")) == 1
    assert not has_json_lines(tmp_path / "a")


@pytest.mark.parametrize(
    "first", ['{"n": "cut', "[" * 50_000 + "]" * 50_000, '{"a":' * 50_000 + "0" + "}" * 50_000]
)
def test_read_json_pages_bad_first_line_is_one_reject(tmp_path: Path, first: str) -> None:
    rows = "\n".join(map(json.dumps, ITEMS))
    records = read(tmp_path / "a", f"{first}\n{rows}\n")
    assert [line for line, _ in rejects_of(records)] == [1]
    assert [line for line, _ in ignored_of(records)] == [2, 3, 4]


def test_read_json_pages_says_what_is_broken(tmp_path: Path) -> None:
    records = read(tmp_path / "a", '{"items": [{"n": 1}, {"n": 2')
    assert rejects_of(records) == [(2, "the file ends in the middle of this record")]
    assert rejects_of(read(tmp_path / "a", "null")) == [(1, "not a JSON object or list")]
    with pytest.raises(SourceFormatError, match="none of its first lines begins as JSON does; x"):
        read(tmp_path / "a", "5")
    assert rejects_of(read(tmp_path / "a", '{"n": 1, "m"')) == [
        (1, "the file ends in the middle of the document")
    ]
