"""Intervals that stay inside the bounds of what they are about.

Shares lie in [0, 1], net sentiment in [-1, 1]. A normal interval leaves those bounds and
shrinks to nothing where all labels are the same, so intervals are Wilson's score interval
(Wilson, JASA 22, 1927), with the effective sample size of the design in the place of n
(Korn and Graubard, Survey Methodology 24, 1998) and Student's t in the place of the normal.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

LEVEL = 0.95
Array = npt.NDArray[np.float64]


def t_quantile(degrees: Any, level: float = LEVEL) -> Any:
    """The two-sided quantile of Student's t; at least one degree of freedom."""
    # `scipy.stats` says the same, takes half a second to import and 0.5 ms a call.
    return special.stdtrit(np.maximum(degrees, 1.0), 0.5 + level / 2)


def z_quantile(level: float = LEVEL) -> float:
    """The two-sided quantile of the normal distribution."""
    return float(special.ndtri(0.5 + level / 2))


def score_interval(
    estimate: Any,
    n_effective: Any,
    degrees: Any,
    *,
    bounds: tuple[float, float] = (0.0, 1.0),
    level: float = LEVEL,
) -> tuple[Any, Any]:
    """Wilson's interval of a mean of values within `bounds`; scalars or arrays.

    Args:
        estimate: the mean; what is outside of the bounds is moved to them.
        n_effective: how many independent observations of zeros and ones would have its
            variance: z (1 - z) / variance, z being the mean brought to [0, 1].
        degrees: degrees of freedom of that variance.
    """
    low, high = bounds
    width = high - low
    z = np.clip((np.asarray(estimate, dtype=float) - low) / width, 0.0, 1.0)
    n = np.maximum(n_effective, 1e-9)
    t = t_quantile(degrees, level)
    center = (z + t**2 / (2 * n)) / (1 + t**2 / n)
    half = t * np.sqrt(z * (1 - z) / n + t**2 / (4 * n**2)) / (1 + t**2 / n)
    # Rounding must not leave the estimate outside of its own interval.
    lower = np.minimum(np.clip(center - half, 0.0, 1.0), z)
    upper = np.maximum(np.clip(center + half, 0.0, 1.0), z)
    return low + width * lower, low + width * upper


def effective_size(
    estimate: Any, variance: Any, otherwise: Any, *, bounds: tuple[float, float] = (0.0, 1.0)
) -> Any:
    """The n with which z (1 - z) / n is the variance; `otherwise` where that says nothing.

    That is where all observations are the same, so that their variance is 0.
    """
    low, high = bounds
    width = high - low
    z = np.clip((np.asarray(estimate, dtype=float) - low) / width, 0.0, 1.0)
    v = np.asarray(variance, dtype=float) / width**2
    spread = z * (1 - z)
    says = (spread > 1e-12) & (v > 1e-12 * spread)
    return np.where(says, spread / np.where(says, v, 1.0), otherwise)
