"""Beats: signs that an engine gets on with its work, for whoever waits for it.

An engine that hangs (a driver, a lock) looks like one that has much to do, but does not beat.
"""

from collections.abc import Callable

_listeners: list[Callable[[], None]] = []


def beat() -> None:
    """Say that some work was done: a batch, a step of decoding. Costs nothing if nobody hears."""
    for listener in _listeners:
        listener()


def listen(listener: Callable[[], None]) -> None:
    """Call `listener` at each beat of this process, in the thread that beats."""
    _listeners.append(listener)
