"""Turns at hosts: few requests at once, a pause between them, and waits that servers ask for."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from analytics.chat.backoff import Backoff
from analytics.fetching.failures import FetchError

# So many failures in a row, and a host is left alone for the rest of the run.
_MAX_FAILURES = 5
# More hosts are not remembered at once; those that nothing happens at are dropped.
_MAX_HOSTS = 4096
# So many hosts, and not one has answered: there is no network.
_MAX_SILENT_HOSTS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Time and waiting, in seconds."""

    monotonic: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]


class Gate:
    """The turns at one host."""

    def __init__(self, per_host: int, pause_s: float, clock: Clock) -> None:
        self._turns = asyncio.Semaphore(per_host)
        self._pause_s = pause_s
        self._clock = clock
        self._free_at = 0.0
        self._n_failures = 0
        self._n_users = 0
        self.is_closed = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing is lost by forgetting this gate."""
        return not (self._n_users or self._n_failures or self.is_closed) and (
            self._free_at <= self._clock.monotonic()
        )

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn; the host may have been closed meanwhile, which the caller asks."""
        self._n_users += 1
        try:
            async with self._turns:
                while not self.is_closed:
                    wait = self._free_at - self._clock.monotonic()
                    if wait <= 0:
                        break
                    await self._clock.sleep(wait)
                self._free_at = self._clock.monotonic() + self._pause_s
                yield
        finally:
            self._n_users -= 1

    def hold(self, wait_s: float) -> None:
        """Ask nothing of this host for a while."""
        self._free_at = max(self._free_at, self._clock.monotonic() + wait_s)

    def note_answer(self) -> None:
        """The host answered as hosts do."""
        self._n_failures = 0

    def note_failure(self) -> None:
        """The host failed; too often in a row, and it is left alone."""
        self._n_failures += 1
        if self._n_failures >= _MAX_FAILURES:
            self.is_closed = True


class Hosts:
    """The gates of all hosts, and whether the network can be reached at all."""

    def __init__(
        self,
        *,
        per_host: int,
        pause_s: float,
        clock: Clock,
        backoff: Backoff,
        seed: int = 0,
    ) -> None:
        self._per_host = per_host
        self._pause_s = pause_s
        self._clock = clock
        self._backoff = backoff
        self._rng = random.Random(seed)
        self._gates: dict[str, Gate] = {}
        self._silent: set[str] = set()
        self.has_answer = False

    @property
    def is_offline(self) -> bool:
        """Whether many hosts were asked and none has answered."""
        return not self.has_answer and len(self._silent) >= _MAX_SILENT_HOSTS

    def gate_of(self, host: str) -> Gate:
        """The gate of a host; kept while there is something to remember."""
        gate = self._gates.get(host)
        if gate is None:
            if len(self._gates) >= _MAX_HOSTS:
                self._gates = {name: one for name, one in self._gates.items() if not one.is_idle}
            gate = self._gates[host] = Gate(self._per_host, self._pause_s, self._clock)
        return gate

    def note_answer(self, host: str) -> None:
        """A host gave an answer, be it a refusal."""
        self.has_answer = True
        self._silent.clear()
        self.gate_of(host).note_answer()

    def note_failure(self, host: str, failure: FetchError, k: int) -> bool:
        """A host failed, in try `k` (from 0) of an address; whether to try the address again.

        It is waited for as the server asks (429, 503: Retry-After) and with growing waits. A
        host that asks for more than the longest wait is left alone for the rest of the run.
        """
        gate = self.gate_of(host)
        if not failure.is_silent:
            self.has_answer = True
        elif not self.has_answer:
            self._silent.add(host)
        gate.note_failure()
        if (failure.retry_after_s or 0.0) > self._backoff.max_wait_s:
            gate.is_closed = True
        if gate.is_closed or self.is_offline:
            return False
        gate.hold(self._backoff.choose_wait(k, failure.retry_after_s, self._rng))
        return k < self._backoff.max_retries
