"""Turns at hosts, waits, and what is tried again; time is a test's own."""

import asyncio
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler

import httpcore
import pytest

from analytics.chat.backoff import Backoff
from analytics.fetching.failures import FetchError
from analytics.fetching.fetch import Network
from analytics.fetching.hosts import Clock, Hosts
from tests.fetching.conftest import Fetcher, draw
from tests.picture_server import PictureServer, give
from tests.scripted import rows

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)


class FakeTime:
    """Waits take no time, and are noted."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.waits: list[float] = []
        self.clock = Clock(monotonic=lambda: self.seconds, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)


def _network(time: FakeTime, now: Callable[[], datetime] = lambda: NOW) -> Network:
    return Network(clock=time.clock, now=now)


def test_host_has_no_more_requests_than_it_may(fetcher: Fetcher, server: PictureServer) -> None:
    lock, both = threading.Lock(), threading.Barrier(2)
    under_way, most = 0, 0

    def answer(request: BaseHTTPRequestHandler) -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        both.wait(timeout=20)  # two are needed to go on: they are asked for at once
        with lock:
            under_way -= 1
        give(draw())(request)

    server.pages = {f"/{n}": answer for n in range(8)}
    fetcher.store(*(server.url(path) for path in server.pages))
    assert fetcher.fetch(per_host=2).n_fetched == 8
    assert most == 2


def test_requests_to_one_host_have_a_pause_between_them(
    fetcher: Fetcher, server: PictureServer
) -> None:
    time = FakeTime()
    server.pages = {f"/{n}": give(draw()) for n in range(5)}
    fetcher.store(*(server.url(path) for path in server.pages))
    assert fetcher.fetch(pause_s=7.0, per_host=1, network=_network(time)).n_fetched == 5
    assert time.seconds == pytest.approx(28.0)


@pytest.mark.parametrize("status", [429, 503])
def test_host_is_waited_for_as_it_asks(
    fetcher: Fetcher, server: PictureServer, status: int
) -> None:
    time = FakeTime()
    good = give(draw())

    def answer(request: BaseHTTPRequestHandler) -> None:
        busy = server.asked["/a"] == 1
        (give(b"", status, retry_after="17") if busy else good)(request)

    server.pages["/a"] = answer
    fetcher.store(server.url("/a"))
    assert fetcher.fetch(network=_network(time)).n_fetched == 1
    assert max(time.waits) == pytest.approx(17.0)


def test_host_that_asks_for_a_long_wait_is_left_alone(
    fetcher: Fetcher, server: PictureServer
) -> None:
    time = FakeTime()
    server.pages = {f"/{n}": give(b"", 429, retry_after="3600") for n in range(20)}
    fetcher.store(*(server.url(path) for path in server.pages))
    report = fetcher.fetch(per_host=1, network=_network(time))
    assert (report.n_failed, report.n_left) == (1, 19)
    assert server.asked.total() == 1
    # The others were not tried, and are asked for the next night.
    assert rows(
        fetcher.connection, "select status, count(*) from media group by all order by all"
    ) == [("not_fetched", 19), ("unreachable", 1)]


def test_host_that_fails_again_and_again_is_left_alone(
    fetcher: Fetcher, server: PictureServer
) -> None:
    server.pages = {f"/{n}": give(b"", 500) for n in range(20)}
    fetcher.store(*(server.url(path) for path in server.pages))
    report = fetcher.fetch(per_host=1, network=_network(FakeTime()))
    assert server.asked.total() == 5
    assert (report.n_failed, report.n_left) == (2, 18)


def test_failure_that_passes_is_tried_in_later_runs_until_the_bound(
    fetcher: Fetcher, server: PictureServer
) -> None:
    server.pages["/a"] = give(b"", 500)
    fetcher.store(server.url("/a"))
    moments = [NOW]
    tried = []
    for hours in (0, 0.5, 0.6, 1, 4, 100, 1000, 1000):
        moments.append(moments[-1] + timedelta(hours=hours))
        before = server.asked.total()
        fetcher.fetch(max_tries=4, network=_network(FakeTime(), lambda: moments[-1]))
        tried.append(server.asked.total() > before)
    assert tried == [True, False, True, False, True, True, False, False]
    assert fetcher.statuses() == [("unreachable", "status 500")]
    server.pages["/a"] = give(draw())
    assert fetcher.fetch(max_tries=4, retries=True).n_fetched == 1


class Dead(httpcore.AsyncNetworkBackend):
    async def connect_tcp(self, host: str, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        raise httpcore.ConnectError("network is unreachable")


async def _no_names(host: str, port: int) -> list[str]:
    raise socket.gaierror(socket.EAI_AGAIN, "temporary failure")


async def _names(host: str, port: int) -> list[str]:
    return ["8.8.8.8"]


@pytest.mark.parametrize("resolve", [_no_names, _names], ids=["no names", "no route"])
def test_without_a_network_a_step_ends_soon_and_nobody_is_to_blame(
    fetcher: Fetcher, resolve: Callable[..., object]
) -> None:
    fetcher.store(*(f"http://h{n}.example/{m}" for n in range(200) for m in range(3)))
    network = Network(resolve=resolve, connect=Dead(), clock=FakeTime().clock, now=lambda: NOW)  # type: ignore[arg-type]
    report = fetcher.fetch(network=network)
    assert report.stopped == "no host can be reached: is there a network?"
    assert report.n_left > 400
    assert rows(fetcher.connection, "from fetches") == []
    assert {status for status, _ in fetcher.statuses()} == {"not_fetched"}


def test_few_dead_hosts_count_as_tried(fetcher: Fetcher) -> None:
    fetcher.store("http://h1.example/a", "http://h2.example/a")
    network = Network(resolve=_no_names, clock=FakeTime().clock, now=lambda: NOW)
    report = fetcher.fetch(network=network)
    assert report.failures == {"unreachable: name not resolved": 2}
    assert report.stopped is None
    assert rows(fetcher.connection, "select count_tries from fetches") == [(1,), (1,)]


def test_dead_hosts_do_not_end_a_step_once_one_has_answered() -> None:
    hosts = Hosts(per_host=1, pause_s=0, clock=FakeTime().clock, backoff=Backoff(max_retries=2))
    silent = FetchError("unreachable", "no such host", is_silent=True)
    hosts.note_answer("good.example")
    for number in range(100):
        hosts.note_failure(f"h{number}.example", silent, 0)
    assert not hosts.is_offline


def test_gates_of_many_hosts_are_not_kept() -> None:
    hosts = Hosts(per_host=1, pause_s=0, clock=FakeTime().clock, backoff=Backoff())
    closed = hosts.gate_of("closed.example")
    closed.is_closed = True
    for number in range(20_000):
        hosts.gate_of(f"h{number}.example")
    assert len(hosts._gates) <= 4096
    assert hosts.gate_of("closed.example") is closed


def test_time_of_a_run_is_bounded_and_the_next_goes_on(
    fetcher: Fetcher, server: PictureServer
) -> None:
    server.pages = {f"/{n}": give(draw()) for n in range(10)}
    fetcher.store(*(server.url(path) for path in server.pages))
    fetched = []
    for _ in range(4):
        report = fetcher.fetch(
            pause_s=20.0, per_host=1, max_minutes=1.0, network=_network(FakeTime())
        )
        fetched.append(report.n_fetched)
    assert fetched[0] < 10
    assert report.n_left == 0
    assert sum(fetched) == 10
    assert server.asked.total() == 10
