"""An engine that dies is loaded again; what kills it is found."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from analytics.contract.engine import LabelReply, TextReply, ask_each
from analytics.contract.errors import (
    ConfigError,
    DeadlyItemError,
    EngineDiedError,
    EngineError,
)
from analytics.contract.records import Item
from analytics.engine.restarting import MAX_RESTARTS, RestartingEngine
from tests.scripted import ScriptedEngine

ITEMS = [Item(content_key=str(n), text=f"text {n}.") for n in range(16)]


class MortalEngine(ScriptedEngine):
    """Dies on a batch of which `kills` is true, and stays dead."""

    def __init__(self, kills: Callable[[Sequence[Item]], bool]) -> None:
        super().__init__()
        self._kills = kills
        self._is_dead = False

    def label(self, items: Sequence[Item]) -> list[LabelReply]:
        self._live(items)
        return super().label(items)

    def rationalize(self, items: Sequence[Item]) -> list[TextReply]:
        self._live(items)
        return super().rationalize(items)

    def _live(self, items: Sequence[Item]) -> None:
        self._is_dead = self._is_dead or self._kills(items)
        if self._is_dead:
            raise EngineDiedError("gone")


class Workshop:
    """Loads mortal engines, and notes what was loaded and how long was waited."""

    def __init__(self, kills: Callable[[Sequence[Item]], bool]) -> None:
        self.kills = kills
        self.engines: list[MortalEngine] = []
        self.pauses: list[float] = []
        self.count_restarts = 0

    def load(self) -> MortalEngine:
        self.engines.append(MortalEngine(self.kills))
        return self.engines[-1]

    def restarted(self) -> None:
        self.count_restarts += 1

    def make(self) -> RestartingEngine:
        return RestartingEngine(self.load, on_restart=self.restarted, sleep=self.pauses.append)


def has(*texts: str) -> Callable[[Sequence[Item]], bool]:
    return lambda items: any(item.text == f"text {text}." for item in items for text in texts)


@pytest.mark.parametrize("method", ["label", "rationalize"])
@pytest.mark.parametrize("deadly", [("0",), ("9",), ("15",), ("3", "4", "5")], ids=str)
def test_item_that_kills_is_found_and_the_others_are_answered(
    method: str, deadly: tuple[str, ...]
) -> None:
    workshop = Workshop(has(*deadly))
    engine = workshop.make()
    replies, errors = ask_each(getattr(engine, method), ITEMS)
    assert set(errors) == set(deadly)
    assert all(isinstance(error, DeadlyItemError) for error in errors.values())
    assert set(replies) == {item.content_key for item in ITEMS} - set(deadly)
    dead = [made for made in workshop.engines if made._is_dead]
    assert len(dead) >= workshop.count_restarts
    assert all(made.is_closed for made in dead)
    assert set(workshop.pauses) == {1.0}  # each new engine answered, so none was waited for longer
    engine.close()
    assert all(made.is_closed for made in workshop.engines)


def test_death_by_chance_costs_no_item() -> None:
    deaths = iter([True])
    workshop = Workshop(lambda items: next(deaths, False))
    replies, errors = ask_each(workshop.make().label, ITEMS[:1])
    assert set(replies) == {"0"}
    assert not errors
    assert workshop.count_restarts == 1


def test_batches_that_are_too_large_are_halved() -> None:
    workshop = Workshop(lambda items: len(items) > 4)
    replies, errors = ask_each(workshop.make().label, ITEMS)
    assert len(replies) == 16
    assert not errors


def test_engine_that_dies_on_everything_is_given_up() -> None:
    workshop = Workshop(lambda items: True)
    engine = workshop.make()
    with pytest.raises(EngineDiedError, match=f"{MAX_RESTARTS} tries to load it again failed"):
        ask_each(engine.label, ITEMS)
    assert workshop.pauses == [1.0, 2.0, 4.0, 8.0, 16.0]
    assert len(workshop.engines) == 1 + MAX_RESTARTS
    engine.close()


def test_calls_beside_the_one_that_found_it_gone_do_not_wait_for_it_again() -> None:
    workshop = Workshop(lambda items: True)
    engine = workshop.make()
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(ask_each, engine.label, ITEMS) for _ in range(4)]
        faults = [call.exception(timeout=20) for call in asked]
    assert [type(fault) for fault in faults] == [EngineDiedError] * 4
    assert workshop.pauses == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_engine_that_lives_on_harmless_items_only_is_given_up() -> None:
    workshop = Workshop(lambda items: items[0].content_key != "harmless")
    with pytest.raises(EngineDiedError, match="8 contents in a row"):
        ask_each(workshop.make().label, [Item(content_key=str(n), text="x") for n in range(64)])
    assert len(workshop.engines) < 40


def test_calls_beside_the_one_that_gave_it_up_do_not_load_it_again() -> None:
    workshop = Workshop(lambda items: items[0].content_key != "harmless")
    engine = workshop.make()
    with pytest.raises(EngineDiedError, match="8 contents in a row"):
        ask_each(engine.label, ITEMS)
    n_loaded = len(workshop.engines)
    with pytest.raises(EngineDiedError, match="8 contents in a row"):
        ask_each(engine.rationalize, ITEMS)
    assert len(workshop.engines) == n_loaded


def test_engine_that_cannot_be_loaded_again_is_tried_with_growing_pauses() -> None:
    workshop = Workshop(has("3"))
    n_loads = 0

    def load() -> MortalEngine:
        nonlocal n_loads
        n_loads += 1
        if n_loads in (2, 3):
            raise EngineError("the card is busy")
        return workshop.load()

    engine = RestartingEngine(load, sleep=workshop.pauses.append)
    replies, errors = ask_each(engine.label, ITEMS[:4])
    assert (set(replies), set(errors)) == ({"0", "1", "2"}, {"3"})
    assert workshop.pauses[:3] == [1.0, 2.0, 4.0]


def test_what_the_first_load_raises_is_not_tried_again() -> None:
    def load() -> ScriptedEngine:
        raise ConfigError("no such option")

    with pytest.raises(ConfigError, match="no such option"):
        RestartingEngine(load)


def test_fault_of_a_batch_restarts_nothing() -> None:
    engine = ScriptedEngine(fails_on="text 3.")
    restarting = RestartingEngine(lambda: engine, sleep=lambda s: pytest.fail("it waited"))
    replies, errors = ask_each(restarting.label, ITEMS)
    assert (len(replies), list(errors)) == (15, ["3"])
    assert not isinstance(errors["3"], DeadlyItemError)
