"""Slices with too few gold labels of their own borrow the model's error from the others.

The error y - lambda f of a slice is taken to be drawn from the errors of all slices of its
kind: a normal distribution whose spread between slices (tau) is measured where there is gold
(DerSimonian and Laird, Controlled Clinical Trials 7, 1986). The interval is the prediction
interval of a new slice (Higgins, Thompson and Spiegelhalter, JRSS A 172, 2009).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.estimates.intervals import Array
from analytics.estimates.ppi import Gold, sum_clusters, tune

# Labels more than slices with labels: fewer do not tell labels' spread from slices'.
MIN_WITHIN = 10
MIN_GROUPS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledError:
    """The error of a slice nobody labelled: `mean`, `variance` (both spreads), `degrees`.

    `between` is tau squared; None where the gold cannot tell it.
    """

    tuning: float
    mean: float
    variance: float
    degrees: float
    between: float | None
    n_gold: int


def pool_error(gold: Gold, group: npt.NDArray[np.int64]) -> PooledError:
    """The error y - lambda f over all gold labels, and its spread between groups (slices).

    Raises:
        ValueError: fewer than three clusters of gold.
    """
    _, group = np.unique(group, return_inverse=True)
    n_groups = int(group.max()) + 1
    n_clusters = len(np.unique(gold.cluster))
    if n_clusters < 3:
        raise ValueError(f"{n_clusters} independent gold labels, at least 3 are needed")
    lam = tune(gold)
    error = gold.y - lam * gold.f
    total = np.bincount(group, weights=gold.weight)
    means = np.bincount(group, weights=gold.weight * error) / total
    # A cluster may have items in several groups: its part in each counts for itself.
    parts = np.unique(np.stack([gold.cluster, group]), axis=1, return_inverse=True)[1]
    parts = parts.reshape(-1).astype(np.int64)
    within = sum_clusters(gold.weight * (error - means[group]), parts)
    squares = sum_clusters(gold.weight, parts) ** 2
    n_parts = len(squares)
    place = np.zeros(n_parts, dtype=np.int64)
    place[parts] = group
    if n_groups < MIN_GROUPS or n_parts - n_groups < MIN_WITHIN:
        return _pool_alike(gold, error, lam)
    noise = float(within @ within) / float(squares.sum()) * n_parts / (n_parts - n_groups)
    own = noise * np.bincount(place, weights=squares, minlength=n_groups) / total**2
    tau2 = _between(means, own)
    weight = 1 / (own + tau2) if tau2 + noise > 0 else np.ones(n_groups)
    mean = float(weight @ means / weight.sum())
    error_of_mean = 1 / float(weight.sum()) if tau2 + noise > 0 else 0.0
    return PooledError(
        tuning=lam,
        mean=mean,
        variance=tau2 + error_of_mean,
        # Where slices do not differ, labels tell the error, not slices.
        degrees=float(n_groups - 1) if tau2 > 0 else float(n_parts - n_groups),
        between=tau2,
        n_gold=len(gold.y),
    )


def _between(means: Array, own: Array) -> float:
    """Tau squared by the method of moments."""
    weight = 1 / np.maximum(own, 1e-12)
    mean = weight @ means / weight.sum()
    q = float(weight @ (means - mean) ** 2)
    scale = float(weight.sum() - (weight @ weight) / weight.sum())
    return max(0.0, (q - (len(means) - 1)) / scale) if scale > 0 else 0.0


def _pool_alike(gold: Gold, error: Array, lam: float) -> PooledError:
    w = gold.weight / gold.weight.sum()
    mean = float(w @ error)
    rest = sum_clusters(w * (error - mean), gold.cluster)
    n = len(rest)
    return PooledError(
        tuning=lam,
        mean=mean,
        variance=float(rest @ rest) * n / (n - 2),
        degrees=float(n - 2),
        between=None,
        n_gold=len(gold.y),
    )
