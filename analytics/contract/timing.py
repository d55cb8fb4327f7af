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


class TimedEngine:
    """An engine with a clock; it may be asked by several threads.

    `clock` gives seconds that only grow.
    """

    def __init__(self, engine: Engine, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._engine = engine
        self._clock = clock
        self._lock = threading.Lock()
        self._started = clock()
        self._worked_before = read_worked_s(engine) or 0.0
        self._busy_s = 0.0
        self._n_calls = 0
        self._busy_since = 0.0

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
        with self._lock:
            going_on = self._clock() - self._busy_since if self._n_calls else 0.0
            return self._busy_s + going_on

    def label(self, items: Sequence[Item]) -> list[LabelReply]:
        """As the engine does."""
        with self._timed():
            return self._engine.label(items)

    def rationalize(self, items: Sequence[Item]) -> list[TextReply]:
        """As the engine does."""
        with self._timed():
            return self._engine.rationalize(items)

    def close(self) -> None:
        """Close the engine."""
        self._engine.close()

    @contextmanager
    def _timed(self) -> Iterator[None]:
        with self._lock:
            if not self._n_calls:
                self._busy_since = self._clock()
            self._n_calls += 1
        try:
            yield
        finally:
            with self._lock:
                self._n_calls -= 1
                if not self._n_calls:
                    self._busy_s += self._clock() - self._busy_since
