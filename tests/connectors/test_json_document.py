import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.json_document import Choose, DocumentReader, KeyPath, Part
from connectors.json_stream import Element
from connectors.streams import ByteStream

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(['"', "\\", '\\"]}', "{[,:"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


ENDS = re.compile("the file ends|could not be read|after the end of the document")


def choose_list(path: KeyPath) -> Part:
    """The list of `{"head": {..., "list": [...]}}`, what stands beside it, and `name`."""
    if path in ((), ("head",)):
        return "enter"
    if path == ("head", "list"):
        return "elements"
    return "value" if path[-1] == "name" else "skip"


def walk(
    path: Path, data: bytes, choose: Choose = choose_list, chunk_bytes: int = 7
) -> list[tuple[KeyPath, Element]]:
    path.write_bytes(data)
    n_bytes: list[int] = []
    with ByteStream(path, n_bytes.append) as stream:
        found = list(DocumentReader(stream, chunk_bytes=chunk_bytes).walk(choose))
    assert sum(n_bytes) == len(data)
    return found


@settings(deadline=None)
@given(
    values=st.lists(JSON, max_size=5),
    before=JSON,
    after=JSON,
    indent=st.sampled_from([None, 1]),
    chunk=st.integers(1, 40),
)
def test_walk_gives_the_elements_whatever_stands_around_them(
    tmp_path_factory: pytest.TempPathFactory,
    values: list[object],
    before: object,
    after: object,
    indent: int | None,
    chunk: int,
) -> None:
    document = {"a": before, "head": {"b": before, "list": values, "c": after}, "name": after}
    data = json.dumps(document, ensure_ascii=False, indent=indent).encode("utf-8", "surrogatepass")
    path = tmp_path_factory.getbasetemp() / "document.json"
    found = walk(path, data, chunk_bytes=chunk)
    elements = [element for place, element in found if place == ("head", "list")]
    assert [element.value for element in elements] == values
    assert [element.position for element in elements] == list(range(1, len(values) + 1))
    assert [(place, element.value) for place, element in found[len(values) :]] == [
        (("name",), after)
    ]


@settings(deadline=None)
@given(document=JSON, chunk=st.integers(1, 40), data=st.data())
def test_walk_ends_and_tells_of_any_damage(
    tmp_path_factory: pytest.TempPathFactory, document: object, chunk: int, data: st.DataObject
) -> None:
    text = json.dumps({"head": {"list": [document, 1]}, "x": document, "name": 2}).encode()
    place = data.draw(st.integers(0, len(text)))
    damage = data.draw(st.sampled_from([b"", b'"', b"]", b"}", b"\\", b"\xff", b":", b"{"]))
    path = tmp_path_factory.getbasetemp() / "damaged.json"
    found = walk(path, text[:place] + damage + text[place + 1 :], chunk_bytes=chunk)
    faults = [element.fault for _, element in found]
    # Nothing follows where the structure was lost, or where the file ended.
    ends = [number for number, fault in enumerate(faults, 1) if fault and ENDS.search(fault)]
    assert ends in ([], [len(found)])
    assert all(element.value is None for _, element in found if element.fault is not None)


def test_walk_reads_arrays_of_objects_by_their_index(tmp_path: Path) -> None:
    def choose(path: KeyPath) -> Part:
        return "elements" if path and path[-1] == "list" else "enter"

    data = b'[{"list": [1, 2]}, 5, {"list": [3]}, {"list": 4}]'
    found = walk(tmp_path / "a", data, choose)
    assert [(place, e.position, e.value) for place, e in found] == [
        ((0, "list"), 1, 1),
        ((0, "list"), 2, 2),
        ((1,), 0, 5),
        ((2, "list"), 1, 3),
        ((3, "list"), 0, 4),
    ]


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "the file ends in the middle of the document"),
        (b'{"head"', "the file ends in the middle of the document"),
        (b'{"x": "abc', "the file ends in the middle of the document"),
        (b'{"x": [1, {"a": "\\', "the file ends in the middle of the document"),
        (b'{"head": {"list": [1, {"a"', "the file ends in the middle of this record"),
        (b'{"head": {"list": [1, ', "the file ends before its array is closed"),
        (b'{"name": 1} {"name": 2}', "text after the end of the document; it was not read"),
        (
            b'{\n"x" 1}',
            "not valid JSON (expected a key, found '1}', line 2 of the file);"
            " what follows could not be read",
        ),
        (
            b'{"name": }',
            "not valid JSON (expected a value, found '}', line 1 of the file);"
            " what follows could not be read",
        ),
    ],
)
def test_walk_names_what_is_broken(tmp_path: Path, data: bytes, fault: str) -> None:
    *_, (_, last) = walk(tmp_path / "a", data, chunk_bytes=1000)
    assert last.fault == fault


def test_walk_goes_on_after_a_broken_value_and_element(tmp_path: Path) -> None:
    data = b'{"name": "\\x0B", "head": {"list": [1, {"a": "\\x0B]"}, 3]}, "name": 4}'
    found = walk(tmp_path / "a", data)
    assert [element.value for _, element in found] == [None, 1, None, 3, 4]
    assert [element.fault is None for _, element in found] == [False, True, False, True, True]


def test_walk_skips_deep_and_long_values(tmp_path: Path) -> None:
    deep, long = b"[" * 200_000 + b"]" * 200_000, b'"' + b"a\\n" * 500_000 + b'"'
    data = b'{"x": ' + deep + b', "y": ' + long + b', "head": {"list": [' + deep + b", 2]}}"
    found = walk(tmp_path / "a", data, chunk_bytes=10_000)
    values: list[Any] = [(element.value, element.fault) for _, element in found]
    assert values == [(None, "not usable JSON (nested too deeply)"), (2, None)]
