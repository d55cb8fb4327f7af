"""An engine that is loaded again when it dies.

A death is told to the caller as a fault of the batch, so that halving (`ask_each`)
finds the item that kills it. Loading again waits longer from try to try.
"""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Literal

from analytics.contract.engine import Engine, EngineFacts, LabelReply, TextReply
from analytics.contract.errors import DeadlyItemError, EngineDiedError, EngineError
from analytics.contract.records import Item

logger = logging.getLogger(__name__)

Method = Literal["label", "rationalize"]

MAX_RESTARTS = 5
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0
# So many items in a row on each of which alone it died, and the engine is at fault.
_MAX_DEADLY = 8
# A restarted engine that dies on this is not killed by what it is asked.
_HARMLESS = Item(content_key="harmless", text="Good morning.")


class RestartingEngine:
    """The engine that `load` makes, made again when it dies.

    `on_restart` is called when a new one has answered.

    Raises:
        AnalyticsError: what `load` raises the first time.
    """

    def __init__(
        self,
        load: Callable[[], Engine],
        *,
        on_restart: Callable[[], None] = lambda: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._load = load
        self._on_restart = on_restart
        self._sleep = sleep
        self._engine: Engine | None = load()
        self._facts = self._engine.facts
        self._n_deadly = 0

    @property
    def facts(self) -> EngineFacts:
        """What is known of the engine that was loaded first."""
        return self._facts

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
        """Close the engine that runs, if one does."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def _ask(self, method: Method, items: Sequence[Item]) -> list[Any]:
        """Ask; for one item that the engine died on once more, as that may have been chance."""
        for _ in range(2):
            engine = self._engine if self._engine is not None else self._restart()
            try:
                replies = _call(engine, method, items)
            except EngineDiedError as exc:
                self._lose(exc)
                if len(items) > 1:
                    raise EngineError(f"{exc}: a batch of {len(items)}") from exc
                death = exc
            else:
                self._n_deadly = 0
                return replies
        self._n_deadly += 1
        if self._n_deadly >= _MAX_DEADLY:
            raise EngineDiedError(
                f"{death}; it died on {self._n_deadly} contents in a row, on each of them alone"
                " and twice, so it is at fault and not they. Mend the engine, or choose"
                " another in [model] engine; what was committed is kept"
            ) from death
        raise DeadlyItemError(f"the engine died on it twice, alone: {death}") from death

    def _lose(self, error: EngineDiedError) -> None:
        logger.warning("%s", error)
        dead, self._engine = self._engine, None
        if dead is not None:
            _close_dead(dead)

    def _restart(self) -> Engine:
        """A new engine that has answered once.

        Raises:
            EngineDiedError: there is none after so many tries.
        """
        pause = _FIRST_PAUSE_S
        for n in range(1, MAX_RESTARTS + 1):
            logger.warning("loading the engine again in %.0f s (try %d)", pause, n)
            self._sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)
            try:
                engine = self._load()
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
            self._engine = engine
            self._on_restart()
            return engine
        raise EngineDiedError(
            f"the engine died, and {MAX_RESTARTS} tries to load it again failed: {last}. What was"
            " committed is kept; mend the engine and run again"
        )


def _call(engine: Engine, method: Method, items: Sequence[Item]) -> list[Any]:
    if method == "label":
        return engine.label(items)
    return engine.rationalize(items)


def _close_dead(engine: Engine) -> None:
    with suppress(EngineError, OSError, RuntimeError):  # its death is the fault to tell
        engine.close()
