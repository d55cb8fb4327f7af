"""The fitted temperature, against known answers."""

import math
from dataclasses import replace

import numpy as np
import pytest

from analytics.contract.errors import TrainingError
from analytics.contract.labels import LABELS, LabelCalibration, compute_probabilities
from distillation.calibration import (
    MAX_TEMPERATURE,
    MIN_TEMPERATURE,
    apply_calibration,
    fit_adjustment,
    fit_temperature,
    measure_ece,
    measure_nll,
)
from distillation.evaluation.scores import Judged
from tests.distillation.evaluation.makers import make_judged

SHARES = (0.1, 0.6, 0.3)


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
        assert (
            measure_nll(apply_calibration(judged, LabelCalibration(float(temperature))))
            >= best - 1e-9
        )


def test_fit_by_hand() -> None:
    """Three of four right at odds of 8:1:1; the best odds are 6:1:1, so T = ln 8 / ln 6."""
    judged = make_judged([(0, 0), (1, 1), (2, 2), (0, 1)], confidence=0.8)
    found = fit_temperature(judged)
    assert found.temperature == pytest.approx(math.log(8) / math.log(6), abs=1e-6)
    assert found.ece_before == pytest.approx(0.05)
    assert found.ece_after == pytest.approx(0.0, abs=1e-6)
    assert (
        measure_ece(apply_calibration(judged, LabelCalibration(found.temperature)))
        == found.ece_after
    )


@pytest.mark.parametrize("predicted", [0, 1], ids=["all right", "all wrong"])
def test_fit_that_has_no_minimum_says_so(predicted: int) -> None:
    assert fit_temperature(make_judged([(0, predicted)] * 9)).is_bounded


def test_certain_and_wrong_rows_are_finite() -> None:
    judged = [*make_judged([(0, 0)] * 3), *make_judged([(1, 0)], confidence=1.0)]
    assert math.isfinite(fit_temperature(judged).nll_before)


def test_temperature_moves_no_label() -> None:
    judged = draw_judged(100, 2.0)
    for temperature in (0.1, 1.7, 15.0):
        softened = apply_calibration(judged, LabelCalibration(temperature))
        assert [row.predicted for row in softened] == [row.predicted for row in judged]


def test_fit_of_nothing_is_an_error() -> None:
    with pytest.raises(TrainingError, match="no judged example"):
        fit_temperature([])


def test_adjustment_by_hand() -> None:
    """A model that knows nothing but shares of 1:4:1, asked about equally frequent labels."""
    rows = [(label, 1) for label in range(3)] * 10
    told = (1 / 6, 4 / 6, 1 / 6)
    judged = [replace(row, probabilities=told) for row in make_judged(rows)]
    found = fit_adjustment([judged], shares=(1, 4, 1), temperature=1.0)
    assert found.strength == pytest.approx(1.0, abs=1e-6)
    adjusted = apply_calibration(judged, LabelCalibration(1.0, found.bias))
    assert adjusted[0].probabilities == pytest.approx((1 / 3, 1 / 3, 1 / 3), abs=1e-6)
    assert found.nll_after[0] == pytest.approx(math.log(3))
    assert found.nll_before[0] > found.nll_after[0]


def test_adjustment_undoes_the_shares_of_training() -> None:
    """Skewed by known shares, a true model of equally frequent labels is found again."""
    truth = draw_judged(6_000, 1.0)
    skewed = apply_calibration(truth, LabelCalibration(1.0, tuple(np.log(SHARES).tolist())))
    found = fit_adjustment([skewed], shares=SHARES, temperature=1.0)
    assert found.strength == pytest.approx(1.0, abs=0.05)
    restored = apply_calibration(skewed, LabelCalibration(1.0, found.bias))
    assert (
        np.mean([a.predicted is b.predicted for a, b in zip(truth, restored, strict=True)]) > 0.98
    )


def test_adjustment_weighs_sets_and_not_their_posts() -> None:
    """Posts like the training set's ask for none, others for all of it: between the two."""
    truth = draw_judged(3_000, 1.0)
    skewed = apply_calibration(truth, LabelCalibration(1.0, tuple(np.log(SHARES).tolist())))
    rng = np.random.default_rng(1)
    own = [replace(row, label=LABELS[rng.choice(3, p=row.probabilities)]) for row in skewed]
    (none, half, other) = (
        fit_adjustment(sets, shares=SHARES, temperature=1.0)
        for sets in ([own], [own[:500], skewed], [skewed])
    )
    assert none.strength < 0.1
    assert 0.3 < half.strength < 0.8
    assert other.strength > 0.9


@pytest.mark.parametrize("shares", [(0.5, 0.5, 0.0), (0.0, 0.0, 0.0)], ids=repr)
def test_adjustment_needs_all_labels(shares: tuple[float, float, float]) -> None:
    with pytest.raises(TrainingError, match="above 0"):
        fit_adjustment([make_judged([(0, 0)])], shares=shares, temperature=1.0)
