"""Who may use an engine: many batches at once, or one that must be alone in it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Turns:
    """Batches enter together; a holder lets the others run out and is then alone.

    A reservation that is not used within `lapse_s` seconds is gone, so that a holder
    that dies blocks nobody.
    """

    def __init__(
        self, *, lapse_s: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._lapse_s = lapse_s
        self._clock = clock
        self._changed = threading.Condition()
        self._n_inside = 0
        self._holder: str | None = None
        self._lapses_at = 0.0

    @property
    def n_inside(self) -> int:
        """The batches that are inside now."""
        return self._n_inside

    def reserve(self, holder: str, *, timeout_s: float) -> bool:
        """Wait until nobody is inside; False where that takes too long, or another holds it."""
        with self._changed:
            if not self._is_open_to(holder):
                return False
            self._holder, self._lapses_at = holder, self._clock() + timeout_s + self._lapse_s
            is_empty = self._changed.wait_for(lambda: not self._n_inside, timeout_s)
            if not is_empty:
                self._holder = None
            self._lapses_at = self._clock() + self._lapse_s
            return is_empty

    @contextmanager
    def enter(self, holder: str | None = None) -> Iterator[bool]:
        """Be inside for the time of the block; gives False where another holds the engine."""
        with self._changed:
            may_enter = self._is_open_to(holder)
            if may_enter:
                self._n_inside += 1
                if holder is not None:
                    self._holder, self._lapses_at = holder, float("inf")
        try:
            yield may_enter
        finally:
            if may_enter:
                with self._changed:
                    self._n_inside -= 1
                    if holder is not None:
                        self._holder = None
                    self._changed.notify_all()

    def _is_open_to(self, holder: str | None) -> bool:
        is_free = self._holder is None or self._clock() >= self._lapses_at
        return is_free or self._holder == holder
