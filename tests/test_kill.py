"""Runs that are killed at random moments end up as one that was left in peace."""

import os
import pty
import random
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from tests.crash import (
    CHUNK_ITEMS,
    count_statuses,
    kill_until_done,
    make_project,
    read_log,
    read_tables,
    start,
)
from tests.scripted import scalar

BATCH_S = "0.03"


@pytest.mark.parametrize("n_calls", [1, 3])
def test_killed_at_random_moments_it_ends_up_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_calls: int
) -> None:
    monkeypatch.setenv("SCRIPTED_CALLS", str(n_calls))
    config, log = make_project(tmp_path / "project"), tmp_path / "calls"
    began = time.monotonic()
    rng = random.Random(5)
    assert kill_until_done(config, log, rng, span_s=1, max_kills=0, batch_s=BATCH_S) == []
    span_s = time.monotonic() - began
    undisturbed, sent = read_tables(config), read_log(log, "label")
    assert set(sent.values()) == {1}
    assert undisturbed["rejects"]
    assert len(undisturbed["memo"]) == len(sent) > 5 * CHUNK_ITEMS

    kills: list[int] = []
    for _ in range(5):
        shutil.rmtree(config.parent)
        log.unlink()
        make_project(config.parent)
        began = time.monotonic()
        kills = kill_until_done(config, log, rng, span_s=span_s, max_kills=5, batch_s=BATCH_S)
        if kills:
            break
        span_s = time.monotonic() - began  # it was faster than the one that was left in peace
    assert kills
    assert read_tables(config) == undisturbed
    again = read_log(log, "label")
    assert set(again) == set(sent)
    assert again.total() - len(again) == sum(kills)
    assert max(kills) <= CHUNK_ITEMS
    left = {path.name for path in config.parent.iterdir() if path.name.startswith("warehouse")}
    assert left == {"warehouse.duckdb", "warehouse.duckdb.lock", "warehouse.snapshot.duckdb"}


def wait_for_calls(process: subprocess.Popen[str], log: Path, n: int) -> None:
    deadline = time.monotonic() + 120
    while not log.exists() or len(log.read_text(encoding="utf-8").splitlines()) < n:
        assert process.poll() is None, "the run has ended"
        assert time.monotonic() < deadline, "the engine is not asked"
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_first_signal_ends_the_run_after_what_is_under_way(
    tmp_path: Path, number: signal.Signals
) -> None:
    config, log = make_project(tmp_path / "project", n_posts=30), tmp_path / "calls"
    process = start(config, "run", log=str(log), s="0.2")
    wait_for_calls(process, log, 3)
    os.killpg(process.pid, number)  # as a terminal does, to all of its processes
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Stopping after what is under way; once more stops at once." in errors
    assert "stopped by the user. What was committed is kept" in errors
    assert "Traceback" not in errors
    assert count_statuses(config) == {"interrupted": 1}
    with duckdb.connect(str(config.parent / "warehouse.duckdb"), read_only=True) as connection:
        count = scalar(connection, "select count(*) from memo")
        assert scalar(connection, "select count_engine_labels from runs") == count
    sent = read_log(log, "label")
    assert count == len(sent)
    assert 0 < count <= 2 * CHUNK_ITEMS
    assert not list(config.parent.glob("*.in-flight"))

    process = start(config, "run", log=str(log))
    _, errors = process.communicate(timeout=60)
    assert process.returncode in (0, 3), errors
    assert set(read_log(log, "label").values()) == {1}


def is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text()


@pytest.mark.parametrize("n_before", [0, 1], ids=["first", "again after a death"])
def test_signal_while_the_model_loads_ends_the_run_at_once(tmp_path: Path, n_before: int) -> None:
    config, log = make_project(tmp_path / "project", n_posts=30), tmp_path / "calls"
    loading = tmp_path / "loading"
    settings = {"poison": "Number 3 says"} if n_before else {}
    process = start(
        config,
        "run",
        log=str(log),
        loading=str(loading),
        load_s="300",
        slow_from=str(n_before + 1),
        **settings,
    )
    wait_for_calls(process, loading, n_before + 1)
    asked = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert time.monotonic() - asked < 15
    assert process.returncode == 1
    assert "stopped by the user. What was committed is kept" in errors
    assert "Traceback" not in errors
    assert count_statuses(config) == {"interrupted" if n_before else "interrupted, no engine": 1}
    assert not any(is_there(int(pid)) for pid in loading.read_text().split())
    assert not list(config.parent.glob("*.in-flight"))

    process = start(config, "run", log=str(log))
    _, errors = process.communicate(timeout=60)
    assert process.returncode in (0, 3), errors


@pytest.mark.parametrize("n_calls", ["1", "3"])
def test_second_signal_ends_the_run_at_once(tmp_path: Path, n_calls: str) -> None:
    config, log = make_project(tmp_path / "project", n_posts=30), tmp_path / "calls"
    process = start(config, "run", log=str(log), s="100", calls=n_calls)
    wait_for_calls(process, log, 1)
    asked = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(0.3)
    assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)  # to the end of the engine's process, too
    assert time.monotonic() - asked < 20
    assert process.returncode == 1
    assert "stopped by the user" in errors
    assert count_statuses(config) == {"interrupted": 1}
    assert not list(config.parent.glob("*.in-flight"))


def test_ctrl_c_in_a_terminal_ends_the_run_after_its_chunk(tmp_path: Path) -> None:
    """A terminal signals all processes of its foreground; the engine is none of them."""
    config, log = make_project(tmp_path / "project", n_posts=30), tmp_path / "calls"
    ours, theirs = pty.openpty()
    process = start(
        config,
        "run",
        log=str(log),
        s="0.2",
        terminal=theirs,
    )
    os.close(theirs)
    # A terminal that nobody reads is full after some kB, and then holds the run.
    with ThreadPoolExecutor(1) as reader:
        reading = reader.submit(read_terminal, ours)
        try:
            wait_for_calls(process, log, 3)
            os.write(ours, b"\x03")
            assert process.wait(timeout=60) == 1
        finally:
            process.kill()  # else one that does not end would keep the reader
        shown = reading.result(timeout=60)
    assert "Stopping after what is under way; once more stops at once." in shown
    assert "stopped by the user. What was committed is kept" in shown
    assert "Traceback" not in shown
    assert count_statuses(config) == {"interrupted": 1}
    with duckdb.connect(str(config.parent / "warehouse.duckdb"), read_only=True) as connection:
        assert scalar(connection, "select count(*) from memo") == len(read_log(log, "label"))


def read_terminal(descriptor: int) -> str:
    """What was shown, up to the end of the last process at the other side."""
    shown = b""
    with open(descriptor, "rb", buffering=0) as terminal:
        while True:
            try:
                part = terminal.read(4096)
            except OSError:  # how Linux tells that end
                break
            if not part:
                break
            shown += part
    return " ".join(shown.decode("utf-8", "replace").split())
