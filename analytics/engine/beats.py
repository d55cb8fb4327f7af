"""Beats: signs that an engine gets on with its work; and for how long its model computes.

An engine that hangs (a driver, a lock) looks like one that has much to do, but does not beat.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from analytics.contract.timing import WorkClock

_listeners: list[Callable[[], None]] = []


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
