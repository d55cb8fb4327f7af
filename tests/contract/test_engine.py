"""Asking an engine: what one bad item costs the others."""

import gc
import weakref
from collections.abc import Sequence

import pytest

from analytics.contract.engine import LabelReply, SomeFailedError, ask_each
from analytics.contract.errors import EngineDownError, EngineError
from analytics.contract.records import Item

ITEMS = [Item(content_key=str(n), text=str(n)) for n in range(8)]
REPLY = LabelReply(probabilities=(0.2, 0.3, 0.5))


class Memory:
    """Stands for what a batch computes; weakly referenced."""


def test_only_the_item_at_fault_has_no_reply() -> None:
    def ask(items: Sequence[Item]) -> list[LabelReply]:
        if any(item.text == "5" for item in items):
            raise EngineError("no")
        return [REPLY] * len(items)

    replies, errors = ask_each(ask, ITEMS)
    assert sorted(replies) == ["0", "1", "2", "3", "4", "6", "7"]
    assert [str(error) for error in errors.values()] == ["no"]


@pytest.mark.parametrize("kind", [EngineError, RuntimeError])
def test_what_a_failed_batch_held_is_free_before_its_halves_are_asked(
    kind: type[Exception],
) -> None:
    """Else one batch that is too large for a GPU leaves no room for any smaller one."""
    held: list[weakref.ref[Memory]] = []
    alive: list[int] = []

    def compute() -> None:
        memory = Memory()
        held.append(weakref.ref(memory))
        raise RuntimeError("out of memory")

    def ask(items: Sequence[Item]) -> list[LabelReply]:
        gc.collect()
        alive.append(sum(reference() is not None for reference in held))
        if len(items) < 2:
            return [REPLY]
        try:
            compute()
        except RuntimeError as exc:
            if kind is RuntimeError:
                raise
            raise EngineError(f"a batch of {len(items)} failed ({exc})") from exc
        return []

    replies, errors = ask_each(ask, ITEMS[:4])
    assert len(replies) == 4
    assert not errors
    assert alive == [0] * 7


def test_an_engine_that_names_the_items_at_fault_is_asked_once() -> None:
    asked = []

    def ask(items: Sequence[Item]) -> list[LabelReply]:
        asked.append(len(items))
        raise SomeFailedError(
            {item.content_key: REPLY for item in items[1:]},
            {items[0].content_key: EngineError("too long")},
        )

    replies, errors = ask_each(ask, ITEMS)
    assert asked == [8]
    assert sorted(replies) == list("1234567")
    assert {key: str(error) for key, error in errors.items()} == {"0": "too long"}


def test_an_engine_that_is_down_is_no_item_s_fault() -> None:
    asked = []

    def ask(items: Sequence[Item]) -> list[LabelReply]:
        asked.append(len(items))
        raise EngineDownError("no server answers")

    with pytest.raises(EngineDownError, match="no server answers"):
        ask_each(ask, ITEMS)
    assert asked == [8]
