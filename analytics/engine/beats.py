"""Beats: signs that an engine gets on with its work; and for how long its model computes.

An engine that hangs (a driver, a lock) looks like one that has much to do, but does not beat.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_listeners: list[Callable[[], None]] = []


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


_work = WorkClock()


@contextmanager
def computing() -> Iterator[None]:
    """Count the time of a step or a batch of the model itself; a beat follows."""
    with _work.at_work():
        yield
    beat()


def worked_s() -> float | None:
    """Seconds in which models of this process computed; None where none has told."""
    return _work.seconds


def beat() -> None:
    """Say that some work was done: a batch, a step of decoding. Costs nothing if nobody hears."""
    for listener in _listeners:
        listener()


def listen(listener: Callable[[], None]) -> None:
    """Call `listener` at each beat of this process, in the thread that beats."""
    _listeners.append(listener)
