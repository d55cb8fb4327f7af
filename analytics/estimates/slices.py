"""From sums by slice to estimates of all measures, for many slices at once.

Of each unit (a content, an author) with n posts, of which the model says t = (negative,
positive), arrays of sums hold sum(n), sum(t), sum(n n), sum(n t), sum(t t), and the same of
the means t / n. The mean of a measure is linear in (t, n), so its variance over units is a
quadratic form in those sums, the linearised ratio of survey statistics (Cochran 1977, 6.13).
"""

from dataclasses import dataclass

import numpy as np

from analytics.estimates.intervals import Array

MEASURE_NAMES = ("share_negative", "share_neutral", "share_positive", "net_sentiment")
BOUNDS = dict.fromkeys(MEASURE_NAMES[:3], (0.0, 1.0)) | {"net_sentiment": (-1.0, 1.0)}
# Of (negative, positive, all): measure = coefficients . sums / n
COEFFICIENTS = np.array([[1.0, 0, 0], [-1, -1, 1], [0, 1, 0], [-1, 1, 0]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What the model says of each slice (s,): a mean of all measures over a view.

    `mean` and `variance` are (s, 4), `covariance` of (negative, neutral, positive) is
    (s, 3, 3), `size` how many units the view counts, `units` how many are independent.
    """

    mean: Array
    variance: Array
    covariance: Array
    size: Array
    units: Array


def measure_means(sums: Array, squares: Array, units: Array) -> Means:
    """Means and variances from sums over units.

    Args:
        sums: of (negative, positive, n), (s, 3).
        squares: of their products, (s, 3, 3).
        units: how many units, (s,).
    """
    size = np.maximum(sums[:, 2], 1e-12)
    mean = sums @ COEFFICIENTS.T / size[:, None]
    last = np.array([0.0, 0, 1])
    # (s, 4, 3): each measure less its mean
    rest = COEFFICIENTS[None] - mean[:, :, None] * last
    covariance = rest @ squares @ rest.transpose(0, 2, 1)
    factor = units / np.maximum(units - 1, 1) / size**2
    covariance = covariance * factor[:, None, None]
    variance = np.maximum(np.diagonal(covariance, axis1=1, axis2=2), 0.0)
    return Means(
        mean=mean,
        variance=variance,
        covariance=covariance[:, :3, :3],
        size=sums[:, 2],
        units=units,
    )


def widest(first: Means, second: Means, known: Array) -> Means:
    """`first` with the larger variance of two ways to make clusters.

    Args:
        known: the share of posts whose cluster of the second kind is known, (s,); the
            others count as in the first.
    """
    share = known[:, None]
    other = share**2 * second.variance + (1 - share) * first.variance
    scale = np.maximum(other / np.maximum(first.variance, 1e-300), 1.0)
    scale = np.where(first.variance > 0, scale, 1.0)
    wider = scale[:, :3]
    return Means(
        mean=first.mean,
        variance=np.maximum(first.variance, other),
        covariance=first.covariance * np.sqrt(wider[:, :, None] * wider[:, None, :]),
        size=first.size,
        units=np.where(scale[:, 0] > 1, np.minimum(first.units, second.units), first.units),
    )
