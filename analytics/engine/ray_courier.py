"""Brings batches to replicas; what becomes of a batch whose replica dies.

Many batches are in a replica at once, so a death tells only that one of them may be at
fault. Each of them is then asked again alone in a replica, and halved when that dies, too,
until the content that kills it stands alone.
"""

import logging
import random
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import ray
from ray.exceptions import (
    ActorDiedError,
    GetTimeoutError,
    OutOfMemoryError,
    RayActorError,
    RayTaskError,
    WorkerCrashedError,
)

from analytics.contract.errors import (
    AnalyticsError,
    DeadlyItemError,
    EngineDiedError,
    EngineDownError,
    EngineError,
)
from analytics.engine.ray_rows import (
    Row,
    replies_to_table,
    rows_to_table,
    table_to_rows,
)
from analytics.engine.remote_files import read_location
from analytics.engine.restarting import Method

logger = logging.getLogger(__name__)

CONTROL = "control"  # the calls that must not wait behind batches
_DEATHS = (RayActorError, OutOfMemoryError, WorkerCrashedError)
# So many replicas are asked how busy they are; two would do, more are nearly as cheap.
_N_ASKED = 8
_ANSWER_S = 10.0
_PAUSE_S = 0.5
_READERS = 16
# So many contents of one batch that replicas died on, and the replicas are at fault.
_MAX_DEADLY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Rows of a batch; `n_deaths` of replicas in which nothing else was, where it `is_alone`."""

    rows: Sequence[Row]
    is_alone: bool = False
    n_deaths: int = 0


class Courier:
    """A function of Ray Data: a table of items in, a table of replies and faults out."""

    def __init__(
        self,
        replicas: Sequence[Any],
        method: Method,
        patience_s: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._replicas = list(replicas)
        self._method = method
        self._patience_s = patience_s
        self._sleep = sleep

    def __call__(self, table: pa.Table) -> pa.Table:
        """Replies to a batch.

        Raises:
            EngineDiedError: no replica is left.
            EngineDownError: replicas die on everything.
            EngineError: a replica failed in a way that is no item's fault.
        """
        rows, faults = self._read_pictures(table_to_rows(table))
        answers = []
        waiting = [Part(rows=rows)] if rows else []
        n_deadly = 0
        while waiting:
            part = waiting.pop()
            try:
                answers.append(self._ask(part))
            except _DEATHS as exc:
                logger.warning("a replica died while it had %d items: %s", len(part.rows), exc)
                after = _plan_after_death(part)
                waiting += after
                if not after:
                    n_deadly += 1
                    faults[part.rows[0].position] = DeadlyItemError(
                        "the engine died on it twice, alone: a process of the engine's ended"
                    )
                if n_deadly >= _MAX_DEADLY:
                    raise EngineDownError(
                        f"engine ray: replicas died on {n_deadly} contents of one batch, on each"
                        " of them alone and twice, so they are at fault and not the contents."
                        " Ray's logs say why; what was committed is kept"
                    ) from exc
        return pa.concat_tables([*answers, replies_to_table({}, faults)])

    def _ask(self, part: Part) -> pa.Table:
        """The replies of some replica.

        Raises:
            RayError: the replica died on it (one of _DEATHS).
        """
        table = rows_to_table(part.rows)
        last_contact = time.monotonic()
        while True:
            replica = self._choose()
            if replica is not None:
                last_contact = time.monotonic()
                holder = uuid.uuid4().hex if part.is_alone else None
                if holder is None or self._reserve(replica, holder):
                    answer = _get(replica.ask.remote(self._method, table, holder))
                    if answer is not None:
                        return answer
            elif time.monotonic() - last_contact > self._patience_s:
                raise EngineDiedError(
                    f"engine ray: no replica answered for {self._patience_s:.0f} s"
                    " (start_timeout_s)"
                )
            self._sleep(_PAUSE_S)

    def _reserve(self, replica: Any, holder: str) -> bool:
        """Whether a replica is ours alone now. One that dies of others meanwhile is not."""
        try:
            is_reserved: bool = _get(
                replica.reserve.options(concurrency_group=CONTROL).remote(holder)
            )
        except _DEATHS:
            return False
        return is_reserved

    def _choose(self) -> Any:
        """The least busy of some replicas, or None where none of them answers now.

        Raises:
            EngineDiedError: all replicas have died for good.
        """
        asked = random.sample(self._replicas, min(_N_ASKED, len(self._replicas)))
        calls = {
            replica.count_batches.options(concurrency_group=CONTROL).remote(): replica
            for replica in asked
        }
        ray.wait(list(calls), num_returns=len(calls), timeout=_ANSWER_S)
        found, gone = [], []
        for call, replica in calls.items():
            try:
                found.append((ray.get(call, timeout=0), random.random(), replica))
            except ActorDiedError:
                gone.append(replica)
            except (*_DEATHS, GetTimeoutError, RayTaskError) as exc:
                logger.debug("a replica does not answer: %s", exc)
        self._replicas = [replica for replica in self._replicas if replica not in gone]
        if not self._replicas:
            raise EngineDiedError("engine ray: all replicas have ended. Load the engine again")
        return min(found, key=lambda one: one[:2])[2] if found else None

    def _read_pictures(self, rows: list[Row]) -> tuple[list[Row], dict[int, Exception]]:
        """The rows with the bytes of their pictures, and the faults of those without."""
        remote = [row for row in rows if row.picture_path is not None]
        if not remote:
            return rows, {}
        faults: dict[int, Exception] = {}
        read = {row.position: row for row in rows}

        def read_one(row: Row) -> bytes | EngineError:
            try:
                return read_location(str(row.picture_path))
            except EngineError as exc:
                return exc

        with ThreadPoolExecutor(_READERS) as readers:
            for row, found in zip(remote, readers.map(read_one, remote), strict=True):
                if isinstance(found, EngineError):
                    faults[row.position] = found
                    del read[row.position]
                else:
                    read[row.position] = replace(row, picture=found)
        return list(read.values()), faults


def _plan_after_death(part: Part) -> list[Part]:
    """What is asked in place of a part whose replica died; nothing is left of a deadly item."""
    if not part.is_alone:
        return [Part(rows=part.rows, is_alone=True)]
    if len(part.rows) > 1:
        middle = len(part.rows) // 2
        return [Part(rows=half, is_alone=True) for half in (part.rows[:middle], part.rows[middle:])]
    return [] if part.n_deaths else [replace(part, n_deaths=1)]


def _get(call: Any) -> Any:
    """The result of a call.

    Raises:
        AnalyticsError: what it raised.
        RayError: its process ended (one of _DEATHS).
    """
    try:
        return ray.get(call)
    except _DEATHS:
        raise
    except RayTaskError as exc:
        raise find_cause(exc) from exc


def find_cause(error: BaseException) -> AnalyticsError:
    """The engine's error inside those that Ray wraps around it, or one that says what it was."""
    link: BaseException | None = error
    seen: set[int] = set()
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        if isinstance(link, AnalyticsError) and not isinstance(link, RayTaskError):
            return link
        link = getattr(link, "cause", None) or link.__cause__ or link.__context__
    first = str(error).strip().splitlines()[-1] if str(error).strip() else repr(error)
    return EngineError(f"engine ray: {type(error).__name__}: {first}")
