"""The fitted temperature, against known answers."""

import math

import numpy as np
import pytest

from analytics.contract.errors import TrainingError
from analytics.contract.labels import LABELS, compute_probabilities
from distillation.calibration import (
    MAX_TEMPERATURE,
    MIN_TEMPERATURE,
    apply_temperature,
    fit_temperature,
    measure_ece,
    measure_nll,
)
from distillation.evaluation.scores import Judged
from tests.distillation.evaluation.makers import make_judged


def draw_judged(n: int, true_temperature: float, seed: int = 0) -> list[Judged]:
    """Rows of a model whose logits are `true_temperature` times too large."""
    generator = np.random.default_rng(seed)
    found = []
    for i, logits in enumerate(generator.normal(0, 1.5, (n, 3))):
        truth = compute_probabilities(logits.tolist())
        found.append(
            Judged(
                example_id=str(i),
                group=str(i),
                label=LABELS[generator.choice(3, p=truth)],
                probabilities=compute_probabilities((logits * true_temperature).tolist()),
            )
        )
    return found


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 2.5])
def test_fit_finds_the_temperature_of_a_known_model(true_temperature: float) -> None:
    judged = draw_judged(20_000, true_temperature)
    found = fit_temperature(judged)
    assert found.temperature == pytest.approx(true_temperature, rel=0.05)
    assert found.n == 20_000
    assert not found.is_bounded
    assert found.nll_after <= found.nll_before
    assert found.ece_after < 0.02
    if true_temperature != 1.0:
        assert found.ece_after < found.ece_before / 3


def test_fit_is_the_minimum() -> None:
    judged = draw_judged(200, 3.0)
    best = fit_temperature(judged).nll_after
    for temperature in np.geomspace(MIN_TEMPERATURE, MAX_TEMPERATURE, 200):
        assert measure_nll(apply_temperature(judged, float(temperature))) >= best - 1e-9


def test_fit_by_hand() -> None:
    """Three of four right at odds of 8:1:1; the best odds are 6:1:1, so T = ln 8 / ln 6."""
    judged = make_judged([(0, 0), (1, 1), (2, 2), (0, 1)], confidence=0.8)
    found = fit_temperature(judged)
    assert found.temperature == pytest.approx(math.log(8) / math.log(6), abs=1e-6)
    assert found.ece_before == pytest.approx(0.05)
    assert found.ece_after == pytest.approx(0.0, abs=1e-6)
    assert measure_ece(apply_temperature(judged, found.temperature)) == found.ece_after


@pytest.mark.parametrize("predicted", [0, 1], ids=["all right", "all wrong"])
def test_fit_that_has_no_minimum_says_so(predicted: int) -> None:
    assert fit_temperature(make_judged([(0, predicted)] * 9)).is_bounded


def test_certain_and_wrong_rows_are_finite() -> None:
    judged = [*make_judged([(0, 0)] * 3), *make_judged([(1, 0)], confidence=1.0)]
    assert math.isfinite(fit_temperature(judged).nll_before)


def test_temperature_moves_no_label() -> None:
    judged = draw_judged(100, 2.0)
    for temperature in (0.1, 1.7, 15.0):
        softened = apply_temperature(judged, temperature)
        assert [row.predicted for row in softened] == [row.predicted for row in judged]


def test_fit_of_nothing_is_an_error() -> None:
    with pytest.raises(TrainingError, match="no judged example"):
        fit_temperature([])
