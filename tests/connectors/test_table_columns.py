from pathlib import Path

import pytest

from analytics.contract.errors import SourceFormatError
from connectors.protocol import ChecksMapping, ReadOptions
from connectors.table import TableConnector
from connectors.table_json import find_json_columns
from tests.connectors.helpers import posts_of, read_all
from tests.connectors.test_table import write

CONNECTOR = TableConnector()


@pytest.mark.parametrize("key", ['"späte"', '"sp\\u00e4te"'], ids=["plain", "escaped"])
def test_read_file_mapped_key_is_found_wherever_it_first_appears(tmp_path: Path, key: str) -> None:
    early = "".join(f'{{"id": {number}, "text": "{"x" * 90}"}}\n' for number in range(15_000))
    path = write(tmp_path / "a.jsonl", f'{early}{{"id": "late", "text": "y", {key}: "ann"}}\n')
    assert path.stat().st_size > 1024 * 1024
    records = read_all(CONNECTOR, path, mapping={"author": "späte"})
    assert len(records) == 15_001
    assert posts_of(records)[-1].author == "ann"
    with pytest.raises(SourceFormatError, match="author = 'spaet': the column is not there"):
        read_all(CONNECTOR, path, mapping={"author": "spaet"})


def test_find_json_columns_stops_when_all_are_found(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"a": 1}\nnonsense\n[1]\n{"b": {"c": 1}}\n{"d": 1}\n')
    assert find_json_columns(path, ["b"]) == ["b"]
    assert find_json_columns(path, ["c", "d", "e"]) == ["d"]


def test_check_mapping_says_what_read_file_would(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,body\n1,a\n")
    assert isinstance(CONNECTOR, ChecksMapping)
    assert CONNECTOR.check_mapping(path, ReadOptions()) == {"id": "id", "text": "body"}
    with pytest.raises(SourceFormatError, match="the column is not there"):
        CONNECTOR.check_mapping(path, ReadOptions(mapping={"text": "words"}))
    assert CONNECTOR.check_mapping(write(tmp_path / "b.csv", ""), ReadOptions()) == {}


def test_read_file_platform_that_is_no_short_name_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n1,a\n")
    with pytest.raises(SourceFormatError, match="platform 'my forum: new' is not a short name"):
        read_all(CONNECTOR, path, platform="my forum: new")
    assert posts_of(read_all(CONNECTOR, path, platform="Forum"))[0].post_id == "Forum:1"


def test_long_column_that_nobody_uses_does_not_reject_its_row(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", f"id,text,html\n1,good,{'x' * 200_000}\n2,fine,y\n")
    assert [post.text for post in posts_of(read_all(CONNECTOR, path))] == ["good", "fine"]
