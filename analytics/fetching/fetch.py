"""Fetches the pictures that posts name by their addresses, each address once.

What came of each address is committed in batches: a run that is killed goes on from
there. Only addresses under way are in memory, however many there are.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import httpcore
import httpx

import analytics
from analytics.chat.backoff import Backoff
from analytics.config.hosts import parse_allowed
from analytics.config.settings import MediaConfig
from analytics.contract.cores import count_cores
from analytics.contract.errors import ImageError
from analytics.contract.images import ImageSettings, PreparedImage
from analytics.fetching.addresses import check_url, name_host
from analytics.fetching.download import MAX_REDIRECTS, Limits, request_picture
from analytics.fetching.failures import FetchError, HostClosedError, HostFailedError
from analytics.fetching.hosts import Clock, Hosts
from analytics.fetching.tasks import cancelling
from analytics.fetching.transport import (
    CheckedBackend,
    CheckedTransport,
    Resolver,
    SystemResolver,
)
from analytics.media import can_read_heif, keep_picture, make_room
from analytics.store.fetches import (
    DueHost,
    DueUrl,
    FetchResult,
    apply_fetches,
    count_unfetched,
    find_due,
    prune_fetches,
    read_due_hosts,
    read_due_urls,
    store_fetches,
)
from analytics.store.removal import remove_pictures

logger = logging.getLogger(__name__)

# Addresses whose results are committed together, at the latest after so many seconds.
_BATCH = 256
_BATCH_S = 5.0
# Hosts that are worked on for each request that may be under way: some of them wait.
_HOSTS_PER_REQUEST = 4
_POLL_S = 0.2
# Waits between tries of different runs: an hour, 4, 16, ... at most a week.
_FIRST_WAIT = timedelta(hours=1)
_MAX_WAIT = timedelta(days=7)
_PASSING = Backoff(base_s=1.0, max_wait_s=60.0, max_retries=2)


@dataclass(slots=True, kw_only=True)
class FetchReport:
    """What came of a step: addresses with a picture, those without by reason, and the rest.

    `n_left` were not asked for; `stopped` says why the step ended before them. Without
    `is_enabled` nobody was asked.
    """

    is_enabled: bool
    n_fetched: int = 0
    n_left: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    stopped: str | None = None

    @property
    def n_failed(self) -> int:
        """Addresses that gave no picture."""
        return self.failures.total()


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What stands for the world in tests: names, connections, time and waits."""

    resolve: Resolver | None = None
    connect: httpcore.AsyncNetworkBackend | None = None
    clock: Clock = field(
        default_factory=lambda: Clock(monotonic=time.monotonic, sleep=asyncio.sleep)
    )
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


def fetch_media(
    connection: duckdb.DuckDBPyConnection,
    config: MediaConfig,
    *,
    data_dir: Path,
    retries: bool = False,
    on_due: Callable[[int], None] = lambda n: None,
    on_fetched: Callable[[int], None] = lambda n: None,
    is_stopped: Callable[[], bool] = lambda: False,
    network: Network | None = None,
    settings: ImageSettings | None = None,
) -> FetchReport:
    """Fetch what is due and give it to all posts that name it.

    What was fetched before is given to new posts that name it, also where `config.fetch`
    is off; then nobody is asked. With `retries` all addresses that gave no picture are
    tried anew.

    Raises:
        StoreError: a picture cannot be written.
        KeyboardInterrupt: `is_stopped` said so; what was fetched is stored.
    """
    network = network or Network()
    allowed = parse_allowed(config.allowed_hosts)
    remove_pictures(data_dir, prune_fetches(connection))
    apply_fetches(connection, settings)
    report = FetchReport(is_enabled=config.fetch)
    if not config.fetch:
        report.n_left = count_unfetched(connection)
        return report
    n_due = find_due(
        connection,
        now=network.now(),
        max_tries=config.max_tries,
        readable=("no_decoder",) if can_read_heif() else (),
        retries=retries,
        settings=settings,
    )
    on_due(n_due)
    if n_due:
        fetching = _Fetching(
            connection, config, report, allowed, network, data_dir, settings, on_fetched
        )
        try:
            asyncio.run(fetching.run(is_stopped))
        finally:
            apply_fetches(connection, settings)
        if fetching.is_interrupted:
            raise KeyboardInterrupt
    report.n_left = n_due - report.n_fetched - report.n_failed
    if report.stopped is not None:
        logger.warning(
            "fetching ended early (%s); %d addresses are left", report.stopped, report.n_left
        )
    return report


class _Fetching:
    """One step; everything but decoding happens in one thread."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        config: MediaConfig,
        report: FetchReport,
        allowed: frozenset[tuple[str, int]],
        network: Network,
        data_dir: Path,
        settings: ImageSettings | None,
        on_fetched: Callable[[int], None],
    ) -> None:
        self._connection = connection
        self._config = config
        self._report = report
        self._allowed = allowed
        self._network = network
        self._data_dir = data_dir
        self._settings = settings or ImageSettings(
            max_bytes=config.max_bytes, max_pixels=config.max_pixels
        )
        self._on_fetched = on_fetched
        self._user_agent = config.user_agent or f"analytics/{analytics.__version__}"
        self._limits = Limits(
            connect_timeout_s=config.connect_timeout_s,
            read_timeout_s=config.read_timeout_s,
            max_bytes=config.max_bytes,
        )
        self._requests = asyncio.Semaphore(config.concurrency)
        self._hosts = Hosts(
            per_host=config.per_host, pause_s=config.pause_s, clock=network.clock, backoff=_PASSING
        )
        self.is_interrupted = False
        self._done: list[FetchResult] = []
        # Failures while nobody has answered: maybe it is the network that fails.
        self._held: list[FetchResult] = []
        self._stored_at = self._started_at = network.clock.monotonic()
        self._room = make_room(self._settings)
        self._pool = ThreadPoolExecutor(count_cores(), thread_name_prefix="decode")

    async def run(self, is_stopped: Callable[[], bool]) -> None:
        resolver = SystemResolver()
        backend = CheckedBackend(
            self._network.resolve or resolver, self._allowed, self._network.connect
        )
        transport = CheckedTransport(
            backend,
            max_connections=self._config.concurrency,
            context=httpx.create_ssl_context(),
        )
        try:
            async with transport:
                await self._serve_all(transport, is_stopped)
        finally:
            resolver.close()
            self._pool.shutdown(cancel_futures=True)
            if not self._hosts.is_offline:
                self._done += self._held
            self._store()

    async def _serve_all(
        self, transport: httpx.AsyncBaseTransport, is_stopped: Callable[[], bool]
    ) -> None:
        hosts = read_due_hosts(self._connection)
        n_workers = self._config.concurrency * _HOSTS_PER_REQUEST
        async with cancelling(
            [self._serve_hosts(transport, hosts) for _ in range(n_workers)]
        ) as pending:
            while pending and not self.is_interrupted:
                done, pending = await asyncio.wait(
                    pending, timeout=_POLL_S, return_when=asyncio.FIRST_EXCEPTION
                )
                for worker in done:
                    worker.result()
                self.is_interrupted = is_stopped()

    async def _serve_hosts(
        self, transport: httpx.AsyncBaseTransport, hosts: Iterator[DueHost]
    ) -> None:
        for host in hosts:
            if self._is_over():
                return
            urls = read_due_urls(self._connection, host)
            n_drains = min(self._config.per_host, host.n_urls)
            async with cancelling(
                [self._serve_urls(transport, urls) for _ in range(n_drains)]
            ) as drains:
                await asyncio.gather(*drains)

    async def _serve_urls(
        self, transport: httpx.AsyncBaseTransport, urls: Iterator[DueUrl]
    ) -> None:
        for due in urls:
            if self._is_over():
                return
            result, is_silent = await self._fetch(transport, due)
            if result is not None:
                self._keep(result, is_silent)

    def _is_over(self) -> bool:
        if self._hosts.is_offline:
            self._report.stopped = "no host can be reached: is there a network?"
        elif self._config.max_minutes and (
            self._network.clock.monotonic() - self._started_at > 60 * self._config.max_minutes
        ):
            self._report.stopped = f"[media] max_minutes = {self._config.max_minutes:g}"
        return self._report.stopped is not None

    async def _fetch(
        self, transport: httpx.AsyncBaseTransport, due: DueUrl
    ) -> tuple[FetchResult | None, bool]:
        """What came of an address, and whether nothing answered at all.

        None: it was not asked for, as its host is left alone for the rest of this run.
        """
        failure: FetchError | None = None
        for k in range(_PASSING.max_retries + 1):
            try:
                url = check_url(due.url, self._allowed)
                if self._hosts.gate_of(name_host(url)).is_closed:
                    break
                picture, path = await self._follow(transport, url)
            except HostClosedError:
                break
            except HostFailedError as exc:
                failure = exc.failure
                if not self._hosts.note_failure(exc.host, failure, k):
                    break
            except FetchError as exc:
                failure = exc
                break
            else:
                return self._describe_picture(due, picture, path), False
        if failure is None:
            return None, False
        return self._describe(due, failure), failure.is_silent

    async def _follow(
        self, transport: httpx.AsyncBaseTransport, url: httpx.URL
    ) -> tuple[PreparedImage, str]:
        """Ask, follow redirects, keep the picture; it, and its path below the data folder."""
        left_s = self._config.total_timeout_s
        for _ in range(MAX_REDIRECTS + 1):
            host = name_host(url)
            gate = self._hosts.gate_of(host)
            async with gate.turn(), self._requests:
                if gate.is_closed:
                    raise HostClosedError
                started_at = self._network.clock.monotonic()
                try:
                    answer = await request_picture(
                        transport,
                        url,
                        self._limits,
                        timeout_s=left_s,
                        user_agent=self._user_agent,
                        allowed=self._allowed,
                        now=self._network.now(),
                    )
                except FetchError as exc:
                    if exc.is_transient:
                        raise HostFailedError(host, exc) from exc
                    if exc.status != "refused":
                        self._hosts.note_answer(host)
                    raise
                self._hosts.note_answer(host)
                if not isinstance(answer, httpx.URL):
                    return await self._prepare(answer.data, answer.format)
                left_s = max(0.1, left_s - (self._network.clock.monotonic() - started_at))
            url = answer
        raise FetchError("gone", f"more than {MAX_REDIRECTS} redirects")

    async def _prepare(self, data: bytes, format_name: str) -> tuple[PreparedImage, str]:
        loop = asyncio.get_running_loop()
        try:
            picture, path, _ = await loop.run_in_executor(
                self._pool,
                lambda: keep_picture(
                    data, self._data_dir, self._settings, (format_name,), self._room
                ),
            )
        except ImageError as exc:
            reasons = {"too_large": "more pixels than max_pixels", "no_decoder": "HEIC"}
            raise FetchError(
                exc.reason,  # type: ignore[arg-type] # one of the statuses of pictures
                reasons.get(exc.reason, "cannot be decoded"),
                str(exc)[:300],
            ) from exc
        return picture, path

    def _describe_picture(self, due: DueUrl, picture: PreparedImage, path: str) -> FetchResult:
        return FetchResult(
            url=due.url,
            status="ok",
            count_tries=0,
            tried_at=self._network.now(),
            sha256=picture.sha256,
            path=path,
            width=picture.width,
            height=picture.height,
            bytes=picture.n_bytes,
        )

    def _describe(self, due: DueUrl, failure: FetchError) -> FetchResult:
        now = self._network.now()
        count_tries = due.count_tries + 1
        wait = min(_MAX_WAIT, _FIRST_WAIT * 4 ** min(due.count_tries, 10))
        self._report.failures[f"{failure.status}: {failure.reason}"] += 1
        return FetchResult(
            url=due.url,
            status=failure.status,
            error=str(failure),
            count_tries=count_tries,
            tried_at=now,
            next_try_at=now + wait if failure.is_transient else None,
        )

    def _keep(self, result: FetchResult, is_silent: bool) -> None:
        self._report.n_fetched += result.status == "ok"
        self._on_fetched(1)
        (self._held if is_silent and not self._hosts.has_answer else self._done).append(result)
        if self._hosts.has_answer and self._held:
            self._done += self._held
            self._held = []
        is_late = self._network.clock.monotonic() - self._stored_at >= _BATCH_S
        if is_late or len(self._done) >= _BATCH:
            self._store()

    def _store(self) -> None:
        store_fetches(self._connection, self._done)
        self._done.clear()
        self._stored_at = self._network.clock.monotonic()
