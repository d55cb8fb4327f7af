import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from analytics.contract.errors import EngineError
from analytics.contract.mentions import make_mask
from analytics.contract.policy import RationalePolicy
from analytics.infer import InferSettings, infer
from analytics.store.aspects import make_rule
from tests.scripted import Listening, ScriptedEngine, make_post, new_run, rows, scalar, store_posts

SETTINGS = InferSettings(model_id="m", result_digest="r", data_dir=Path("data"), chunk_items=4)
RESULT = "select * exclude (run_id, created_at) from predictions order by post_id, aspect"


def _fill(connection: duckdb.DuckDBPyConnection, n: int = 10) -> None:
    posts = [make_post(str(i), f"tram number {i}") for i in range(n)]
    posts.append(make_post("copy", "tram   number 0"))
    store_posts(connection, posts, rules=(make_rule("tram", ()),))


def test_each_item_gets_a_prediction_and_each_content_one_call(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _fill(connection)
    engine, run = ScriptedEngine(), new_run(connection)
    plan = infer(connection, lambda: engine, run, SETTINGS)
    assert (plan.count_items, plan.count_contents) == (22, 20)
    assert scalar(connection, "select count(*) from predictions") == 22
    assert len(engine.labelled) == len(set(engine.labelled)) == 20
    assert run.counts.count_engine_labels == run.counts.count_engine_rationales == 20
    assert run.counts.count_output_tokens == 140
    assert engine.is_closed


def test_second_run_makes_no_call_and_loads_no_engine(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _fill(connection)
    infer(connection, ScriptedEngine, new_run(connection), SETTINGS)

    def refuse() -> ScriptedEngine:
        raise AssertionError("the engine was loaded")

    before = rows(connection, "from predictions order by all")
    run = new_run(connection)
    assert infer(connection, refuse, run, SETTINGS).count_items == 0
    assert run.counts.count_engine_labels == 0
    assert rows(connection, "from predictions order by all") == before


def test_new_copy_is_filled_from_the_memo(connection: duckdb.DuckDBPyConnection) -> None:
    _fill(connection)
    infer(connection, ScriptedEngine, new_run(connection), SETTINGS)
    store_posts(connection, [make_post("late", "RT @a: tram number 3")])
    engine, run = ScriptedEngine(), new_run(connection)
    infer(connection, lambda: engine, run, SETTINGS)
    assert engine.labelled == []
    assert run.counts.count_memo_hits == 1


def test_other_model_or_digest_is_judged_anew(connection: duckdb.DuckDBPyConnection) -> None:
    _fill(connection, 2)
    infer(connection, ScriptedEngine, new_run(connection), SETTINGS)
    other = InferSettings(model_id="m", result_digest="r2", data_dir=Path("data"))
    engine = ScriptedEngine()
    infer(connection, lambda: engine, new_run(connection), other)
    assert len(engine.labelled) == 4
    assert scalar(connection, "select count(*) from predictions") == 12
    assert rows(connection, "select result_digest from current_model") == [("r2",)]
    assert scalar(connection, "select count(*) from int_current_predictions") == 6


def test_edited_post_gets_a_new_prediction(connection: duckdb.DuckDBPyConnection) -> None:
    _fill(connection, 2)
    infer(connection, ScriptedEngine, new_run(connection), SETTINGS)
    connection.execute("update posts set clean_text = 'tram changed' where post_id = 'test:1'")
    engine = ScriptedEngine()
    infer(connection, lambda: engine, new_run(connection), SETTINGS)
    assert len(engine.labelled) == 2
    assert scalar(connection, "select count(*) from predictions") == 6


def test_marts_do_not_show_a_prediction_of_an_older_text(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _fill(connection, 2)
    infer(connection, ScriptedEngine, new_run(connection), SETTINGS)
    connection.execute("update posts set clean_text = 'tram changed' where post_id = 'test:1'")
    found = rows(connection, "select label from int_judged_items where post_id = 'test:1'")
    assert found == [(None,), (None,)]


def test_rationales_are_added_later_to_bare_labels(connection: duckdb.DuckDBPyConnection) -> None:
    _fill(connection, 2)
    bare = InferSettings(
        model_id="m", result_digest="r", data_dir=Path("data"), rationales=RationalePolicy()
    )
    engine = ScriptedEngine()
    infer(connection, lambda: engine, new_run(connection), bare)
    assert engine.rationalized == []
    assert scalar(connection, "select count(rationale_status) from predictions") == 0
    labels = rows(connection, "select post_id, aspect, p_negative from predictions order by all")
    engine = ScriptedEngine()
    run = new_run(connection)
    infer(connection, lambda: engine, run, SETTINGS)
    assert engine.labelled == []
    assert len(engine.rationalized) == 4
    assert (run.counts.count_engine_labels, run.counts.count_engine_rationales) == (0, 4)
    assert labels == rows(
        connection, "select post_id, aspect, p_negative from predictions order by all"
    )
    assert scalar(connection, "select count(rationale_status) from predictions") == 6
    assert scalar(connection, "select count(*) from predictions") == 6
    assert scalar(connection, "select count(*) from memo") == 4


def test_post_level_can_be_left_out(connection: duckdb.DuckDBPyConnection) -> None:
    _fill(connection, 2)
    settings = InferSettings(
        model_id="m", result_digest="r", data_dir=Path("data"), post_level=False
    )
    infer(connection, ScriptedEngine, new_run(connection), settings)
    assert rows(connection, "select distinct aspect from predictions") == [("tram",)]


def test_item_that_fails_is_found_and_rejected(connection: duckdb.DuckDBPyConnection) -> None:
    _fill(connection, 40)
    run = new_run(connection)
    infer(connection, lambda: ScriptedEngine(fails_on="number 17"), run, SETTINGS)
    assert scalar(connection, "select count(*) from predictions") == 80
    assert rows(connection, "select stage, reason, raw from rejects order by all") == [
        ("infer", "EngineError: scripted failure", "test:17 "),
        ("infer", "EngineError: scripted failure", "test:17 tram"),
    ]
    assert run.counts.count_rejects == 2


def test_reject_of_an_item_goes_when_it_is_judged(connection: duckdb.DuckDBPyConnection) -> None:
    _fill(connection, 40)
    infer(connection, lambda: ScriptedEngine(fails_on="number 17"), new_run(connection), SETTINGS)
    infer(connection, ScriptedEngine, new_run(connection), SETTINGS)
    assert rows(connection, "from rejects") == []


def test_reject_of_an_item_goes_when_the_memo_knows_its_new_text(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _fill(connection, 40)
    infer(connection, lambda: ScriptedEngine(fails_on="number 17"), new_run(connection), SETTINGS)
    connection.execute(
        "update posts set clean_text = 'tram number 3' where clean_text = 'tram number 17'"
    )
    plan = infer(connection, ScriptedEngine, new_run(connection), SETTINGS)
    assert (plan.count_memo_hits, plan.count_contents) == (2, 0)
    assert rows(connection, "from rejects") == []


def test_rejects_are_looked_through_only_when_there_are_some(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _fill(connection)
    listening = Listening(connection)
    infer(listening, ScriptedEngine, new_run(connection), SETTINGS)  # type: ignore[arg-type]
    assert sum("insert into memo" in statement for statement in listening.statements) == 5
    assert not any("delete from rejects" in statement for statement in listening.statements)


def test_too_many_failures_fail_the_run(connection: duckdb.DuckDBPyConnection) -> None:
    _fill(connection, 4)
    with pytest.raises(EngineError, match="8 of 8 contents could not be judged"):
        infer(connection, lambda: ScriptedEngine(fails_on="tram"), new_run(connection), SETTINGS)
    # The next run meets nothing but what failed before: the engine is still broken.
    with pytest.raises(EngineError, match="8 of 8 contents could not be judged"):
        infer(connection, lambda: ScriptedEngine(fails_on="tram"), new_run(connection), SETTINGS)


def test_run_that_fails_leaves_the_results_that_marts_show(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _fill(connection, 4)
    infer(connection, ScriptedEngine, new_run(connection), SETTINGS)
    before = rows(connection, "from int_current_predictions order by all")
    other = replace(SETTINGS, result_digest="r2")
    with pytest.raises(EngineError, match="EngineError: scripted failure") as caught:
        infer(connection, lambda: ScriptedEngine(fails_on="tram"), new_run(connection), other)
    assert "`analytics marts` has published them" in str(caught.value)
    assert rows(connection, "select result_digest from current_model") == [("r",)]
    assert rows(connection, "from int_current_predictions order by all") == before
    assert scalar(connection, "select count(*) from rejects where stage = 'infer'") == 10
    infer(connection, ScriptedEngine, new_run(connection), other)
    assert rows(connection, "select result_digest from current_model") == [("r2",)]
    assert rows(connection, "from rejects") == []


def test_dead_engine_is_not_called_for_everything(connection: duckdb.DuckDBPyConnection) -> None:
    _fill(connection, 40)
    done: list[int] = []
    with pytest.raises(EngineError, match=r"not one of 32 contents in a row .* other 48 were not"):
        infer(
            connection,
            lambda: ScriptedEngine(fails_on="tram"),
            new_run(connection),
            SETTINGS,
            on_items=done.append,
        )
    assert sum(done) == 32
    # Who allows every content to fail gets every content tried.
    infer(
        connection,
        lambda: ScriptedEngine(fails_on="tram"),
        new_run(connection),
        replace(SETTINGS, max_bad_share=1.0),
        on_items=done.append,
    )
    assert sum(done) == 32 + 80


def test_chunk_of_contents_that_failed_before_does_not_end_the_run(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _fill(connection, 40)
    tolerant = replace(SETTINGS, max_bad_share=1.0)
    infer(connection, lambda: ScriptedEngine(fails_on="tram"), new_run(connection), tolerant)
    store_posts(connection, [make_post(f"z{i}", f"zebra {i}") for i in range(20)])
    infer(connection, lambda: ScriptedEngine(fails_on="tram"), new_run(connection), SETTINGS)
    assert scalar(connection, "select count(*) from predictions") == 20


def test_engine_sees_masked_texts_alone(connection: duckdb.DuckDBPyConnection) -> None:
    store_posts(connection, [make_post("1", "@anna likes the tram"), make_post("2", "no @one")])
    masked = replace(SETTINGS, mask=make_mask(["@one"]))
    infer(connection, lambda: ScriptedEngine(fails_on="@anna"), new_run(connection), masked)
    assert rows(connection, "from rejects") == []
    other = replace(masked, result_digest="r2")
    infer(connection, lambda: ScriptedEngine(fails_on="@one"), new_run(connection), other)
    assert rows(connection, "select raw from rejects") == [("test:2 ",)]


def test_what_another_model_failed_on_does_not_excuse_this_one(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _fill(connection, 40)
    tolerant = replace(SETTINGS, max_bad_share=1.0)
    infer(connection, lambda: ScriptedEngine(fails_on="tram"), new_run(connection), tolerant)
    other = replace(SETTINGS, model_id="another")
    with pytest.raises(EngineError, match="not one of 32 contents in a row"):
        infer(connection, lambda: ScriptedEngine(fails_on="tram"), new_run(connection), other)
    # Now it is this one that failed on them, so they excuse it.
    n_before = scalar(connection, "select count(*) from rejects where stage = 'infer'")
    with pytest.raises(EngineError, match="not one of 32 contents in a row"):
        infer(connection, lambda: ScriptedEngine(fails_on="tram"), new_run(connection), other)
    assert scalar(connection, "select count(*) from rejects where stage = 'infer'") == n_before


def test_item_has_one_reject_with_its_latest_reason(connection: duckdb.DuckDBPyConnection) -> None:
    _fill(connection, 40)
    for reason in ("first reason", "second reason"):
        run = new_run(connection)
        engine = ScriptedEngine(fails_on="number 17", failure=reason)
        infer(connection, lambda engine=engine: engine, run, SETTINGS)
        found = rows(connection, "select raw, reason, run_id from rejects order by raw")
        assert len({raw for raw, _, _ in found}) == len(found) == 2
        assert all(reason in why and by == run.run_id for _, why, by in found)


def test_few_bad_items_do_not_fail_the_runs_after(connection: duckdb.DuckDBPyConnection) -> None:
    """They are all that the second run has to judge, and few of all that there are."""
    _fill(connection, 40)
    for _ in range(2):
        run = new_run(connection)
        infer(connection, lambda: ScriptedEngine(fails_on="number 17"), run, SETTINGS)
        assert run.counts.count_rejects == 2
    assert scalar(connection, "select count(*) from rejects") == 2
    store_posts(connection, [make_post("late", "nothing new"), make_post("bad", "number 17 again")])
    infer(connection, lambda: ScriptedEngine(fails_on="number 17"), new_run(connection), SETTINGS)
    assert scalar(connection, "select count(*) from rejects") == 3
    assert scalar(connection, "select count(*) from predictions where post_id = 'test:late'") == 1


def test_stop_keeps_labels_whose_rationales_were_not_begun(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _fill(connection)
    first, second = ScriptedEngine(), ScriptedEngine()
    with pytest.raises(KeyboardInterrupt):
        infer(
            connection,
            lambda: first,
            new_run(connection),
            SETTINGS,
            is_stopped=lambda: len(first.labelled) >= 7,
        )
    assert first.is_closed
    assert (len(first.labelled), len(first.rationalized)) == (7, 4)
    assert scalar(connection, "select count(*) from memo") == 7
    infer(connection, lambda: second, new_run(connection), SETTINGS)
    assert (len(second.labelled), len(second.rationalized)) == (20 - 7, 20 - 4)
    assert scalar(connection, "select count(*) from memo where rationale_status is null") == 0


def test_counts_of_a_run_are_stored_with_what_was_judged(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _fill(connection)
    seen: list[int] = []

    def look(n: int) -> None:
        seen.append(scalar(connection, "select count_engine_labels from runs"))

    infer(connection, ScriptedEngine, new_run(connection), SETTINGS, on_items=look)
    assert seen == [4, 8, 12, 16, 20]


def test_rationale_of_an_unseen_picture_is_not_kept(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _fill(connection, 1)
    infer(connection, ScriptedEngine, new_run(connection), SETTINGS)
    assert rows(connection, "select distinct image_analysis from predictions") == [("",)]


VICTIM = """
import sys, time
from pathlib import Path
from analytics.infer import infer
from analytics.store.warehouse import open_writer
from tests.scripted import ScriptedEngine, new_run
from tests.test_infer import SETTINGS

def slowly(n: int) -> None:
    print(n, flush=True)
    time.sleep(0.05)

with open_writer(Path(sys.argv[1]), "infer") as connection:
    infer(connection, lambda: ScriptedEngine(on_label=slowly), new_run(connection), SETTINGS)
"""


@pytest.mark.parametrize("n_asked", [3, 10, 19])
def test_killed_run_goes_on_where_it_stopped(tmp_path: Path, n_asked: int) -> None:
    from analytics.store.warehouse import open_writer

    results = []
    for name in ("whole.duckdb", "killed.duckdb"):
        path = tmp_path / name
        with open_writer(path, "ingest") as connection:
            _fill(connection)
        if name == "killed.duckdb":
            with subprocess.Popen(
                [sys.executable, "-c", VICTIM, str(path)], stdout=subprocess.PIPE, text=True
            ) as victim:
                assert victim.stdout is not None
                for _ in range(n_asked + 1):
                    victim.stdout.readline()
                time.sleep(0.01)
                victim.kill()
        with open_writer(path, "infer") as connection:
            done_before = scalar(connection, "select count(*) from memo")
            engine = ScriptedEngine()
            run = new_run(connection)
            infer(connection, lambda engine=engine: engine, run, SETTINGS)  # type: ignore[misc]
            results.append(rows(connection, RESULT))
            if name == "killed.duckdb":
                # As many labels were asked for, of which a chunk may have been under way.
                assert done_before >= n_asked - SETTINGS.chunk_items
                assert len(engine.labelled) == 20 - done_before
                assert rows(connection, "select distinct status from runs order by all") == [
                    ("died",),
                    ("running",),
                ]
    assert results[0] == results[1]


def test_time_in_the_engine_is_told_apart_from_that_of_judging(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _fill(connection)
    run = new_run(connection)
    infer(connection, lambda: ScriptedEngine(on_label=lambda n: time.sleep(0.02)), run, SETTINGS)
    # Five chunks of four contents, a call of labels each.
    assert 0.1 < run.engine_s < run.infer_s
    assert rows(connection, "select infer_s, engine_s from runs where run_id = ?", run.run_id) == [
        (run.infer_s, run.engine_s)
    ]
    again = new_run(connection)
    infer(connection, ScriptedEngine, again, SETTINGS)
    assert (again.infer_s, again.engine_s) == (0.0, 0.0)
