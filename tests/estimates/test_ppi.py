import numpy as np
import pytest
from scipy.stats import t as student

from analytics.estimates.intervals import effective_size, score_interval
from analytics.estimates.ppi import Gold, Population, estimate_mean, tune


def make_gold(y: list[float], f: list[float], **values: list[float]) -> Gold:
    n = len(y)
    return Gold(
        y=np.array(y, dtype=float),
        f=np.array(f, dtype=float),
        weight=np.array(values.get("weight", [1.0] * n), dtype=float),
        cluster=np.array(values.get("cluster", range(n)), dtype=np.int64),
    )


def test_score_interval_is_wilson_s_known_one() -> None:
    """Of 15 in 50 at 1.96: Newcombe, Statistics in Medicine 17 (1998) gives such by (5)."""
    z, n, p = 1.959964, 50, 0.3
    center = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = score_interval(0.3, 50, 1e9)
    assert (low, high) == pytest.approx((center - half, center + half), abs=1e-6)


@pytest.mark.parametrize("mean", [0.0, 1.0])
def test_interval_of_equal_labels_is_not_empty_and_within_bounds(mean: float) -> None:
    found = estimate_mean(make_gold([mean] * 20, [0.5] * 20), None)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.high - found.low > 0.1


def test_gold_alone_has_the_variance_of_a_mean_and_its_quantile() -> None:
    rng = np.random.default_rng(0)
    y = (rng.random(400) < 0.4).astype(float)
    found = estimate_mean(make_gold(list(y), [0.0] * 400), None)
    assert found.value == pytest.approx(y.mean())
    assert found.variance == pytest.approx(y.var(ddof=1) / 400)
    half = student.ppf(0.975, 399) * np.sqrt(found.variance)
    assert found.high - found.low == pytest.approx(2 * half, rel=0.01)


def test_lambda_is_the_slope_of_a_regression() -> None:
    rng = np.random.default_rng(1)
    f = rng.random(100)
    y = 0.7 * f + 0.1 * rng.random(100)
    assert tune(make_gold(list(y), list(f))) == pytest.approx(np.polyfit(f, y, 1)[0])


def test_lambda_of_predictions_that_say_nothing_is_zero() -> None:
    assert tune(make_gold([0, 1, 1, 0], [0.5] * 4)) == 0.0
    assert tune(make_gold([0, 1, 1, 0], [1, 0, 0, 1])) == 0.0


def test_estimate_is_the_regression_s_value_at_the_population() -> None:
    rng = np.random.default_rng(2)
    f = rng.random(200)
    y = (rng.random(200) < f).astype(float)
    found = estimate_mean(make_gold(list(y), list(f)), Population(mean=0.3, variance=0.0, size=1e6))
    slope, intercept = np.polyfit(f, y, 1)
    assert found.value == pytest.approx(intercept + slope * 0.3)


def test_weights_count_as_copies_do_in_the_mean() -> None:
    weighted = estimate_mean(make_gold([0, 1, 1], [0, 0, 0], weight=[3, 1, 1]), None)
    assert weighted.value == pytest.approx(0.4)


def test_copies_in_one_cluster_do_not_narrow_the_interval() -> None:
    once = make_gold([0, 1, 0, 1, 1, 0], [0.1, 0.8, 0.3, 0.6, 0.9, 0.2])
    y, f = np.repeat(once.y, 5), np.repeat(once.f, 5)
    copied = Gold(y=y, f=f, weight=np.ones(30), cluster=np.repeat(np.arange(6), 5))
    population = Population(mean=0.5, variance=1e-4, size=1e5)
    a, b = estimate_mean(once, population), estimate_mean(copied, population)
    assert (a.value, a.low, a.high) == pytest.approx((b.value, b.low, b.high))


def test_net_sentiment_stays_within_its_bounds() -> None:
    found = estimate_mean(make_gold([1.0] * 9 + [0.0], [0.9] * 10), None, bounds=(-1, 1))
    assert -1 <= found.low < found.value < found.high <= 1


def test_effective_size_is_n_for_independent_labels() -> None:
    assert effective_size(0.2, 0.2 * 0.8 / 70, 1) == pytest.approx(70)
    assert effective_size(0.0, 0.0, 12) == 12


def test_no_gold_is_an_error() -> None:
    with pytest.raises(ValueError, match="no gold label"):
        estimate_mean(make_gold([], []), None)
    with pytest.raises(ValueError, match="different lengths"):
        make_gold([1.0], [0.5, 0.5])


@pytest.mark.parametrize("n_gold", [30, 200])
def test_intervals_cover_and_are_narrower_than_gold_alone(n_gold: int) -> None:
    rng = np.random.default_rng(3)
    truth, size = 0.35, 4000
    covered, width, alone = 0, 0.0, 0.0
    for _ in range(500):
        y = (rng.random(size) < truth).astype(float)
        f = np.clip(0.15 + 0.65 * y + rng.normal(0, 0.15, size), 0, 1)
        gold = make_gold(list(y[:n_gold]), list(f[:n_gold]))
        population = Population(mean=f.mean(), variance=f.var() / size, size=size)
        found = estimate_mean(gold, population)
        covered += found.low <= truth <= found.high
        width += found.high - found.low
        by_gold = estimate_mean(gold, None)
        alone += by_gold.high - by_gold.low
    # 500 draws of 95 % lie within 92.4 and 97.6 % with a chance of 99 %.
    assert 0.924 <= covered / 500 <= 0.976
    assert width < 0.6 * alone


def test_intervals_cover_with_a_flood_of_copies_and_a_weighted_draw() -> None:
    """Half of the posts are copies of few contents; gold is drawn 4 times as often among some."""
    rng = np.random.default_rng(4)
    truth, covered = 0.3, 0
    for _ in range(400):
        copies = np.where(rng.random(600) < 0.1, 20, 1)
        label = (rng.random(600) < truth).astype(float)
        f_of = np.clip(label * 0.5 + rng.random(600) * 0.5, 0, 1)
        y, f = np.repeat(label, copies), np.repeat(f_of, copies)
        cluster = np.repeat(np.arange(600), copies)
        mean, n = f.mean(), len(f)
        rest = np.bincount(cluster, weights=f - mean)
        chance = np.where(f > 0.5, 0.12, 0.03)
        rows = np.nonzero(rng.random(n) < chance)[0]
        gold = Gold(y=y[rows], f=f[rows], weight=1 / chance[rows], cluster=cluster[rows])
        found = estimate_mean(
            gold, Population(mean=mean, variance=float(rest @ rest) / n**2, size=n)
        )
        covered += found.low <= truth <= found.high
    assert 0.91 <= covered / 400 <= 0.985
