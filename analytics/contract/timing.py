"""How long an engine is busy, against how long a run has it."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from analytics.contract.engine import (
    Engine,
    EngineFacts,
    LabelReply,
    TextReply,
    read_worked_s,
)
from analytics.contract.records import Item


class WorkClock:
    """Sums the seconds in which something is at work; what overlaps counts once."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._n_at_work = 0
        self._since = 0.0
        self._seconds = 0.0
        self._is_known = False

    @property
    def seconds(self) -> float | None:
        """Seconds up to now; None where nothing ever worked."""
        with self._lock:
            if not self._is_known:
                return None
            return self._seconds + (self._clock() - self._since if self._n_at_work else 0.0)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Count the time of the block."""
        with self._lock:
            self._is_known = True
            if not self._n_at_work:
                self._since = self._clock()
            self._n_at_work += 1
        try:
            yield
        finally:
            with self._lock:
                self._n_at_work -= 1
                if not self._n_at_work:
                    self._seconds += self._clock() - self._since


class TimedEngine:
    """An engine with a clock; it may be asked by several threads.

    `clock` gives seconds that only grow.
    """

    def __init__(self, engine: Engine, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._engine = engine
        self._clock = clock
        self._asked = WorkClock(clock)
        self._started = clock()
        self._worked_before = read_worked_s(engine) or 0.0

    @property
    def facts(self) -> EngineFacts:
        """What is known of the engine."""
        return self._engine.facts

    @property
    def elapsed_s(self) -> float:
        """Seconds since the engine was given to this clock, loaded."""
        return self._clock() - self._started

    @property
    def busy_s(self) -> float:
        """Of those, the seconds in which its model computes.

        Where the engine does not tell: with a call going on; calls at the same time count once.
        """
        if (worked := read_worked_s(self._engine)) is not None:
            return worked - self._worked_before
        return self._asked.seconds or 0.0

    def label(self, items: Sequence[Item]) -> list[LabelReply]:
        """As the engine does."""
        with self._asked.at_work():
            return self._engine.label(items)

    def rationalize(self, items: Sequence[Item]) -> list[TextReply]:
        """As the engine does."""
        with self._asked.at_work():
            return self._engine.rationalize(items)

    def close(self) -> None:
        """Close the engine."""
        self._engine.close()
