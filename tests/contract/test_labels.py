import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.contract.labels import Label, LabelCalibration, compute_probabilities, label_of

LOGITS = st.lists(st.floats(-500, 500), min_size=3, max_size=3)


def test_compute_probabilities_by_hand() -> None:
    """exp(ln 1), exp(ln 2), exp(ln 5) over their sum, and square roots of them at T = 2."""
    logits = [0.0, math.log(2), math.log(5)]
    assert compute_probabilities(logits) == pytest.approx((1 / 8, 2 / 8, 5 / 8))
    total = 1 + math.sqrt(2) + math.sqrt(5)
    assert compute_probabilities(logits, LabelCalibration(temperature=2)) == pytest.approx(
        (1 / total, math.sqrt(2) / total, math.sqrt(5) / total)
    )


@settings(deadline=None)
@given(LOGITS, st.floats(0.05, 20))
def test_compute_probabilities_sum_to_one_and_temperature_keeps_the_order(
    logits: list[float], temperature: float
) -> None:
    found = compute_probabilities(logits, LabelCalibration(temperature=temperature))
    assert sum(found) == pytest.approx(1)
    order = sorted(range(3), key=lambda i: logits[i])
    assert found[order[0]] <= found[order[1]] <= found[order[2]]


@settings(deadline=None)
@given(LOGITS, st.floats(-100, 100))
def test_compute_probabilities_takes_log_probabilities(logits: list[float], add: float) -> None:
    shifted = [value + add for value in logits]
    assert compute_probabilities(shifted) == pytest.approx(compute_probabilities(logits), abs=1e-9)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_compute_probabilities_refuses_what_is_not_finite(bad: float) -> None:
    with pytest.raises(ValueError, match="not all finite"):
        compute_probabilities([0.0, bad, 1.0])


def test_label_of_ties_go_to_the_first() -> None:
    assert label_of((0.4, 0.4, 0.2)) is Label.NEGATIVE
