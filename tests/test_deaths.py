"""Contents that kill the engine, or the whole run: found, rejected, and not sent again."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event

import duckdb
import pytest

from analytics.contract.engine import Engine
from analytics.contract.errors import DeadlyItemError, EngineError
from analytics.contract.records import Item
from analytics.engine.process_engine import ProcessEngine
from analytics.engine.restarting import RestartingEngine
from analytics.infer import InferSettings, infer
from analytics.store.forget import forget
from analytics.store.in_flight import InFlight
from analytics.store.predictions import ResultKey
from analytics.store.runs import Run
from analytics.store.warehouse import open_writer
from tests.crash import DyingEngine, read_log
from tests.scripted import KEY, ScriptedEngine, make_post, new_run, rows, scalar, store_posts

SETTINGS = InferSettings(model_id="m", result_digest="r", data_dir=Path("data"), chunk_items=8)
N_POSTS = 24


def fill(connection: duckdb.DuckDBPyConnection) -> None:
    posts = [make_post(str(i), f"post number {i:02}", line=i) for i in range(N_POSTS)]
    store_posts(connection, posts)


def load_dying() -> Engine:
    return DyingEngine(max_calls=int(os.environ.get("SCRIPTED_CALLS", "1")))


def judge(
    connection: duckdb.DuckDBPyConnection, settings: InferSettings = SETTINGS
) -> tuple[Run, list[Engine]]:
    """One run as the pipeline does it, but without waiting; and the engines it loaded."""
    run, loaded = new_run(connection), []

    def count_restart() -> None:
        run.counts.count_engine_restarts += 1

    def load() -> Engine:
        loaded.append(ProcessEngine(load_dying))
        return loaded[-1]

    infer(
        connection,
        lambda: RestartingEngine(load, on_restart=count_restart, sleep=lambda s: None),
        run,
        settings,
    )
    return run, loaded


@pytest.mark.parametrize("death", ["SIGSEGV", "exit"])
def test_content_that_kills_the_engine_is_rejected_and_the_run_goes_on(
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    death: str,
) -> None:
    fill(connection)
    log = tmp_path / "calls"
    for name, value in {"LOG": str(log), "POISON": "number 11", "DEATH": death}.items():
        monkeypatch.setenv(f"SCRIPTED_{name}", value)
    run, loaded = judge(connection)
    assert scalar(connection, "select count(*) from predictions") == N_POSTS - 1
    ((stage, reason, raw),) = rows(connection, "select stage, reason, raw from rejects")
    assert (stage, raw) == ("infer", "test:11 ")
    told = "SIGSEGV" if death == "SIGSEGV" else "exit code 7"
    assert reason.startswith("DeadlyItemError: the engine died on it twice, alone: ")
    assert told in reason
    assert run.counts.count_rejects == 1
    # Two, one, and that one again.
    assert run.counts.count_engine_restarts == len(loaded) - 1 == 3
    assert scalar(connection, "select count_engine_restarts from runs") == 3
    (deadly,) = [key for (key,) in rows(connection, "select content_key from deadly_contents")]
    sent = read_log(log, "label")
    assert sent[deadly] == 3
    chunk = {key for (key,) in rows(connection, "select content_key from plan_contents limit 16")}
    assert {key for key, n in sent.items() if n > 1 and key != "harmless"} < chunk

    # The next run, a copy, and what was asked for by hand.
    store_posts(connection, [make_post("copy", "post number  11", line=99)], name="later.jsonl")
    run, loaded = judge(connection)
    assert loaded == []
    assert run.counts.count_rejects == 1
    assert [raw for (raw,) in rows(connection, "select raw from rejects order by all")] == [
        "test:11 ",
        "test:copy ",
    ]
    monkeypatch.delenv("SCRIPTED_POISON")
    judge(connection, replace(SETTINGS, retries_deadly=True))
    assert scalar(connection, "select count(*) from predictions") == N_POSTS + 1
    assert rows(connection, "from rejects") == []
    assert rows(connection, "from deadly_contents") == []


def test_content_that_kills_an_engine_of_several_calls_is_found_among_them(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls that run beside the deadly one die with it; none of their contents is blamed."""
    fill(connection)
    log = tmp_path / "calls"
    settings = {"LOG": str(log), "POISON": "number 11", "CALLS": "3", "S": "0.05"}
    for name, value in settings.items():
        monkeypatch.setenv(f"SCRIPTED_{name}", value)
    run, _ = judge(connection)
    assert [raw for (raw,) in rows(connection, "select raw from rejects")] == ["test:11 "]
    assert scalar(connection, "select count(*) from predictions") == N_POSTS - 1
    assert scalar(connection, "select count(rationale_status) from predictions") == N_POSTS - 1
    assert run.counts.count_engine_restarts <= 5


class DeadlyEngine(ScriptedEngine):
    """Says of one text what a restarted engine says."""

    def _check(self, items: Sequence[Item]) -> None:
        if any("number 11" in item.text for item in items):
            raise DeadlyItemError("the engine died on it") if len(items) == 1 else EngineError("no")


def test_other_model_is_asked_for_what_killed_one(connection: duckdb.DuckDBPyConnection) -> None:
    fill(connection)
    infer(connection, DeadlyEngine, new_run(connection), SETTINGS)
    infer(connection, ScriptedEngine, new_run(connection), replace(SETTINGS, model_id="m2"))
    assert scalar(connection, "select count(*) from predictions where model_id = 'm2'") == N_POSTS
    assert rows(connection, "from rejects") == []
    infer(connection, ScriptedEngine, new_run(connection), SETTINGS)
    assert [raw for (raw,) in rows(connection, "select raw from rejects")] == ["test:11 "]


def test_forgotten_post_leaves_no_deadly_content(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    fill(connection)
    infer(connection, DeadlyEngine, new_run(connection), SETTINGS)
    assert scalar(connection, "select count(*) from deadly_contents") == 1
    forget(connection, author_key=KEY, data_dir=tmp_path, post_id="test:11")
    assert rows(connection, "from deadly_contents") == []


VICTIM = """
import sys
from dataclasses import replace
from pathlib import Path
from analytics.infer import infer
from analytics.store.warehouse import in_flight_path, open_writer
from tests.crash import DyingEngine
from tests.scripted import new_run
from tests.test_deaths import SETTINGS

path = Path(sys.argv[1])
settings = replace(SETTINGS, in_flight=in_flight_path(path))
with open_writer(path, "infer") as connection:
    infer(connection, DyingEngine, new_run(connection), settings)
"""


def test_content_that_kills_the_whole_run_is_isolated_by_runs(tmp_path: Path) -> None:
    """An engine in the run's own process, or a machine that ends both when memory is short."""
    path, log = tmp_path / "w.duckdb", tmp_path / "calls"
    with open_writer(path, "ingest") as connection:
        fill(connection)
    settings = {"LOG": str(log), "POISON": "number 11", "DEATH": "SIGKILL"}
    environment = {**os.environ, **{f"SCRIPTED_{name}": v for name, v in settings.items()}}
    n_deaths = 0
    while True:
        done = subprocess.run(
            [sys.executable, "-c", VICTIM, str(path)],
            check=False,
            capture_output=True,
            text=True,
            env=environment,
        )
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
        n_deaths += 1
        assert n_deaths < 9, "the runs do not come to an end"
        assert (tmp_path / "w.duckdb.in-flight").exists()
    # Up to eight that were under way, four, two, one, and that one twice again.
    assert 4 <= n_deaths <= 6
    assert not (tmp_path / "w.duckdb.in-flight").exists()
    with duckdb.connect(str(path)) as connection:
        assert scalar(connection, "select count(*) from predictions") == N_POSTS - 1
        ((reason, raw),) = rows(connection, "select reason, raw from rejects")
        assert reason.startswith("DeadlyItemError: 3 runs died while they judged it, alone")
        assert raw == "test:11 "
        (deadly,) = [key for (key,) in rows(connection, "select content_key from deadly_contents")]
    sent = read_log(log, "label")
    assert sent.pop(deadly) == n_deaths
    assert sum(n > 1 for n in sent.values()) < SETTINGS.chunk_items


def test_chunk_of_a_killed_run_is_halved_and_the_rest_is_not(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    fill(connection)
    note = tmp_path / "note"
    settings = replace(SETTINGS, in_flight=note)

    def stop(n: int) -> None:
        if n >= 8:
            raise SystemExit("as if killed")

    engine = ScriptedEngine(on_label=stop)
    with pytest.raises(SystemExit):
        infer(connection, lambda: engine, new_run(connection), settings)
    assert not note.exists()  # that was an end which Python saw

    key = ResultKey(model_id="m", result_digest="r", run_id="x")
    rest = [k for (k,) in rows(connection, "select content_key from plan_contents offset 8")]
    InFlight(note, key).begin(rest[:8])
    sizes: list[int] = []
    infer(connection, ScriptedEngine, new_run(connection), settings, on_items=sizes.append)
    assert sizes == [4, 4, 8]
    assert not note.exists()
    assert scalar(connection, "select count(*) from predictions") == N_POSTS


@pytest.mark.parametrize("text", ["", "{", "[]", '{"contents": 3}'])
def test_damaged_note_is_no_note(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, text: str
) -> None:
    fill(connection)
    note = tmp_path / "note"
    note.write_text(text, encoding="utf-8")
    sizes: list[int] = []
    settings = replace(SETTINGS, in_flight=note)
    infer(connection, ScriptedEngine, new_run(connection), settings, on_items=sizes.append)
    assert sizes == [8, 8, 8]


def test_note_of_another_model_is_no_note(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    note = tmp_path / "note"
    key = ResultKey(model_id="m", result_digest="r", run_id="x")
    for _ in range(3):
        assert not InFlight(note, key).is_deadly(["a"])
        InFlight(note, key).begin(["a"])
    assert InFlight(note, key).is_deadly(["a"])
    assert not InFlight(note, key).is_deadly(["b"])
    assert not InFlight(note, replace(key, result_digest="r2")).is_deadly(["a"])


def test_run_that_is_asked_to_stop_holds_nothing_against_what_it_judged(tmp_path: Path) -> None:
    # `docker stop` sends SIGTERM, and soon SIGKILL: the second finds no note.
    note = tmp_path / "note"
    stopped = Event()
    in_flight = InFlight(note, ResultKey(model_id="m", result_digest="r", run_id="x"))
    with in_flight.watch(stopped.is_set):
        in_flight.begin(["a"])
        assert note.exists()
        stopped.set()
        give_up_at = time.monotonic() + 30
        while note.exists():
            assert time.monotonic() < give_up_at, "the note stays"
            time.sleep(0.01)
        in_flight.begin(["b"])
        assert not note.exists()


def test_note_of_before_the_start_of_the_machine_is_no_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note, boot = tmp_path / "note", tmp_path / "boot_id"
    monkeypatch.setattr("analytics.store.in_flight._BOOT_ID", boot)
    key = ResultKey(model_id="m", result_digest="r", run_id="x")
    boot.write_text("one\n", encoding="ascii")
    for _ in range(3):
        InFlight(note, key).begin(["a"])
    assert InFlight(note, key).is_deadly(["a"])
    boot.write_text("two\n", encoding="ascii")
    assert not InFlight(note, key).is_deadly(["a"])
