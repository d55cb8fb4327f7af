"""The pump over a scripted `LLM`: order, calls side by side, and what fails."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from analytics.contract.errors import EngineDiedError
from analytics.engine.request_pump import AHEAD, RequestPump


@dataclass
class _Output:
    request_id: str
    text: str
    finished: bool = True


class ScriptedLLM:
    """Ends one request a step, the newest first; refuses `bad`, dies at `deadly`.

    A `held` one has no end.
    """

    def __init__(self) -> None:
        self.llm_engine = SimpleNamespace(
            has_unfinished_requests=lambda: bool(self.running),
            step=self._step,
            add_request=self._add,
            abort_request=self._abort,
        )
        self.running: dict[str, str] = {}
        self.threads: set[int] = set()
        self.most_running = 0
        self.aborted: list[str] = []
        self.is_closed = False

    def _add(self, name: str, prompt: str, sampling: Any) -> str:
        self.threads.add(threading.get_ident())
        if prompt == "last":
            raise ConnectionResetError("nobody is there")
        if prompt == "bad":
            raise ValueError("a prompt is refused")
        self.running[name] = f"{prompt}/{sampling}"
        self.most_running = max(self.most_running, len(self.running))
        return f"{name}-abcd"

    def _step(self) -> list[_Output]:
        self.threads.add(threading.get_ident())
        name, text = self.running.popitem()
        if text.startswith("deadly"):
            raise RuntimeError("the engine is dead")
        if text.startswith("held"):
            self.running[name] = text
            return []
        return [_Output(name, text)]

    def _abort(self, ids: list[str], *, internal: bool) -> None:
        assert internal
        self.aborted += ids
        for name in ids:
            self.running.pop(name.removesuffix("-abcd"), None)

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def pump() -> Any:
    made = RequestPump(ScriptedLLM, ScriptedLLM.close)
    yield made
    made.close()


def test_replies_keep_the_order_of_their_call(pump: RequestPump) -> None:
    llm = pump.start()
    prompts = [f"p{i}" for i in range(30)]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda name: pump.ask(prompts, name), "abcd"))
    for name, outputs in zip("abcd", found, strict=True):
        assert [output.text for output in outputs] == [f"{p}/{name}" for p in prompts]
    # All of vLLM runs in one thread, which is not ours.
    assert len(llm.threads) == 1
    assert threading.get_ident() not in llm.threads
    assert pump.ask([], "x") == []


def test_a_refused_prompt_fails_its_call_alone(pump: RequestPump) -> None:
    llm = pump.start()
    # The bad one enters late: what had entered of its call is taken back.
    with ThreadPoolExecutor(2) as threads:
        bad = threads.submit(pump.ask, [f"p{i}" for i in range(12)] + ["bad"], "a")
        good = threads.submit(pump.ask, [f"q{i}" for i in range(20)], "b")
        with pytest.raises(ValueError, match="a prompt is refused"):
            bad.result(timeout=20)
        assert len(good.result(timeout=20)) == 20
    assert not llm.running
    assert set(llm.aborted) == {f"{llm.aborted[0].partition('.')[0]}.{i}-abcd" for i in range(12)}
    assert [o.text for o in pump.ask(["again"], "c")] == ["again/c"]


def test_a_dead_engine_fails_all_calls_and_those_to_come(pump: RequestPump) -> None:
    llm = pump.start()
    with ThreadPoolExecutor(2) as threads:
        waiting = [
            threads.submit(pump.ask, ["held"] * 20, "a"),
            threads.submit(pump.ask, ["deadly"], "b"),
        ]
        for future in waiting:
            with pytest.raises(EngineDiedError, match="RuntimeError: the engine is dead"):
                future.result(timeout=20)
    with pytest.raises(EngineDiedError, match="RuntimeError: the engine is dead"):
        pump.ask(["later"], "c")
    pump.close()
    assert llm.is_closed


def test_an_engine_found_dead_when_a_request_enters_is_dead_for_all() -> None:
    pump = RequestPump(ScriptedLLM, ScriptedLLM.close, fatal=(ConnectionResetError,))
    llm = pump.start()
    for prompts in (["last"], ["later"]):
        with pytest.raises(EngineDiedError, match="ConnectionResetError: nobody is there"):
            pump.ask(prompts, "a")
    pump.close()
    assert llm.is_closed


def test_a_failed_start_is_raised_where_it_was_asked_for() -> None:
    def make() -> Any:
        raise OSError("no weights")

    pump = RequestPump(make, ScriptedLLM.close)
    with pytest.raises(OSError, match="no weights"):
        pump.start()
    pump.close()


def test_close_waits_for_what_has_begun() -> None:
    pump = RequestPump(ScriptedLLM, ScriptedLLM.close)
    llm = pump.start()
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(pump.ask, [f"p{i}" for i in range(100)], "a")
        while not llm.most_running:
            pass
        pump.close()
        assert len(asked.result(timeout=20)) == 100
    assert llm.is_closed


def test_a_call_after_the_close_fails_and_does_not_wait_for_ever(pump: RequestPump) -> None:
    pump.start()
    pump.close()
    told: list[str] = []

    def ask() -> None:
        with pytest.raises(EngineDiedError) as fault:
            pump.ask(["p"], "a")
        told.append(str(fault.value))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(5)
    assert told == ["it was closed"]


def test_prompts_are_prepared_while_the_model_computes() -> None:
    """In a thread of their own, in order, and not more than a few steps ahead."""
    stepping, prepared = threading.Event(), threading.Event()
    seen: list[str] = []

    class Slow(ScriptedLLM):
        def _step(self) -> list[_Output]:
            stepping.set()
            assert prepared.wait(20), "nothing is prepared during a step"
            return super()._step()

    def prepare(llm: Any, prompt: str) -> str:
        assert threading.get_ident() not in llm.threads
        if seen:
            assert stepping.wait(20), "no step begins before all is prepared"
        seen.append(prompt)
        if len(seen) == AHEAD:  # one has entered, the others wait
            prepared.set()
        return prompt.upper()

    pump = RequestPump(Slow, Slow.close, prepare=prepare)
    pump.start()
    prompts = [f"p{i}" for i in range(3 * AHEAD)]
    assert [o.text for o in pump.ask(prompts, "a")] == [f"{p.upper()}/a" for p in prompts]
    assert seen == prompts
    pump.close()


def test_no_more_is_prepared_than_there_is_room_for() -> None:
    is_held = threading.Event()
    n_prepared = 0

    class Held(ScriptedLLM):
        def _step(self) -> list[_Output]:
            is_held.wait(20)
            return super()._step()

    def prepare(llm: Any, prompt: str) -> str:
        nonlocal n_prepared
        n_prepared += 1
        return prompt

    pump = RequestPump(Held, Held.close, prepare=prepare)
    llm = pump.start()
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(pump.ask, ["p"] * (5 * AHEAD), "a")
        before = -1
        while before != n_prepared or not llm.running:
            before = n_prepared
            time.sleep(0.1)
        assert n_prepared <= len(llm.running) + AHEAD < 5 * AHEAD
        is_held.set()
        assert len(asked.result(timeout=20)) == 5 * AHEAD
    pump.close()


def test_a_prompt_that_cannot_be_prepared_fails_its_call_alone() -> None:
    def prepare(llm: Any, prompt: str) -> str:
        if prompt == "broken":
            raise OSError("the picture is cut")
        return prompt

    pump = RequestPump(ScriptedLLM, ScriptedLLM.close, prepare=prepare)
    llm = pump.start()
    with ThreadPoolExecutor(2) as threads:
        bad = threads.submit(pump.ask, ["a"] * 5 + ["broken"] + ["b"] * 200, "x")
        good = threads.submit(pump.ask, ["c"] * 100, "y")
        with pytest.raises(OSError, match="the picture is cut"):
            bad.result(timeout=20)
        assert len(good.result(timeout=20)) == 100
    pump.close()
    assert not llm.running


def test_a_dead_engine_fails_calls_that_wait_to_be_prepared() -> None:
    pump = RequestPump(ScriptedLLM, ScriptedLLM.close)
    pump.start()
    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(pump.ask, ["held"] * 200, str(i)) for i in range(7)]
        waiting.append(threads.submit(pump.ask, ["deadly"] * 200, "d"))
        for future in waiting:
            with pytest.raises(EngineDiedError, match="the engine is dead"):
                future.result(timeout=20)
    pump.close()
