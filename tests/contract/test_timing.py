import threading
from collections.abc import Sequence

import pytest

from analytics.contract.engine import LabelReply
from analytics.contract.errors import EngineError
from analytics.contract.records import Item
from analytics.contract.timing import TimedEngine
from tests.scripted import ScriptedEngine

ITEMS = [Item(content_key=str(n), text=f"post {n}") for n in range(3)]


class _Clock:
    """Stands still but where it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += seconds


class _SlowEngine(ScriptedEngine):
    """A label takes two seconds of the clock, a rationale five."""

    def __init__(self, clock: _Clock, **values: str) -> None:
        super().__init__(on_label=lambda n: clock.move(2), **values)  # type: ignore[arg-type]
        self._clock = clock

    def rationalize(self, items: Sequence[Item]) -> list:  # type: ignore[type-arg]
        self._clock.move(5)
        return super().rationalize(items)


def test_seconds_in_calls_and_between_them_are_told_apart() -> None:
    clock = _Clock()
    engine = TimedEngine(_SlowEngine(clock), clock=clock)
    assert (engine.busy_s, engine.elapsed_s) == (0, 0)
    clock.move(1)
    assert engine.label(ITEMS) == ScriptedEngine().label(ITEMS)
    clock.move(1)
    assert engine.rationalize(ITEMS) == ScriptedEngine().rationalize(ITEMS)
    assert (engine.busy_s, engine.elapsed_s) == (7, 9)


def test_call_that_fails_counts() -> None:
    clock = _Clock()
    engine = TimedEngine(_SlowEngine(clock, fails_on="post 1"), clock=clock)
    with pytest.raises(EngineError):
        engine.rationalize(ITEMS)
    assert engine.busy_s == 5
    clock.move(3)
    assert (engine.busy_s, engine.elapsed_s) == (5, 8)


def test_facts_and_end_are_those_of_the_engine() -> None:
    scripted = ScriptedEngine()
    engine = TimedEngine(scripted)
    assert engine.facts is scripted.facts
    engine.close()
    assert scripted.is_closed


def test_calls_at_the_same_time_count_once_and_one_that_goes_on_counts_up_to_now() -> None:
    clock = _Clock()
    inside, go_on = threading.Barrier(3, timeout=10), threading.Event()

    class _Waiting(ScriptedEngine):
        def label(self, items: Sequence[Item]) -> list[LabelReply]:
            inside.wait()
            go_on.wait(10)
            return super().label(items)

    engine = TimedEngine(_Waiting(), clock=clock)
    threads = [threading.Thread(target=engine.label, args=(ITEMS,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    inside.wait()
    clock.move(4)
    assert engine.busy_s == 4
    go_on.set()
    for thread in threads:
        thread.join()
    clock.move(2)
    assert (engine.busy_s, engine.elapsed_s) == (4, 6)
