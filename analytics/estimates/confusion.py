"""What a model says of items of each true label, with how sure that is."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.contract.labels import LABELS
from analytics.estimates.intervals import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """What a model says of items of each true label.

    `rates[j]` is the mean of what it says (3 numbers that sum to 1) where the label is j,
    and `covariances[j]` the covariance of that mean: (3, 3) and (3, 3, 3).
    """

    rates: Array
    covariances: Array


def measure_confusion(
    labels: npt.NDArray[np.int64],
    said: Array,
    weight: Array | None = None,
    cluster: npt.NDArray[np.int64] | None = None,
) -> Confusion:
    """Rates and their covariances, weighted, over clusters.

    Args:
        labels: places of the true labels in LABELS, (n,).
        said: what the model says, rows that sum to 1, (n, 3).

    Raises:
        ValueError: a label has no item.
    """
    n = len(labels)
    weight = np.ones(n) if weight is None else weight
    cluster = np.arange(n) if cluster is None else cluster
    rates, covariances = np.zeros((3, 3)), np.zeros((3, 3, 3))
    for j, name in enumerate(LABELS):
        mine = labels == j
        if not mine.any():
            raise ValueError(f"no item has the label {name}, so its errors are not known")
        w = weight[mine] / weight[mine].sum()
        rates[j] = w @ said[mine]
        _, places = np.unique(cluster[mine], return_inverse=True)
        m = int(places.max()) + 1
        rest = np.zeros((m, 3))
        np.add.at(rest, places, w[:, None] * (said[mine] - rates[j]))
        covariances[j] = rest.T @ rest * m / max(m - 1, 1)
        # Few items that all agree still leave a doubt: as if one of m + 1 had differed.
        kish = 1.0 / float(w @ w)
        even = (rates[j] * kish + 1 / 3) / (kish + 1)
        floor = (np.diag(even) - np.outer(even, even)) / (kish + 1)
        if np.trace(covariances[j]) < 0.1 * np.trace(floor):
            covariances[j] = floor
    return Confusion(rates=rates, covariances=covariances)
