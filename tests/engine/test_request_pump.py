"""The pump over a scripted `LLM`: order, calls side by side, and what fails."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from analytics.contract.errors import EngineDiedError
from analytics.engine.request_pump import RequestPump


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
            abort_request=self._abort,
        )
        self.running: dict[str, str] = {}
        self.threads: set[int] = set()
        self.most_running = 0
        self.aborted: list[str] = []
        self.is_closed = False
        self._n = 0

    def enqueue(self, prompts: list[str], sampling: Any, *, use_tqdm: bool) -> list[str]:
        self.threads.add(threading.get_ident())
        if "last" in prompts:
            raise ConnectionResetError("nobody is there")
        if "bad" in prompts:
            raise ValueError("a prompt is refused")
        ids = []
        for prompt in prompts:
            self._n += 1
            ids.append(f"{self._n}-abcd")
            self.running[str(self._n)] = f"{prompt}/{sampling}"
        self.most_running = max(self.most_running, len(self.running))
        return ids

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
            self.running.pop(name.partition("-")[0], None)

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
    assert len(llm.aborted) == 8
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
