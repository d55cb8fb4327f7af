"""How far a distribution has moved from a reference: PSI, Jensen-Shannon, Kolmogorov-Smirnov."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

Level = Literal["none", "some", "large", "too_few"]

# Rules of thumb of scorecards (Siddiqi 2006, Credit Risk Scorecards).
PSI_SOME, PSI_LARGE = 0.1, 0.25
# Fewer on one side say nothing.
MIN_COUNT = 50
# Rows added to each bin, so that an empty one gives no infinite index.
_SMOOTHING = 0.5
_CHANCE = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Measures of two histograms of the same bins.

    `psi` is the population stability index, sum (p - q) ln(p / q). By chance alone it is below
    `psi_chance` in 99 of 100 cases (Yurdakul and Naranjo 2020, Journal of Risk Model
    Validation 14: it is (1/n + 1/m) times a chi-square of bins - 1). `js` is the
    Jensen-Shannon distance (square root of the divergence in bits, 0 to 1), `ks` the largest
    difference of the two distribution functions at the edges of bins; none without an order.
    """

    psi: float
    psi_chance: float
    js: float
    ks: float | None
    level: Level


def measure_drift(
    current: Sequence[float], reference: Sequence[float], *, is_ordered: bool
) -> Drift:
    """How far the current counts of bins have moved from those of the reference."""
    counts = np.array([current, reference], dtype=float)
    counts = counts[:, counts.sum(0) > 0]
    n, m = counts.sum(1)
    if min(n, m) == 0:
        return Drift(psi=0.0, psi_chance=0.0, js=0.0, ks=None, level="too_few")
    p, q = counts / counts.sum(1, keepdims=True)
    smooth = counts + _SMOOTHING
    ps, qs = smooth / smooth.sum(1, keepdims=True)
    psi = float(((ps - qs) * np.log(ps / qs)).sum())
    bins = counts.shape[1]
    chance = float(special.chdtri(bins - 1, 1 - _CHANCE) * (1 / n + 1 / m)) if bins > 1 else 0.0
    middle = (p + q) / 2
    divergence = (special.rel_entr(p, middle) + special.rel_entr(q, middle)).sum() / 2
    level: Level = "none"
    if min(n, m) < MIN_COUNT:
        level = "too_few"
    elif psi > chance:
        level = "large" if psi >= PSI_LARGE else "some" if psi >= PSI_SOME else "none"
    return Drift(
        psi=psi,
        psi_chance=chance,
        js=float(np.sqrt(max(divergence, 0.0) / np.log(2))),
        ks=float(np.abs(np.cumsum(p) - np.cumsum(q)).max()) if is_ordered else None,
        level=level,
    )
