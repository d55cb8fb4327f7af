"""Batches together, and one alone."""

import threading
import time

from analytics.engine.turns import Turns


def test_batches_enter_together() -> None:
    turns = Turns()
    with turns.enter() as first, turns.enter() as second:
        assert (first, second, turns.n_inside) == (True, True, 2)
    assert turns.n_inside == 0


def test_holder_waits_for_those_inside_and_is_then_alone() -> None:
    turns = Turns()
    leave = threading.Event()
    entered = threading.Event()

    def be_inside() -> None:
        with turns.enter():
            entered.set()
            leave.wait(10)

    other = threading.Thread(target=be_inside)
    other.start()
    entered.wait(10)
    assert not turns.reserve("a", timeout_s=0.05)
    with turns.enter() as may_enter:  # the reservation that failed is gone
        assert may_enter
    threading.Timer(0.2, leave.set).start()
    assert turns.reserve("a", timeout_s=10)
    other.join()
    with turns.enter() as may_enter:
        assert not may_enter
    assert not turns.reserve("b", timeout_s=0)
    with turns.enter("a") as may_enter, turns.enter() as may_too:
        assert (may_enter, may_too) == (True, False)
    with turns.enter() as may_enter:
        assert may_enter


def test_one_who_is_waited_for_lets_no_other_in() -> None:
    """Else a busy replica would never be empty."""
    turns = Turns()
    found = []
    with turns.enter():
        waiting = threading.Thread(target=lambda: found.append(turns.reserve("a", timeout_s=10)))
        waiting.start()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with turns.enter() as may_enter:
                if not may_enter:
                    break
        assert not may_enter
    waiting.join()
    assert found == [True]


def test_reservation_of_one_who_never_comes_lapses() -> None:
    now = [0.0]
    turns = Turns(lapse_s=60, clock=lambda: now[0])
    assert turns.reserve("a", timeout_s=0)
    with turns.enter() as may_enter:
        assert not may_enter
    now[0] = 61
    with turns.enter() as may_enter:
        assert may_enter
    assert turns.reserve("b", timeout_s=0)
