"""Items and replies as tables, there and back."""

from pathlib import Path

import pytest

from analytics.contract.engine import LabelReply, TextReply
from analytics.contract.errors import DeadlyItemError, EngineError
from analytics.contract.records import Item
from analytics.engine.ray_rows import (
    make_rows,
    make_tables,
    read_replies,
    replies_to_table,
    table_to_rows,
    write_pictures,
)


@pytest.fixture
def items(tmp_path: Path) -> list[Item]:
    """One with a picture, one with one that is gone, and three without."""
    (tmp_path / "a.jpg").write_bytes(b"bytes")
    return [
        Item(content_key="a", text="\U0001f600\x00", aspect="tram", image_path=tmp_path / "a.jpg"),
        Item(content_key="b", text="b", image_path=tmp_path / "gone.jpg"),
        *(Item(content_key=key, text="") for key in "cde"),
    ]


def test_items_come_back_with_their_pictures(items: list[Item], tmp_path: Path) -> None:
    rows, faults = make_rows(items, with_pictures=True, picture_paths={})
    assert faults.keys() == {1}
    tables = make_tables(rows, 2)
    assert [len(table) for table in tables] == [2, 2]
    back = [row for table in tables for row in table_to_rows(table)]
    assert [row.position for row in back] == [0, 2, 3, 4]
    folder = tmp_path / "there"
    folder.mkdir()
    found = write_pictures(back, folder)
    assert [(item.text, item.aspect) for item in found[:2]] == [
        ("\U0001f600\x00", "tram"),
        ("", ""),
    ]
    assert found[0].image_path is not None
    assert found[0].image_path.read_bytes() == b"bytes"
    assert found[1].image_path is None


def test_pictures_that_others_can_read_go_as_paths(items: list[Item], tmp_path: Path) -> None:
    rows, faults = make_rows(items, with_pictures=True, picture_paths={str(tmp_path): "s3://b/p/"})
    assert not faults
    assert [row.picture_path for row in rows[:3]] == ["s3://b/p/a.jpg", "s3://b/p/gone.jpg", None]
    assert all(row.picture is None for row in rows)


def test_models_without_eyes_get_no_pictures(items: list[Item]) -> None:
    rows, faults = make_rows(items, with_pictures=False, picture_paths={})
    assert not faults
    assert all(row.picture is None and row.picture_path is None for row in rows)


def test_replies_and_faults_come_back() -> None:
    label = LabelReply(probabilities=(0.1, 0.2, 0.7))
    text = TextReply(text="t", finish_reason="length", n_prompt_tokens=3, n_output_tokens=2)
    table = replies_to_table({3: label, 1: text}, {2: EngineError("e"), 0: DeadlyItemError("d")})
    found = dict(read_replies(table))
    assert (found[3], found[1]) == (label, text)
    assert (type(found[2]), str(found[2])) == (EngineError, "e")
    assert (type(found[0]), str(found[0])) == (DeadlyItemError, "d")
