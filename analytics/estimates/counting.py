"""Classify and count: the shares of the chosen labels, where there is no gold.

The count alone is biased by what the model gets wrong. Its interval therefore also holds
the adjusted count (Forman, DMKD 17, 2008): what the shares would be if the model erred here
as it did on the labelled data of its figures, with the doubt of those figures.
"""

import numpy as np

from analytics.estimates.confusion import Confusion
from analytics.estimates.intervals import LEVEL, Array
from analytics.estimates.prevalence import adjust_count


def widen(
    low: Array,
    high: Array,
    counted: Array,
    covariance: Array,
    confusion: Confusion,
    *,
    level: float = LEVEL,
) -> tuple[Array, Array] | None:
    """The interval of the count, stretched to hold that of the adjusted count.

    Args:
        low: of the three shares and net sentiment, (..., 4); so is `high`.
        counted: shares of the chosen labels, (..., 3), with their covariance (..., 3, 3).
        confusion: how labels are chosen given the true ones.

    Returns:
        None if the model's figures say that it cannot tell the labels apart.
    """
    adjusted = adjust_count(counted, covariance, confusion, level=level)
    if adjusted is None:
        return None
    return np.minimum(low, adjusted.low), np.maximum(high, adjusted.high)
