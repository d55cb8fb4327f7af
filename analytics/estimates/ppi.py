"""Prediction-powered inference of a mean: few human labels, many predictions.

Angelopoulos, Duchi and Zrnic, "PPI++: Efficient Prediction-Powered Inference", 2023
(arXiv:2311.01453): the mean of the labels is

    estimate = mean_gold(y) + lambda (mean_all(f) - mean_gold(f))

with y the human label, f what the model says of the same item, and lambda chosen such that
the variance is least. Here gold is a part of all items, not a sample beside them (double
sampling: Cochran, "Sampling Techniques", 1977, chapter 12), so that the least variance is at
lambda = cov(y, f) / var(f), without the factor 1 / (1 + n / N) of the paper. Means of gold are
weighted by the inverse of the sampling probability (Hajek), and variances sum over clusters.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.estimates.intervals import LEVEL, Array, effective_size, score_interval

# A model that is too shy has a lambda above 1; more than this is noise of few labels.
MAX_LAMBDA = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean with its interval and variance; `tuning` is the lambda."""

    value: float
    low: float
    high: float
    variance: float
    n_gold: int
    tuning: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gold:
    """Items with a human label, in arrays of the same length (n).

    `y` is the label as a number, `f` the model's number for the same item, `weight` how
    many units of the population it stands for, `cluster` a number for items that are not
    independent of each other.
    """

    y: Array
    f: Array
    weight: Array
    cluster: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        if not len(self.y) == len(self.f) == len(self.weight) == len(self.cluster):
            raise ValueError("y, f, weight and cluster have different lengths")
        if len(self.y) and not (self.weight > 0).all():
            raise ValueError("a weight is not above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """What the model says of all items: the mean, its variance as a sample, the size."""

    mean: float
    variance: float
    size: float


def sum_clusters(values: Array, cluster: npt.NDArray[np.int64]) -> Array:
    """The sums of values over the items of each cluster."""
    _, places = np.unique(cluster, return_inverse=True)
    return np.asarray(np.bincount(places, weights=values), dtype=np.float64)


def tune(gold: Gold) -> float:
    """The lambda of least variance, weights and clusters included; in [0, MAX_LAMBDA]."""
    w = gold.weight / gold.weight.sum()
    by_y = sum_clusters(w * (gold.y - w @ gold.y), gold.cluster)
    by_f = sum_clusters(w * (gold.f - w @ gold.f), gold.cluster)
    spread = float(by_f @ by_f)
    if spread <= 1e-15:
        return 0.0
    return float(np.clip((by_y @ by_f) / spread, 0.0, MAX_LAMBDA))


def estimate_mean(
    gold: Gold,
    population: Population | None,
    *,
    bounds: tuple[float, float] = (0.0, 1.0),
    level: float = LEVEL,
    tuning: float | None = None,
) -> Estimate:
    """The mean of y by PPI++, or by gold alone without a population.

    Raises:
        ValueError: there is no gold.
    """
    n = len(gold.y)
    if not n:
        raise ValueError("no gold label, so nothing to estimate from")
    w = gold.weight / gold.weight.sum()
    mean_y, mean_f = float(w @ gold.y), float(w @ gold.f)
    lam = 0.0 if population is None else tune(gold) if tuning is None else tuning
    by_y = sum_clusters(w * (gold.y - mean_y), gold.cluster)
    by_f = sum_clusters(w * (gold.f - mean_f), gold.cluster)
    by_weight = sum_clusters(w, gold.cluster)
    n_clusters = len(by_weight)
    # Unequal weights leave fewer clusters to tell the variance by (Kish 1965).
    kish = 1.0 / float(by_weight @ by_weight)
    n_fitted = 1 if lam == 0.0 else 2
    rest = by_y - lam * by_f
    variance = float(rest @ rest) * n_clusters / max(n_clusters - n_fitted, 1)
    alone = float(by_y @ by_y) * n_clusters / max(n_clusters - 1, 1)
    value = mean_y
    if population is not None and lam:
        value += lam * (population.mean - mean_f)
        # Few labels: what the fitted lambda adds, as for any regression line.
        spread = float(by_f @ by_f)
        if spread > 0 and tuning is None:
            variance *= 1 + (population.mean - mean_f) ** 2 / (spread * n_clusters)
        share = min(1.0, n / max(population.size, n))
        variance += lam**2 * population.variance + 2 * lam * share * float(by_f @ rest)
    size_alone = float(effective_size(mean_y, alone, kish, bounds=bounds))
    ratio = variance / alone if alone > 0 and variance > 0 else 1.0
    low, high = score_interval(
        value, size_alone / ratio, kish - n_fitted, bounds=bounds, level=level
    )
    return Estimate(
        value=float(np.clip(value, *bounds)),
        low=float(low),
        high=float(high),
        variance=variance,
        n_gold=n,
        tuning=lam,
    )
