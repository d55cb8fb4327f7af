"""Which method a slice gets, and its estimates: all slices of one kind, in one view.

- `ppi`: at least MIN_GOLD independent gold labels in the slice.
- `ppi_pooled`: fewer, but as many over all slices of its kind; the model's error is theirs.
- `count_model_error`: no such gold; classify and count, widened by the model's figures.
- `count`: the same without figures; the interval is of sampling alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.estimates.confusion import Confusion
from analytics.estimates.counting import widen
from analytics.estimates.intervals import Array, effective_size, score_interval, t_quantile
from analytics.estimates.pooling import PooledError, pool_error
from analytics.estimates.ppi import Estimate, Gold, Population, estimate_mean
from analytics.estimates.slices import BOUNDS, MEASURE_NAMES, Means

# From here on PPI was measured to hold its level (docs/statistics.md).
MIN_GOLD = 20
METHODS = ("ppi", "ppi_pooled", "count_model_error", "count")
_LOWS = np.array([BOUNDS[name][0] for name in MEASURE_NAMES])


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyGold:
    """Gold of a family of slices, (n,) items.

    `place` is the slice of each item, `y` and `f` the four measures of label and
    prediction (n, 4), `weight` the units of the view that it stands for, `clusters` the
    ways in which items depend on each other; the widest interval of them is taken.
    """

    place: npt.NDArray[np.int64]
    y: Array
    f: Array
    weight: Array
    clusters: Sequence[npt.NDArray[np.int64]]

    def n_independent(self) -> int:
        """How many clusters, by the way that leaves fewest."""
        return min(len(np.unique(cluster)) for cluster in self.clusters)

    def take(self, rows: npt.NDArray[np.int64]) -> "FamilyGold":
        """Some of the items."""
        return FamilyGold(
            place=self.place[rows],
            y=self.y[rows],
            f=self.f[rows],
            weight=self.weight[rows],
            clusters=[cluster[rows] for cluster in self.clusters],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyEstimates:
    """Of each slice and measure (s, 4) value, low and high; of each slice (s,) the method.

    `is_between_known` says whether the spread of the model's error between slices could
    be measured (of `ppi_pooled`).
    """

    value: Array
    low: Array
    high: Array
    method: list[str]
    count_gold: npt.NDArray[np.int64]
    is_between_known: bool


def estimate_family(
    means: Means, gold: FamilyGold | None, confusion: Confusion | None
) -> FamilyEstimates:
    """Estimates of slices; `means` are of probabilities if gold is given, else of labels."""
    n_slices = len(means.size)
    if gold is None:
        value, low, high, method = _count(means, confusion)
        counts = np.zeros(n_slices, dtype=np.int64)
        return FamilyEstimates(
            value=value,
            low=low,
            high=high,
            method=[method] * n_slices,
            count_gold=counts,
            is_between_known=False,
        )
    counts = np.bincount(gold.place, minlength=n_slices)
    pooled = [_pool(gold, k) for k in range(4)]
    value, low, high = _apply_pooled(means, pooled)
    methods = ["ppi_pooled"] * n_slices
    order = np.argsort(gold.place, kind="stable")
    ends = np.cumsum(counts)
    for s in np.nonzero(counts >= MIN_GOLD)[0]:
        mine = gold.take(order[ends[s] - counts[s] : ends[s]])
        if mine.n_independent() < MIN_GOLD:
            continue
        methods[s] = "ppi"
        for k in range(4):
            found = _estimate_own(mine, means, int(s), k)
            value[s, k], low[s, k], high[s, k] = found.value, found.low, found.high
    return FamilyEstimates(
        value=value,
        low=low,
        high=high,
        method=methods,
        count_gold=counts,
        is_between_known=all(error.between is not None for error in pooled),
    )


def _count(means: Means, confusion: Confusion | None) -> tuple[Array, Array, Array, str]:
    low, high = np.empty_like(means.mean), np.empty_like(means.mean)
    for k, name in enumerate(MEASURE_NAMES):
        n = effective_size(means.mean[:, k], means.variance[:, k], means.units, bounds=BOUNDS[name])
        low[:, k], high[:, k] = score_interval(
            means.mean[:, k], n, means.units - 1, bounds=BOUNDS[name]
        )
    wider = None
    if confusion is not None:
        wider = widen(low, high, means.mean[:, :3], means.covariance, confusion)
    if wider is None:
        return means.mean, low, high, "count"
    return means.mean, *wider, "count_model_error"


def _gold_of(gold: FamilyGold, k: int, cluster: npt.NDArray[np.int64]) -> Gold:
    return Gold(y=gold.y[:, k], f=gold.f[:, k], weight=gold.weight, cluster=cluster)


def _pool(gold: FamilyGold, k: int) -> PooledError:
    found = [pool_error(_gold_of(gold, k, cluster), gold.place) for cluster in gold.clusters]
    return max(found, key=lambda error: error.variance)


def _apply_pooled(means: Means, pooled: Sequence[PooledError]) -> tuple[Array, Array, Array]:
    tuning = np.array([error.tuning for error in pooled])
    raw = means.mean * tuning + np.array([error.mean for error in pooled])
    variance = tuning**2 * means.variance + np.array([error.variance for error in pooled])
    t = t_quantile(np.array([error.degrees for error in pooled]))
    # What is out of bounds is moved to them, with its interval.
    value = np.clip(raw, _LOWS, 1.0)
    half = t * np.sqrt(variance)
    return value, np.clip(value - half, _LOWS, 1.0), np.clip(value + half, _LOWS, 1.0)


def _estimate_own(gold: FamilyGold, means: Means, s: int, k: int) -> Estimate:
    population = Population(
        mean=float(means.mean[s, k]),
        variance=float(means.variance[s, k]),
        size=float(means.size[s]),
    )
    bounds = BOUNDS[MEASURE_NAMES[k]]
    found = [
        estimate_mean(_gold_of(gold, k, cluster), population, bounds=bounds)
        for cluster in gold.clusters
    ]
    return max(found, key=lambda estimate: estimate.high - estimate.low)
