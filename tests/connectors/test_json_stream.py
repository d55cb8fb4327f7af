import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.json_stream import ArrayReader, Element
from connectors.streams import ByteStream

OPENING = re.compile(r"\s*(?:\w+\s*=\s*)?\[")
NEXT = re.compile(r'\{\s*"k"\s*:')

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


def read_elements(
    path: Path,
    data: bytes,
    *,
    resync: re.Pattern[str] | None = None,
    is_whole: bool = True,
    chunk_bytes: int = 7,
) -> list[Element]:
    path.write_bytes(data)
    with ByteStream(path) as stream:
        reader = ArrayReader(
            stream, opening=OPENING, resync=resync, is_whole=is_whole, chunk_bytes=chunk_bytes
        )
        assert reader.open()
        return list(reader)


@settings(deadline=None)
@given(
    values=st.lists(JSON, max_size=6), indent=st.sampled_from([None, 2]), chunk=st.integers(1, 40)
)
def test_array_reader_gives_every_value_back(
    tmp_path_factory: pytest.TempPathFactory, values: list[object], indent: int | None, chunk: int
) -> None:
    data = json.dumps(values, ensure_ascii=False, indent=indent).encode("utf-8", "surrogatepass")
    path = tmp_path_factory.getbasetemp() / "values.json"
    elements = read_elements(path, data, chunk_bytes=chunk)
    assert [element.value for element in elements] == values
    assert [element.position for element in elements] == list(range(1, len(values) + 1))
    assert all(element.fault is None for element in elements)


def test_array_reader_tells_the_line_of_each_element(tmp_path: Path) -> None:
    data = b'x = [\n {"k": 1},\n\n {"k":\n 2},\n {"k": 3}\n]\n;\n'
    assert [(e.line, e.value["k"]) for e in read_elements(tmp_path / "a", data)] == [
        (2, 1),
        (4, 2),
        (6, 3),
    ]


@pytest.mark.parametrize(
    "broken",
    [
        b'{"k": 2, bad}',
        b'{"k": "open}',
        b'{"k": [1, 2}',
        b'{"k": 2',
        b'{"k": nulll}',
        b'{"k": ' + b"[" * 3000 + b"]" * 3000 + b"}",
        b'{"k": ' + b"9" * 5000 + b"}",
        b"garbage",
    ],
    ids=["bare_word", "open_string", "wrong_bracket", "open", "literal", "deep", "digits", "text"],
)
@pytest.mark.parametrize("chunk", [5, 100_000])
def test_array_reader_goes_on_after_a_broken_element(
    tmp_path: Path, broken: bytes, chunk: int
) -> None:
    data = b'[{"k": 1},\n' + broken + b',\n{"k": 3},\n{"k": 4}]'
    elements = read_elements(tmp_path / "a", data, resync=NEXT, chunk_bytes=chunk)
    assert [element.value for element in elements] == [{"k": 1}, None, {"k": 3}, {"k": 4}]
    fault = elements[1].fault
    assert fault is not None
    assert "JSON" in fault
    assert elements[1].line == 2
    assert elements[1].raw.startswith(broken[:20].decode())


@pytest.mark.parametrize("broken", [b'{"k": 2, bad}', b'{"k": [1, {"a" 2}]}', b"garbage"])
def test_array_reader_without_resync_goes_on_by_brackets(tmp_path: Path, broken: bytes) -> None:
    data = b'[{"k": 1}, ' + broken + b', {"k": 3}]'
    elements = read_elements(tmp_path / "a", data)
    assert [element.value for element in elements] == [{"k": 1}, None, {"k": 3}]


def test_array_reader_invalid_utf8_costs_one_element(tmp_path: Path) -> None:
    data = b'[{"k": "\xc3\xa9"}, {"k": "caf\xe9"}, {"k": "\xf0\x9f\x8d\xb5"}]'
    elements = read_elements(tmp_path / "a", data)
    assert [element.value for element in elements] == [{"k": "é"}, None, {"k": "🍵"}]
    assert elements[1].fault == "invalid UTF-8 at byte 11 of the record"


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b'[{"k": 1}, {"k": "ha', "the file ends in the middle of this record"),
        (b'[{"k": 1}, {"k": [1, 2', "the file ends in the middle of this record"),
        (b'[{"k": 1},', "the file ends before its array is closed"),
        (b'[{"k": 1}', "the file ends before its array is closed"),
    ],
)
@pytest.mark.parametrize("resync", [None, NEXT], ids=["brackets", "resync"])
def test_array_reader_cut_file_gives_one_fault(
    tmp_path: Path, data: bytes, fault: str, resync: re.Pattern[str] | None
) -> None:
    elements = read_elements(tmp_path / "a", data, resync=resync)
    assert [element.value for element in elements] == [{"k": 1}, None]
    assert elements[1].fault == fault


def test_array_reader_text_behind_the_array_is_a_fault(tmp_path: Path) -> None:
    elements = read_elements(tmp_path / "a", b'[{"k": 1}];\nwindow.more = [2]')
    assert elements[1].fault == "text after the end of the array; it was not read"


@pytest.mark.parametrize("chunk", [3, 100_000])
@pytest.mark.parametrize(
    ("tail", "fault"),
    [
        (b"}", None),
        (b', "cursor": "x", "n": {"a": [1]}}\n', None),
        (b"", "the file ends before the object around its array does"),
        (b', "cursor": "x', "the file ends before the object around its array does"),
        (b'}\n{"k": [2]}', "text after the end of the object; it was not read"),
    ],
    ids=["nothing", "keys", "cut", "cut_key", "another"],
)
def test_array_reader_looks_at_the_rest_of_the_object(
    tmp_path: Path, tail: bytes, fault: str | None, chunk: int
) -> None:
    elements = read_elements(tmp_path / "a", b"[1]" + tail, is_whole=False, chunk_bytes=chunk)
    assert [element.fault for element in elements] == ([None] if fault is None else [None, fault])


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_array_reader_never_raises(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.json"
    elements = read_elements(path, b"x = [" + data, resync=NEXT)
    assert [element.position for element in elements] == list(range(1, len(elements) + 1))
