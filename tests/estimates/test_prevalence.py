import numpy as np
import pytest

from analytics.estimates.confusion import Confusion, measure_confusion
from analytics.estimates.counting import widen
from analytics.estimates.model_errors import Judged, join_sets, measure_errors, parse_errors
from analytics.estimates.pooling import pool_error
from analytics.estimates.ppi import Gold
from analytics.estimates.prevalence import (
    adjust_count,
    fit_recalibration,
    maximize_likelihood,
    project,
)

RATES = np.array([[0.7, 0.25, 0.05], [0.1, 0.8, 0.1], [0.05, 0.25, 0.7]])
EXACT = Confusion(rates=RATES, covariances=np.zeros((3, 3, 3)))


def draw(rng: np.random.Generator, shares: list[float], n: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and calibrated probabilities for the mix 0.2, 0.5, 0.3."""
    y = rng.choice(3, n, p=shares)
    x = rng.normal(np.array([-1.5, 0, 1.5])[y], 1.0)
    density = np.exp(-0.5 * (x[:, None] - np.array([-1.5, 0, 1.5])) ** 2)
    p = density * np.array([0.2, 0.5, 0.3])
    return y, p / p.sum(1, keepdims=True)


def test_adjusted_count_solves_the_rates() -> None:
    shares = np.array([0.5, 0.3, 0.2])
    found = adjust_count(shares @ RATES, np.zeros((3, 3)), EXACT)
    assert found is not None
    assert found.shares == pytest.approx(shares)
    assert found.measures[3] == pytest.approx(-0.3)
    assert found.low == pytest.approx(found.high)


def test_interval_of_a_share_that_was_brought_to_its_bound_is_no_point() -> None:
    """A few posts, all of them said to be positive: more than the rates allow."""
    found = adjust_count(np.array([0.0, 0.05, 0.95]), np.eye(3) * 0.01, EXACT)
    assert found is not None
    assert found.shares == pytest.approx([0, 0, 1])
    assert found.low[:3] == pytest.approx([0, 0, found.low[2]])
    assert found.low[2] < 0.9
    assert found.low[3] < 0.9
    assert (found.high[:2] > 0.1).all()
    assert found.high[2:] == pytest.approx([1, 1])


def test_adjusted_count_of_one_slice_and_of_many_is_the_same() -> None:
    said = np.array([[0.2, 0.6, 0.2], [0.9, 0.05, 0.05]])
    noise = np.stack([np.eye(3) * 1e-4] * 2)
    many = adjust_count(said, noise, EXACT)
    assert many is not None
    for i in range(2):
        one = adjust_count(said[i], noise[i], EXACT)
        assert one is not None
        assert one.shares == pytest.approx(many.shares[i])
        assert one.low == pytest.approx(many.low[i])
    assert (many.low <= many.measures).all()
    assert (many.measures <= many.high).all()


def test_model_that_cannot_tell_labels_apart_is_not_solved() -> None:
    blind = Confusion(rates=np.full((3, 3), 1 / 3), covariances=np.zeros((3, 3, 3)))
    assert adjust_count(np.ones(3) / 3, np.zeros((3, 3)), blind) is None
    nothing = np.zeros(4)
    assert widen(nothing, nothing, np.ones(3) / 3, np.zeros((3, 3)), blind) is None


@pytest.mark.parametrize(
    ("values", "nearest"),
    [([0.5, 0.6, -0.1], [0.45, 0.55, 0.0]), ([2.0, 0, 0], [1, 0, 0]), ([0.2, 0.3, 0.5],) * 2],
)
def test_projection_gives_the_nearest_shares(values: list[float], nearest: list[float]) -> None:
    assert project(np.array(values)) == pytest.approx(np.array(nearest))


def test_interval_of_a_count_holds_the_adjusted_one_too() -> None:
    counted = np.array([0.3, 0.5, 0.2])
    low, high = np.array([0.29, 0.49, 0.19, -0.11]), np.array([0.31, 0.51, 0.21, -0.09])
    found = widen(low, high, counted, np.zeros((3, 3)), EXACT)
    assert found is not None
    adjusted = np.linalg.solve(RATES.T, counted)
    assert found[0][0] <= 0.29
    assert found[1][0] == pytest.approx(adjusted[0])
    assert adjusted[0] > 0.31


def test_em_finds_a_shifted_mix_and_is_fooled_by_over_confidence() -> None:
    rng = np.random.default_rng(5)
    _, p = draw(rng, [0.6, 0.3, 0.1], 20_000)
    prior = np.array([0.2, 0.5, 0.3])
    found = maximize_likelihood(p, np.ones(len(p)), prior)
    assert found.shares == pytest.approx([0.6, 0.3, 0.1], abs=0.02)
    assert (found.low < found.measures).all()
    bold = p**3 / (p**3).sum(1, keepdims=True)
    wrong = maximize_likelihood(bold, np.ones(len(p)), prior)
    assert abs(wrong.shares - [0.6, 0.3, 0.1]).max() > 0.03


def test_recalibration_undoes_what_was_done_to_probabilities() -> None:
    y, p = draw(np.random.default_rng(6), [0.2, 0.5, 0.3], 20_000)
    spoiled = p**2 * np.array([1.0, 2.0, 1.0])
    spoiled /= spoiled.sum(1, keepdims=True)
    again = fit_recalibration(y, spoiled)
    assert again.temperature == pytest.approx(2.0, rel=0.1)
    assert abs(again.apply(spoiled) - p).mean() < 0.02


@pytest.mark.parametrize("method", ["pacc", "em"])
def test_prevalence_intervals_cover_under_label_shift(method: str) -> None:
    rng = np.random.default_rng(7)
    truth = np.array([0.5, 0.3, 0.2, -0.3])
    covered = np.zeros(4)
    for _ in range(200):
        y, p = draw(rng, [0.2, 0.5, 0.3], 600)
        _, q = draw(rng, [0.5, 0.3, 0.2], 1000)
        if method == "pacc":
            found = adjust_count(q.mean(0), np.cov(q.T) / len(q), measure_confusion(y, p))
            assert found is not None
        else:
            found = maximize_likelihood(q, np.ones(len(q)), np.array([0.2, 0.5, 0.3]))
        covered += (found.low <= truth) & (truth <= found.high)
    assert (covered / 200 >= 0.90).all()
    assert (covered / 200).mean() <= 0.985


def test_errors_survive_the_way_through_json() -> None:
    y, p = draw(np.random.default_rng(8), [0.2, 0.5, 0.3], 500)
    found = parse_errors(
        measure_errors(
            [Judged(labels=y, probabilities=p, groups=[str(i // 2) for i in range(500)])]
        )
    )
    assert (found.n, found.n_groups) == (500, 250)
    assert found.accuracy == pytest.approx((p.argmax(1) == y).mean())
    assert found.soft.rates[0] == pytest.approx(p[y == 0].mean(0))
    assert found.shares == pytest.approx(np.bincount(y) / 500)


def test_errors_without_a_label_or_of_another_form_are_refused() -> None:
    with pytest.raises(ValueError, match="no item has the label positive"):
        measure_errors(
            [Judged(labels=np.array([0, 1]), probabilities=np.eye(3)[:2], groups=["a", "b"])]
        )
    with pytest.raises(ValueError, match="not the errors of a model"):
        parse_errors({"format_version": 1})


def test_few_items_that_agree_still_leave_a_doubt() -> None:
    found = measure_confusion(np.array([0, 0, 1, 1, 2, 2]), np.eye(3)[[0, 0, 1, 1, 2, 2]])
    assert (np.diagonal(found.covariances, axis1=1, axis2=2).sum(1) > 0.05).all()


def test_pooled_error_measures_how_much_slices_differ() -> None:
    rng = np.random.default_rng(9)
    group = np.repeat(np.arange(20), 15)
    shift = rng.normal(0, 0.2, 20)
    f = rng.random(300)
    y = f + shift[group] + rng.normal(0, 0.1, 300)
    gold = Gold(y=y, f=f, weight=np.ones(300), cluster=np.arange(300))
    found = pool_error(gold, group)
    assert found.between is not None
    assert found.between == pytest.approx(shift.var(ddof=1), rel=0.3)
    alike = pool_error(gold, np.zeros(300, dtype=np.int64))
    assert alike.between is None
    assert alike.variance < found.variance


def test_several_sets_tell_how_far_errors_differ() -> None:
    other = Confusion(rates=RATES[::-1, ::-1] * 0.8 + 0.2 / 3, covariances=np.zeros((3, 3, 3)))
    joined = join_sets([EXACT, other])
    assert joined.rates == pytest.approx((EXACT.rates + other.rates) / 2)
    half = (EXACT.rates - other.rates)[0, 0] / 2
    assert joined.covariances[0, 0, 0] == pytest.approx(2 * half**2 * 1.5)
    assert (join_sets([EXACT]).covariances == 0).all()
