"""The engine `openai`: calls and requests that run at once, and how they are ended."""

import asyncio
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from analytics.contract.engine import SomeFailedError
from analytics.contract.errors import EngineDownError, UnfinishedError
from analytics.engine import openai_engine
from tests.chat.scripted_server import Answer, Asked, fail, reason, say, serve
from tests.engine.served import answer_posts, is_label, make_items, open_engine, say_label


@pytest.mark.parametrize("limit", [1, 3])
def test_no_more_requests_run_at_once_than_allowed(limit: int) -> None:
    script = answer_posts(lambda asked: say_label(delay_s=0.03))
    with serve(script) as server, open_engine(server.url, max_concurrent=limit) as engine:
        engine.label(make_items(8))
        assert server.n_most == limit


def test_two_calls_run_beside_one_another_within_one_limit() -> None:
    """A rationale is answered only when a label of another call has been."""
    has_label = threading.Event()

    def script(asked: Asked) -> Answer:
        if is_label(asked):
            has_label.set()
            return say_label(delay_s=0.05)
        return say(reason("positive")) if has_label.wait(5) else fail(400, "no label came")

    with serve(answer_posts(script)) as server, open_engine(server.url, max_concurrent=3) as engine:
        has_label.clear()
        with ThreadPoolExecutor(1) as pool:
            explained = pool.submit(engine.rationalize, make_items(2))
            assert len(engine.label(make_items(8))) == 8
            assert len(explained.result()) == 2
        assert server.n_most == 3
        assert engine.facts.max_calls > 1


def test_closing_ends_the_calls_of_other_threads() -> None:
    script = answer_posts(lambda asked: say_label(delay_s=20))
    with serve(script) as server, open_engine(server.url) as engine:
        started = time.monotonic()
        n_before = len(server.asked)
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(engine.label, make_items(2))
            while len(server.asked) == n_before:
                time.sleep(0.01)
            engine.close()
            with pytest.raises(EngineDownError, match="was closed"):
                asked.result()
        assert time.monotonic() - started < 5


def test_a_stop_keeps_the_replies_that_came_and_gives_up_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Some are answered, one is silent, one is told to come again in a minute."""
    monkeypatch.setattr(openai_engine, "_GRACE_S", 0.5)
    stopped = threading.Event()

    def script(asked: Asked) -> Answer | None:
        if "Tram 1" in asked.post:
            stopped.set()
            return say_label(delay_s=20)
        return fail(429, **{"retry-after": "60"}) if "Tram 2" in asked.post else None

    with serve(answer_posts(script)) as server, open_engine(server.url, sleep=asyncio.sleep) as one:
        openai_engine.heed_stop(one, stopped.is_set)
        started = time.monotonic()
        with pytest.raises(SomeFailedError) as caught:
            one.label(make_items(4))
        assert time.monotonic() - started < 10
    assert caught.value.replies.keys() == {"i0", "i3"}
    assert {key: type(fault) for key, fault in caught.value.faults.items()} == {
        "i1": UnfinishedError,
        "i2": UnfinishedError,
    }


def test_ctrl_c_stops_what_is_under_way() -> None:
    """As the command line does it: the handler of a second signal raises."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, stop)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGUSR1))
    try:
        with (
            serve(answer_posts(lambda asked: say_label(delay_s=20))) as server,
            open_engine(server.url) as engine,
        ):
            started = time.monotonic()
            timer.start()
            with pytest.raises(KeyboardInterrupt):
                engine.label(make_items(4))
            engine.close()
            assert time.monotonic() - started < 5
    finally:
        timer.cancel()
        signal.signal(signal.SIGUSR1, before)
