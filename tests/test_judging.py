"""The window of contents under way: what is asked when, and beside what."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from analytics.contract.engine import LabelReply, SomeFailedError, TextReply
from analytics.contract.errors import EngineDownError, UnfinishedError
from analytics.contract.policy import ALL_RATIONALES, RationalePolicy, RationaleReason
from analytics.contract.records import Item
from analytics.judging import Judge, Judged
from analytics.store.predictions import PlannedItem
from tests.scripted import ScriptedEngine

CONTENTS = [
    PlannedItem(
        position=n,
        item=Item(content_key=f"{n:03}", text=f"text {n}", image_path=Path("a.jpg")),
        reason=RationaleReason.ALL,
    )
    for n in range(60)
]
FEW = [
    PlannedItem(
        position=one.position,
        item=one.item,
        reason=RationaleReason.SAMPLE if one.position % 10 == 3 else None,
    )
    for one in CONTENTS
]


class CountingEngine(ScriptedEngine):
    """Notes its calls in order, and how many ran at once."""

    def __init__(self, max_calls: int = 1, patience_s: float = 0.02) -> None:
        super().__init__(max_calls=max_calls)
        self._patience_s = patience_s
        self.calls: list[tuple[str, int]] = []
        self.most_at_once = 0
        self._running = 0
        self._lock = threading.Lock()
        self._met = threading.Event()

    def label(self, items: Sequence[Item]) -> list[LabelReply]:
        with self._run("label", items):
            return super().label(items)

    def rationalize(self, items: Sequence[Item]) -> list[TextReply]:
        with self._run("rationalize", items):
            # Returns once other calls run beside it; the last ones wait in vain.
            if self.facts.max_calls > 1:
                self._met.wait(self._patience_s)
            return super().rationalize(items)

    def _run(self, name: str, items: Sequence[Item]) -> "CountingEngine":
        with self._lock:
            self.calls.append((name, len(items)))
            self._running += 1
            self.most_at_once = max(self.most_at_once, self._running)
            if self._running > 1:
                self._met.set()
        return self

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._running -= 1


def judge_all(
    engine: ScriptedEngine, contents: list[PlannedItem], policy: RationalePolicy, window: int
) -> list[Judged]:
    """Everything, while no more than the window is under way."""
    found: list[Judged] = []
    noted: list[int] = []
    with Judge(engine, policy, window=window, begin=lambda keys: noted.append(len(keys))) as judge:
        for judged in judge.judge(lambda a, b: contents[a:b], 0, len(contents)):
            found.append(judged)
    assert max(noted) <= window
    return found


def test_rationales_wait_for_a_full_window() -> None:
    engine = CountingEngine()
    judge_all(engine, CONTENTS, ALL_RATIONALES, window=16)
    one_window = [("label", 4)] * 4 + [("rationalize", 16)]
    assert engine.calls == one_window * 3 + [("label", 4)] * 3 + [("rationalize", 12)]


def test_few_rationales_are_gathered_over_more_labels_than_the_window_holds() -> None:
    engine = CountingEngine()
    found = judge_all(engine, FEW, RationalePolicy(sample_share=0.1), window=8)
    asked = [n for name, n in engine.calls if name == "rationalize"]
    assert sum(asked) == 6
    assert len(asked) == 1
    # Labels without a rationale do not wait for those.
    assert [len(judged.contents) for judged in found][:2] == [2, 1]
    assert sum(judged.count_labels for judged in found) == len(FEW)
    assert sum((judged.rationales for judged in found), start=type(found[0].rationales)()) == {
        RationaleReason.SAMPLE: 6
    }


@pytest.mark.parametrize("max_calls", [1, 2, 4])
@pytest.mark.parametrize("window", [1, 3, 16, 64, 1000])
def test_each_content_is_judged_once_whatever_runs_beside_it(max_calls: int, window: int) -> None:
    engine = CountingEngine(max_calls)
    found = judge_all(engine, CONTENTS, ALL_RATIONALES, window)
    keys = [verdict.content_key for judged in found for verdict in judged.verdicts]
    assert sorted(keys) == sorted(one.item.content_key for one in CONTENTS)
    assert sorted(engine.labelled) == sorted(engine.rationalized) == sorted(keys)
    alone = judge_all(ScriptedEngine(), CONTENTS, ALL_RATIONALES, 16)
    assert sorted((v for j in found for v in j.verdicts), key=lambda v: v.content_key) == sorted(
        (v for j in alone for v in j.verdicts), key=lambda v: v.content_key
    )


def test_engine_of_several_calls_labels_while_rationales_decode() -> None:
    engine = CountingEngine(max_calls=3, patience_s=5)
    judge_all(engine, CONTENTS, ALL_RATIONALES, window=16)
    assert 2 <= engine.most_at_once <= 3


def test_engine_of_one_call_gets_one_and_in_this_thread() -> None:
    threads = set()

    class Watched(CountingEngine):
        def label(self, items: Sequence[Item]) -> list[LabelReply]:
            threads.add(threading.current_thread())
            return super().label(items)

    engine = Watched()
    judge_all(engine, CONTENTS, ALL_RATIONALES, window=16)
    assert threads == {threading.main_thread()}
    assert engine.most_at_once == 1


@pytest.mark.parametrize("max_calls", [1, 4])
def test_labels_outlive_an_engine_that_goes_down(max_calls: int) -> None:
    class Down(ScriptedEngine):
        def rationalize(self, items: Sequence[Item]) -> list[TextReply]:
            raise EngineDownError("gone")

    found: list[Judged] = []
    engine = Down(max_calls=max_calls)
    with Judge(engine, ALL_RATIONALES, window=16) as judge:
        judging = judge.judge(lambda a, b: CONTENTS[a:b], 0, len(CONTENTS))
        with pytest.raises(EngineDownError, match="gone"):
            found.extend(judging)  # keeps what came before
    verdicts = [verdict for judged in found for verdict in judged.verdicts]
    assert sorted(v.content_key for v in verdicts) == sorted(engine.labelled)
    assert len(verdicts) >= 8
    assert all(verdict.rationale_status is None for verdict in verdicts)
    assert not any(judged.faults for judged in found)


def test_labels_are_kept_where_the_next_labels_are_refused() -> None:
    class Down(ScriptedEngine):
        def label(self, items: Sequence[Item]) -> list[LabelReply]:
            if len(self.labelled) >= 8:
                raise EngineDownError("gone")
            return super().label(items)

    found: list[Judged] = []
    engine = Down()
    with Judge(engine, ALL_RATIONALES, window=16) as judge:
        judging = judge.judge(lambda a, b: CONTENTS[a:b], 0, len(CONTENTS))
        with pytest.raises(EngineDownError):
            found.extend(judging)
    assert sum(len(judged.verdicts) for judged in found) == 8


def test_two_portions_of_labels_are_asked_for_at_once() -> None:
    class Meeting(ScriptedEngine):
        barrier = threading.Barrier(2)

        def label(self, items: Sequence[Item]) -> list[LabelReply]:
            self.barrier.wait(30)  # breaks where one call waits for the other
            return super().label(items)

    plain = [replace(one, reason=None) for one in CONTENTS[:16]]
    found = judge_all(Meeting(max_calls=2), plain, RationalePolicy(), window=8)
    assert sum(len(judged.verdicts) for judged in found) == 16


class LeavingEngine(ScriptedEngine):
    """Has replies for the first items of a call alone, as after a stop."""

    def __init__(self, n_labels: int, n_rationales: int) -> None:
        super().__init__()
        self._n_labels, self._n_rationales = n_labels, n_rationales

    def label(self, items: Sequence[Item]) -> list[LabelReply]:
        replies = super().label(items)
        raise _leave(items, replies, self._n_labels)

    def rationalize(self, items: Sequence[Item]) -> list[TextReply]:
        replies = super().rationalize(items)
        raise _leave(items, replies, self._n_rationales)


def _leave(items: Sequence[Item], replies: Sequence[object], n: int) -> SomeFailedError:
    keys = [item.content_key for item in items]
    left = {key: UnfinishedError("the run was stopped") for key in keys[n:]}
    return SomeFailedError(dict(zip(keys[:n], replies, strict=False)), left)


def test_what_an_engine_left_unfinished_is_no_fault() -> None:
    engine = LeavingEngine(n_labels=6, n_rationales=2)
    found = judge_all(engine, CONTENTS[:8], ALL_RATIONALES, window=32)
    assert [fault for judged in found for fault in judged.faults] == []
    verdicts = [verdict for judged in found for verdict in judged.verdicts]
    assert sorted(verdict.content_key for verdict in verdicts) == [f"{n:03}" for n in range(6)]
    assert sum(verdict.rationale is not None for verdict in verdicts) == 2
