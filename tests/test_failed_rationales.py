"""A rationale that fails costs no label, and no run."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from analytics.contract.engine import TextReply
from analytics.contract.errors import DeadlyItemError, EngineError
from analytics.contract.records import Item
from analytics.infer import InferSettings, infer
from tests.scripted import ScriptedEngine, make_post, new_run, rows, scalar, store_posts

SETTINGS = InferSettings(model_id="m", result_digest="r", data_dir=Path("data"), chunk_items=4)
STORED = "select post_id, label is not null, rationale_status from predictions order by post_id"


class Refusing(ScriptedEngine):
    """Writes no rationale of some texts."""

    def __init__(self, error: Exception, *texts: str) -> None:
        super().__init__()
        self._error = error
        self._texts = texts

    def rationalize(self, items: Sequence[Item]) -> list[TextReply]:
        if any(item.text in self._texts for item in items):
            raise self._error
        return super().rationalize(items)


def _fill(connection: duckdb.DuckDBPyConnection, n: int = 10) -> None:
    store_posts(connection, [make_post(str(i), f"text {i}") for i in range(n)])


def test_its_label_is_stored_and_the_fault_told(connection: duckdb.DuckDBPyConnection) -> None:
    _fill(connection)
    run = new_run(connection)
    engine = Refusing(EngineError("content_filter"), "text 3", "text 7")
    # Two of ten are more than max_bad_share, and would end the run if they had no label.
    infer(connection, lambda: engine, run, SETTINGS)
    found = rows(connection, STORED)
    assert len(found) == 10
    assert {post: status for post, has_label, status in found if status is None} == {
        "test:3": None,
        "test:7": None,
    }
    assert all(has_label for _, has_label, _ in found)
    reasons = rows(connection, "select reason from rejects where stage = 'infer'")
    assert reasons == [("no rationale: EngineError: content_filter",)] * 2
    assert (run.counts.count_engine_labels, run.counts.count_engine_rationales) == (10, 8)
    assert run.counts.count_rejects == 2


def test_only_the_rationale_is_asked_for_again(connection: duckdb.DuckDBPyConnection) -> None:
    _fill(connection)
    infer(
        connection,
        lambda: Refusing(EngineError("content_filter"), "text 3", "text 7"),
        new_run(connection),
        SETTINGS,
    )
    engine = ScriptedEngine()
    infer(connection, lambda: engine, new_run(connection), SETTINGS)
    assert not engine.labelled
    assert len(engine.rationalized) == 2
    assert scalar(connection, "select count(*) from rejects where stage = 'infer'") == 0
    assert not any(status is None for _, _, status in rows(connection, STORED))


def test_run_of_such_contents_alone_does_not_fail(connection: duckdb.DuckDBPyConnection) -> None:
    _fill(connection, 2)
    for _ in range(2):
        engine = Refusing(EngineError("content_filter"), "text 0", "text 1")
        infer(connection, lambda engine=engine: engine, new_run(connection), SETTINGS)
    assert scalar(connection, "select count(*) from predictions where label is not null") == 2
    assert scalar(connection, "select count(*) from rejects where stage = 'infer'") == 2


def test_deadly_rationale_keeps_its_label_and_is_not_sent_again(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _fill(connection)
    infer(
        connection,
        lambda: Refusing(DeadlyItemError("SIGSEGV"), "text 3"),
        new_run(connection),
        SETTINGS,
    )
    engine = ScriptedEngine()
    infer(connection, lambda: engine, new_run(connection), SETTINGS)
    assert not engine.labelled + engine.rationalized
    assert scalar(connection, "select count(*) from predictions where label is not null") == 10
    ((reason,),) = rows(connection, "select reason from rejects where stage = 'infer'")
    assert reason.startswith("no rationale: DeadlyItemError: SIGSEGV")


def test_label_of_a_deadly_rationale_is_given_to_a_new_post_with_that_content(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _fill(connection)
    infer(
        connection,
        lambda: Refusing(DeadlyItemError("SIGSEGV"), "text 3"),
        new_run(connection),
        SETTINGS,
    )
    store_posts(connection, [make_post("copy", "text 3")], name="later.jsonl")
    for _ in range(2):  # and the second run changes nothing
        engine = ScriptedEngine()
        infer(connection, lambda engine=engine: engine, new_run(connection), SETTINGS)
        assert not engine.labelled + engine.rationalized
        same = "select count(distinct label), count(*) from predictions where content_key = (select"
        same += " content_key from predictions where post_id = 'test:copy')"
        assert rows(connection, same) == [(1, 2)]
    reasons = rows(connection, "select raw, reason from rejects where stage = 'infer' order by all")
    assert [raw for raw, _ in reasons] == ["test:3 ", "test:copy "]
    assert all(reason.startswith("no rationale: ") for _, reason in reasons)
