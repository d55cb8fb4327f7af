from pathlib import Path

import duckdb
import pytest

from analytics.labelling.session import LabelSession
from analytics.store.draws import Draw, DrawDesign, make_draw
from analytics.store.forget import forget
from analytics.store.gold import UNCLEAR, GoldLabel, read_gold, store_gold
from tests.scripted import KEY, make_post, rows, scalar, store_posts


def begin(
    connection: duckdb.DuckDBPyConnection, texts: list[str], annotator: str = "a"
) -> tuple[Draw, LabelSession]:
    store_posts(connection, [make_post(str(i), text) for i, text in enumerate(texts)])
    draw = make_draw(connection, DrawDesign(n=len(texts)))
    return draw, LabelSession(connection, draw, annotator, Path("/data"))


def test_answers_are_stored_as_they_come_and_taken_back(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _, session = begin(connection, ["one", "two", "three"])
    assert not session.undo()
    first = session.current
    assert first is not None
    session.answer("positive")
    assert [(label.post_id, label.label) for label in read_gold(connection)] == [
        (first.post_id, "positive")
    ]
    assert scalar(connection, "select weight from gold") == 3.0
    second = session.current
    session.answer(UNCLEAR)
    assert scalar(connection, "select weight from gold") == 1.5
    assert session.undo()
    assert session.current == second
    assert scalar(connection, "select weight from gold") == 3.0
    assert session.undo()
    assert session.current == first
    assert read_gold(connection) == []
    assert not session.undo()
    assert (session.n_stored, session.n_passed) == (0, 0)


def test_draw_goes_on_where_it_was_left_and_may_be_taken_back_there(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    draw, session = begin(connection, ["one", "two", "three"])
    session.answer("positive")
    session.answer("negative")
    expected = session.current
    again = LabelSession(connection, draw, "a", Path("/data"))
    assert again.current == expected
    assert again.undo()
    assert again.n_passed == 1
    other = LabelSession(connection, draw, "b", Path("/data"))
    assert other.n_passed == 0
    assert not other.undo()


def test_copies_are_asked_once_and_each_has_its_row(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _, session = begin(connection, ["same", "other", "same", "same"])
    n_asked = 0
    while (item := session.current) is not None:
        session.answer("positive" if item.text == "same" else "negative")
        n_asked += 1
    assert n_asked == 2
    assert session.n_stored == 2
    found = rows(
        connection, "select label, count(*), sum(weight) from gold group by all order by 1"
    )
    assert found == [("negative", 1, 1.0), ("positive", 3, 3.0)]
    while session.undo():
        n_asked -= 1
    assert n_asked == 0
    assert read_gold(connection) == []


def test_what_was_said_before_is_not_asked_but_weighed(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    store_posts(connection, [make_post(str(i), f"text {i}") for i in range(10)])
    store_gold(
        connection,
        [GoldLabel(post_id=f"test:{i}", aspect="", label="neutral", annotator="a") for i in (0, 1)],
    )
    draw = make_draw(connection, DrawDesign(n=5))
    session = LabelSession(connection, draw, "a", Path("/data"))
    while session.current is not None:
        assert session.current.post_id not in ("test:0", "test:1")
        session.answer("positive")
    reached = rows(connection, "select distinct weight from gold where draw_id is not null")
    assert reached == [(2.0,)]
    # What a file brought is never taken back.
    while session.undo():
        pass
    assert scalar(connection, "select count(*) from gold where label = 'neutral'") == 2


def test_session_refuses_other_answers(connection: duckdb.DuckDBPyConnection) -> None:
    _, session = begin(connection, ["one"])
    with pytest.raises(ValueError, match="'happy' is none of"):
        session.answer("happy")
    session.answer("neutral")
    with pytest.raises(ValueError, match="nothing is asked"):
        session.answer("neutral")


def test_forgotten_post_leaves_the_draw_and_all_answers(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    draw, session = begin(connection, ["one", "two", "three"])
    first = session.current
    assert first is not None
    session.answer(UNCLEAR)
    forget(connection, author_key=KEY, data_dir=tmp_path, post_id=first.post_id)
    for table in ("gold", "gold_unclear", "gold_draw_items"):
        assert (
            scalar(connection, f"select count(*) from {table} where post_id = '{first.post_id}'")
            == 0
        )
    session = LabelSession(connection, draw, "a", tmp_path)
    assert session.n_items == 2
    session.answer("neutral")
    assert scalar(connection, "select weight from gold") == 1.5  # the second place of three
