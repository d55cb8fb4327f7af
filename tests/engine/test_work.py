"""For how long a model computes is told apart from what is done around it."""

from collections.abc import Sequence
from contextlib import suppress

import pytest

from analytics.contract.engine import Engine, LabelReply, read_worked_s
from analytics.contract.errors import EngineDiedError, EngineError
from analytics.contract.records import Item
from analytics.contract.timing import TimedEngine, WorkClock
from analytics.engine import beats
from analytics.engine.beats import computing
from analytics.engine.process_engine import ProcessEngine
from analytics.engine.restarting import RestartingEngine
from tests.scripted import ScriptedEngine

ITEMS = [Item(content_key=str(n), text=f"text {n}") for n in range(2)]


class Clock:
    """Stands still but where it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


CLOCK = Clock()


class Worker(ScriptedEngine):
    """A call computes for three seconds, and prepares for five."""

    def label(self, items: Sequence[Item]) -> list[LabelReply]:
        with computing():
            CLOCK.now += 3
        CLOCK.now += 5
        return super().label(items)


def load_worker() -> Engine:
    """In the process of the engine: seconds pass there as the engine says."""
    beats._work = WorkClock(CLOCK)
    return Worker()


def test_work_that_overlaps_counts_once() -> None:
    clock = Clock()
    work = WorkClock(clock)
    assert work.seconds is None
    with work.at_work():
        clock.now = 1
        with work.at_work():
            clock.now = 3
        assert work.seconds == 3
        clock.now = 4
    clock.now = 9
    assert work.seconds == 4
    with suppress(EngineError), work.at_work():
        clock.now = 10
        raise EngineError("a step that fails counts, too")
    assert work.seconds == 5


def test_process_of_an_engine_tells_how_long_its_model_computed() -> None:
    engine = ProcessEngine(load_worker)
    try:
        assert read_worked_s(engine) is None
        timed = TimedEngine(engine)
        for n in (1, 2):
            timed.label(ITEMS)
            assert read_worked_s(engine) == timed.busy_s == 3 * n
    finally:
        engine.close()


def test_engine_that_does_not_tell_is_busy_while_it_is_asked() -> None:
    clock = Clock()

    def wait(n: int) -> None:
        clock.now += 2

    assert read_worked_s(ScriptedEngine()) is None
    timed = TimedEngine(RestartingEngine(lambda: ScriptedEngine(on_label=wait)), clock=clock)
    timed.label(ITEMS)
    assert timed.busy_s == 2


def test_work_of_engines_that_died_counts_and_loading_does_not() -> None:
    class Mortal(ScriptedEngine):
        worked_s: float | None = 10.0  # while it loaded

        def label(self, items: Sequence[Item]) -> list[LabelReply]:
            assert self.worked_s is not None
            self.worked_s += 1
            if len(items) > 1:
                raise EngineDiedError("gone")
            return super().label(items)

    engine = RestartingEngine(Mortal, sleep=lambda seconds: None)
    timed = TimedEngine(engine)
    assert timed.busy_s == 0
    with pytest.raises(EngineError):
        timed.label(ITEMS)
    assert timed.busy_s == 1
    timed.label(ITEMS[:1])
    assert timed.busy_s == 2
