"""An engine that is loaded again when it dies.

A death is told to the caller as a fault of the batch, so that halving (`ask_each`)
finds the item that kills it. Calls that run beside one another die together; after a death
they take turns for a while, so that the one at fault is found. Loading again waits longer
from try to try.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Literal

from analytics.contract.engine import (
    Engine,
    EngineFacts,
    LabelReply,
    TextReply,
    read_worked_s,
)
from analytics.contract.errors import (
    DeadlyItemError,
    EngineDiedError,
    EngineDownError,
    EngineError,
)
from analytics.contract.records import Item

logger = logging.getLogger(__name__)

Method = Literal["label", "rationalize"]

MAX_RESTARTS = 5
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0
_LOOK_S = 0.2
# So many items in a row on each of which alone it died, and the engine is at fault.
_MAX_DEADLY = 8
# So many calls after a death run alone: enough to halve a batch of any size.
_CAREFUL_CALLS = 32
# A restarted engine that dies on this is not killed by what it is asked.
_HARMLESS = Item(content_key="harmless", text="Good morning.")


class RestartingEngine:
    """The engine that `load` makes, made again when it dies.

    `on_restart` is called when a new one has answered. After `is_stopped` none is loaded again.

    Raises:
        AnalyticsError: what `load` raises the first time.
    """

    def __init__(
        self,
        load: Callable[[], Engine],
        *,
        on_restart: Callable[[], None] = lambda: None,
        sleep: Callable[[float], object] | None = None,
        is_stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._load = load
        self._on_restart = on_restart
        self._closed = threading.Event()
        self._is_stopped = is_stopped
        self._sleep = sleep or self._pause
        self._turns = _Turns()
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._engine: Engine | None = load()
        self._facts = self._engine.facts
        self._n_deadly = 0
        self._given_up: EngineDiedError | None = None
        # Of engines that died, less what they computed while they were loaded.
        self._worked_before: float | None = None
        self._worked_at_load = read_worked_s(self._engine) or 0.0

    @property
    def facts(self) -> EngineFacts:
        """What is known of the engine that was loaded first."""
        return self._facts

    @property
    def worked_s(self) -> float | None:
        """Seconds in which all engines together have computed; None where they do not say."""
        with self._lock:
            return self._add_work(self._engine)

    def _add_work(self, engine: Engine | None) -> float | None:
        now = None if engine is None else read_worked_s(engine)
        if now is None:
            return self._worked_before
        return (self._worked_before or 0.0) + now - self._worked_at_load

    def label(self, items: Sequence[Item]) -> list[LabelReply]:
        """The label probabilities of items, in order.

        Raises:
            DeadlyItemError: the engine died on the one item, twice.
            EngineError: the batch cannot be computed, or the engine died on it.
            EngineDiedError: the engine cannot be restarted, or dies on everything.
        """
        replies: list[LabelReply] = self._ask("label", items)
        return replies

    def rationalize(self, items: Sequence[Item]) -> list[TextReply]:
        """The rationales of items, in order; raises as `label` does."""
        replies: list[TextReply] = self._ask("rationalize", items)
        return replies

    def close(self) -> None:
        """Close the engine that runs, if one does; a call that is under way ends."""
        self._closed.set()
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()

    def _ask(self, method: Method, items: Sequence[Item]) -> list[Any]:
        """Ask; for one item that the engine died on once more, as that may have been chance."""
        n_deaths = 0
        while True:
            with self._turns.take(self._engine is None) as is_alone:
                with self._loading:
                    engine = self._engine if self._engine is not None else self._restart_once()
                try:
                    replies = _call(engine, method, items)
                except EngineDiedError as exc:
                    self._lose(engine, exc)
                    if len(items) > 1:
                        raise EngineError(f"{exc}: a batch of {len(items)}") from exc
                    # Beside others, what it died on may be theirs.
                    n_deaths += is_alone or self._facts.max_calls == 1
                    death = exc
                else:
                    self._n_deadly = 0
                    return replies
                if n_deaths < 2:
                    continue
                self._n_deadly += 1
                if self._n_deadly >= _MAX_DEADLY:
                    self._given_up = EngineDiedError(
                        f"{death}; it died on {self._n_deadly} contents in a row, on each of them"
                        " alone and twice, so it is at fault and not they. Mend the engine, or"
                        " choose another in [model] engine; what was committed is kept"
                    )
                    raise self._given_up from death
                raise DeadlyItemError(f"the engine died on it twice, alone: {death}") from death

    def _pause(self, seconds: float) -> None:
        ends_at = time.monotonic() + seconds
        while (left := ends_at - time.monotonic()) > 0 and not self._is_stopped():
            if self._closed.wait(min(left, _LOOK_S)):
                break

    def _lose(self, dead: Engine, error: EngineDiedError) -> None:
        """Close an engine that died, unless another call has done so."""
        self._turns.be_careful()
        with self._lock:
            if self._engine is not dead:
                return
            self._engine = None
            self._worked_before = self._add_work(dead)
        logger.warning("%s", error)
        _close_dead(dead)

    def _restart_once(self) -> Engine:
        """A new engine; where none can be made, calls that come after do not wait for it again.

        Raises:
            EngineDownError: as `_restart` does, or did before.
        """
        if self._given_up is not None:
            raise EngineDiedError(str(self._given_up))
        try:
            return self._restart()
        except EngineDiedError as exc:
            self._given_up = exc
            raise

    def _restart(self) -> Engine:
        """A new engine that has answered once.

        Raises:
            EngineDiedError: there is none after so many tries.
            EngineDownError: it is not wanted any more.
        """
        pause = _FIRST_PAUSE_S
        for n in range(1, MAX_RESTARTS + 1):
            if self._closed.is_set():
                raise EngineDownError("the engine was closed. Load it again")
            logger.warning("loading the engine again in %.0f s (try %d)", pause, n)
            self._sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)
            try:
                if self._is_stopped():
                    raise KeyboardInterrupt
                engine = self._load()
            except KeyboardInterrupt as exc:
                raise EngineDownError("the run was stopped while the engine was down") from exc
            except EngineError as exc:
                last = exc
                continue
            try:
                engine.label([_HARMLESS])
            except EngineDiedError as exc:
                last = exc
                _close_dead(engine)
                continue
            except EngineError:  # it is alive, which is what was asked
                logger.debug("the engine answers the trial item with an error", exc_info=True)
            with self._lock:
                self._engine = engine
                self._worked_at_load = read_worked_s(engine) or 0.0
            if self._closed.is_set():
                self.close()
            self._on_restart()
            return engine
        raise EngineDiedError(
            f"the engine died, and {MAX_RESTARTS} tries to load it again failed: {last}. What was"
            " committed is kept; mend the engine and run again"
        )


class _Turns:
    """Lets calls run beside one another, or one at a time for a while after a death."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._n_running = 0
        self._n_careful = 0
        self._is_one_alone = False

    def be_careful(self) -> None:
        """Let the next calls run alone."""
        with self._condition:
            self._n_careful = _CAREFUL_CALLS

    @contextmanager
    def take(self, is_alone: bool) -> Iterator[bool]:
        """Wait for a turn; whether no other call runs in it."""
        with self._condition:
            self._condition.wait_for(lambda: self._may_run(is_alone))
            is_alone = is_alone or self._n_careful > 0
            self._n_careful = max(0, self._n_careful - 1)
            self._is_one_alone = is_alone
            self._n_running += 1
        try:
            yield is_alone
        finally:
            with self._condition:
                self._n_running -= 1
                self._is_one_alone = False
                self._condition.notify_all()

    def _may_run(self, is_alone: bool) -> bool:
        if is_alone or self._n_careful:
            return self._n_running == 0
        return not self._is_one_alone


def _call(engine: Engine, method: Method, items: Sequence[Item]) -> list[Any]:
    if method == "label":
        return engine.label(items)
    return engine.rationalize(items)


def _close_dead(engine: Engine) -> None:
    with suppress(EngineError, OSError, RuntimeError):  # its death is the fault to tell
        engine.close()
