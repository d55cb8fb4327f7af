"""Engines in processes of their own: replies, errors, deaths and log records."""

import atexit
import logging
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from analytics.contract.engine import Engine, LabelReply
from analytics.contract.errors import ConfigError, EngineDiedError, EngineError, ImageError
from analytics.contract.records import Item
from analytics.engine.beats import beat
from analytics.engine.process_engine import ProcessEngine
from analytics.engine.worker import make_portable
from tests.scripted import ScriptedEngine

ITEMS = [Item(content_key=str(n), text=f"text {n}", image_path=Path("a.jpg")) for n in range(3)]


class Strange(RuntimeError):
    """Of a module that the parent does not have loaded."""


class OddEngine(ScriptedEngine):
    """Does what the text of its first item says."""

    def label(self, items: Any) -> list[LabelReply]:
        text = items[0].text
        if text == "log":
            logging.getLogger("analytics.odd").warning("I have seen %d", len(items))
        elif text == "print":
            os.write(1, b"noise\n")
        elif text == "strange":
            raise Strange("odd")
        elif text == "bug":
            raise TypeError("a bug")
        elif text == "exit":
            os._exit(7)
        elif text == "sleep":
            time.sleep(60)
        elif text == "work":
            for _ in range(30):
                time.sleep(0.1)
                beat()
        elif text.startswith("SIG"):
            os.kill(os.getpid(), signal.Signals[text])
            time.sleep(10)
        return super().label(items)


def load(error: Exception | None = None) -> Engine:
    if error is not None:
        raise error
    return OddEngine(fails_on="fail")


def die() -> Engine:
    os._exit(9)


def ask(engine: ProcessEngine, text: str) -> list[LabelReply]:
    return engine.label([Item(content_key="k", text=text)])


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="module")
def engine() -> Any:
    loaded = ProcessEngine(load)
    yield loaded
    loaded.close()


def test_replies_are_those_of_the_engine(engine: ProcessEngine) -> None:
    direct = ScriptedEngine()
    assert engine.facts == direct.facts
    assert engine.label(ITEMS) == direct.label(ITEMS)
    assert engine.rationalize(ITEMS) == direct.rationalize(ITEMS)


def test_errors_keep_their_kind_and_the_engine_lives_on(engine: ProcessEngine) -> None:
    with pytest.raises(EngineError, match=r"^scripted failure$") as caught:
        ask(engine, "fail")
    assert not isinstance(caught.value, EngineDiedError)
    with pytest.raises(EngineError, match=r"^Strange: odd$"):
        ask(engine, "strange")
    assert len(ask(engine, "fine")) == 1


def test_bug_keeps_its_traceback(engine: ProcessEngine) -> None:
    with pytest.raises(TypeError, match="a bug") as caught:
        ask(engine, "bug")
    assert "in label" in "".join(caught.value.__notes__)


def test_log_records_are_logged_here(
    engine: ProcessEngine, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        ask(engine, "log")
    assert ("analytics.odd", logging.WARNING, "I have seen 1") in caplog.record_tuples


def test_what_is_printed_there_is_not_our_output(
    engine: ProcessEngine, capfd: pytest.CaptureFixture[str]
) -> None:
    ask(engine, "print")
    assert "noise" not in capfd.readouterr().out


@pytest.mark.parametrize(
    ("text", "told"),
    [("exit", "exit code 7"), ("SIGSEGV", "SIGSEGV"), ("SIGKILL", r"SIGKILL \(often the kernel")],
)
def test_death_is_told(text: str, told: str) -> None:
    mortal = ProcessEngine(load)
    with pytest.raises(EngineDiedError, match=f"process .*{told}.* it had 1 item to label"):
        ask(mortal, text)
    mortal.close()
    mortal.close()


@pytest.mark.parametrize(
    ("error", "kind"), [(ConfigError("no such option"), ConfigError), (OSError("x"), OSError)]
)
def test_error_of_loading_is_raised_here(error: Exception, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=str(error)):
        ProcessEngine(partial(load, error))


def test_death_in_loading_is_told() -> None:
    with pytest.raises(EngineDiedError, match="exit code 9 while it loaded"):
        ProcessEngine(die)


def test_close_within_a_call_ends_it_at_once() -> None:
    busy = ProcessEngine(load)
    pid = busy._process.pid

    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    started = time.monotonic()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            ask(busy, "sleep")
        busy.close()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - started < 10
    assert not is_running(pid)
    with pytest.raises(EngineError, match="closed"):
        ask(busy, "fine")


PARENT = """
import subprocess, sys, time
from analytics.engine.process_engine import ProcessEngine
from tests.engine import test_process_engine

engine = ProcessEngine(test_process_engine.load_with_child)
print("loaded", flush=True)
time.sleep(60) if sys.argv[1] == "idle" else test_process_engine.ask(engine, "sleep")
"""


def load_with_child() -> Engine:
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    return OddEngine()


@pytest.mark.parametrize("doing", ["idle", "asked"])
def test_killed_run_takes_its_engine_and_what_that_started_along(
    tmp_path: Path, doing: str
) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT, encoding="utf-8")
    parent = subprocess.Popen(
        [sys.executable, str(script), doing],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == "loaded\n"
    time.sleep(0.3)
    parent.kill()
    # Each of the three processes holds stderr: its end is that of the last.
    _, errors = parent.communicate(timeout=20)
    assert errors == ""


def load_with_handler(note: Path) -> Engine:
    atexit.register(note.write_text, "handled")
    return OddEngine()


def test_closed_process_ends_well_and_runs_its_exit_handlers(tmp_path: Path) -> None:
    note = tmp_path / "note"
    closing = ProcessEngine(partial(load_with_handler, note))
    ask(closing, "fine")
    closing.close()
    assert closing._process.returncode == 0
    assert note.read_text() == "handled"


def test_errors_with_constructors_of_their_own_can_travel() -> None:
    found = make_portable(ImageError("broken", "a.jpg: is broken"))
    assert type(found) is Exception
    assert str(found) == "ImageError: a.jpg: is broken"


def test_one_that_hangs_is_ended_and_one_that_works_long_is_not() -> None:
    engine = ProcessEngine(load, silence_s=2.0)
    try:
        time.sleep(2.5)  # idle is no silence
        assert len(ask(engine, "work")) == 1
        with pytest.raises(EngineDiedError, match=r"no progress for \d s .*engine_timeout_s"):
            ask(engine, "sleep")
        with pytest.raises(EngineDiedError, match="no progress"):
            ask(engine, "fine")
    finally:
        engine.close()
