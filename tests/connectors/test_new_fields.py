"""A field that a format was not known to have is told of, once a file."""

import json
from pathlib import Path

import pytest

from connectors.lines import MAX_NEW_FIELDS
from connectors.protocol import Connector, ReadOptions
from connectors.registry import load_connectors
from tests.connectors.helpers import DUMPS, FIXTURES, utc
from tests.ingesting import comment, skeet, view, write_lines

CONNECTORS = load_connectors()[0]
SAMPLE = Path(__file__).resolve().parents[2] / "analytics" / "sample" / "dumps"


def new_fields(connector: Connector, path: Path) -> list[str]:
    told: list[str] = []
    list(connector.read_file(path, ReadOptions(now=utc(2027, 1, 1), on_new_field=told.append)))
    return told


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("reddit", comment("a", "hm")),
        ("bluesky", skeet("k", "hm", 1)),
        ("bluesky", view("k", "hm", likes=1)),
    ],
    ids=["comment", "event", "feed item"],
)
def test_new_field_is_told_of_once(tmp_path: Path, name: str, record: dict[str, object]) -> None:
    grown = [record, {**record, "zone": 1}, {**record, "zone": 2, "depth_of": {"deep": 1}}]
    path = write_lines(tmp_path / "a.jsonl", [*grown, *grown])
    assert new_fields(CONNECTORS[name], path) == ["zone", "depth_of"]


def test_names_that_are_data_are_not_told_of_without_end(tmp_path: Path) -> None:
    records = [{**comment("a", "hm"), f"{n:03d}" + "\ud800" * 99: n} for n in range(100)]
    told = new_fields(CONNECTORS["reddit"], write_lines(tmp_path / "RC_1.ndjson", records))
    assert len(told) == MAX_NEW_FIELDS
    assert told[0] == "000" + "\ufffd" * 77


def test_line_that_is_no_object_has_no_fields(tmp_path: Path) -> None:
    path = tmp_path / "RC_1.ndjson"
    path.write_text(f"{json.dumps(comment('a', 'hm'))}\n[1]\n7\nnull\n", encoding="utf-8")
    assert new_fields(CONNECTORS["reddit"], path) == []


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("reddit", FIXTURES / "reddit" / "RC_2024-05.ndjson"),
        ("reddit", FIXTURES / "reddit" / "RS_2024-05.ndjson"),
        ("reddit", SAMPLE / "reddit" / "RC_2026-03.zst"),
        ("reddit", SAMPLE / "reddit" / "RS_2026-03.ndjson"),
        ("bluesky", FIXTURES / "bluesky" / "jetstream.jsonl"),
        pytest.param("reddit", DUMPS / "reddit" / "RC_sample.ndjson", marks=pytest.mark.shared),
        pytest.param("bluesky", DUMPS / "bluesky" / "jetstream_v1.jsonl", marks=pytest.mark.shared),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else value,
)
def test_dumps_as_they_are_have_no_new_field(name: str, path: Path) -> None:
    if not path.exists() and DUMPS in path.parents:
        pytest.skip("needs ../shared/data/dumps")
    assert new_fields(CONNECTORS[name], path) == []
