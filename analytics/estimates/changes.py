"""Steps in the level of a weekly series, found as the weeks come in.

A generalized likelihood ratio chart (Siegmund and Venkatraman 1995, Annals of Statistics
23:255): each week, all places of one step in the last weeks are tried, against the weeks since
the step before. A step that was found stays where it is, whatever comes later. Weeks, not
days: they hold the days of the week and most of the autocorrelation; what is left of it is
estimated as that of an AR(1) and widens the noise.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

# Weeks that a step needs before and after it, in which it is looked for, and that count.
MIN_BEFORE = 8
MIN_AFTER = 2
_LOOK_BACK = 16
_LOOK_AT = 52
_MAX_CORRELATION = 0.8
# Tail probability of the best place of a step, and the false alarms a year that it gave in
# weeks of an AR(1) of 0.6 from day to day (2,000 years each; less correlation gives fewer).
_TAILS = (3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5)
_RATES = (1.855, 1.010, 0.474, 0.211, 0.087, 0.038, 0.014)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of the level: the first week after it, and the week in which it was found.

    `before` and `after` are mean levels and `size` their difference, up to the next step or
    the end, with a 95 % interval. `p_value` is that of the day of the alarm, for one place.
    """

    week: int
    found: int
    before: float
    after: float
    size: float
    low: float
    high: float
    p_value: float


def sum_weeks(
    values: Floats, weights: Floats, first_weekday: int, *, min_days: int = 4
) -> tuple[Floats, Floats, int]:
    """Weighted means and mean weights of whole weeks from Monday, and the first Monday's number.

    Args:
        values: one a day, shape (days,); NaN where nothing is known.
        weights: shape (days,).
        first_weekday: day of the week of the first day, 0 is Monday.
        min_days: weeks of fewer known days are NaN.
    """
    start = (7 - first_weekday) % 7
    n = max((len(values) - start) // 7, 0)
    y = values[start : start + 7 * n].reshape(n, 7)
    w = np.where(np.isnan(y), 0.0, weights[start : start + 7 * n].reshape(n, 7))
    known = (w > 0).sum(1)
    total = w.sum(1)
    means = np.where(
        known >= min_days, (np.nan_to_num(y) * w).sum(1) / np.maximum(total, 1e-12), np.nan
    )
    return means, total / np.maximum(known, 1), start


def find_steps(
    levels: Floats, weights: Floats, *, false_alarms_per_year: float, tail: float | None = None
) -> list[Step]:
    """Steps in a weekly series.

    Args:
        levels: shape (weeks,); NaN where nothing is known.
        weights: inverse variances up to a factor, shape (weeks,).
        false_alarms_per_year: expected number in a year in which nothing happens.
        tail: the tail probability itself, to calibrate it.
    """
    limit = tail if tail is not None else _choose_tail(false_alarms_per_year)
    known = np.flatnonzero(~np.isnan(levels))
    y, w = levels[known], weights[known]
    found: list[tuple[int, int, float]] = []
    start = 0
    for end in range(MIN_BEFORE + MIN_AFTER, len(y) + 1):
        first = max(start, end - _LOOK_AT)
        n = end - first
        if n < MIN_BEFORE + MIN_AFTER:
            continue
        places = np.arange(max(MIN_BEFORE, n - _LOOK_BACK), n - MIN_AFTER + 1)
        z, freedom = _contrast(y[first:end], w[first:end], places)[1:]
        p = 2 * special.stdtr(freedom, -np.abs(z))
        best = int(np.argmin(p))
        if p[best] < limit:
            start = first + int(places[best])
            found.append((start, end - 1, float(p[best])))
    bounds = [0, *(place for place, _, _ in found), len(y)]
    steps = []
    for i, (place, at, p_value) in enumerate(found, start=1):
        first, last = max(bounds[i - 1], place - _LOOK_AT), min(bounds[i + 1], place + _LOOK_AT)
        part, weight = y[first:last], w[first:last]
        cut = np.array([place - first])
        size, z, freedom = _contrast(part, weight, cut)
        reach = float(special.stdtrit(freedom, 0.975) * abs(size[0] / z[0])) if z[0] else np.inf
        before = float(np.average(part[: cut[0]], weights=weight[: cut[0]]))
        steps.append(
            Step(
                week=int(known[place]),
                found=int(known[at]),
                before=before,
                after=before + float(size[0]),
                size=float(size[0]),
                low=float(size[0]) - reach,
                high=float(size[0]) + reach,
                p_value=p_value,
            )
        )
    return steps


def refine_day(daily: Floats, weights: Floats, guess: int, *, reach: int = 6) -> int:
    """The day near a guess from which on a step fits best, by weighted least squares."""
    low, high = max(guess - 28, 0), min(guess + 28, len(daily))
    best, least = guess, np.inf
    for day in range(max(guess - reach, low + 1), min(guess + reach, high - 1) + 1):
        squares = 0.0
        for y, w in ((daily[low:day], weights[low:day]), (daily[day:high], weights[day:high])):
            is_known = ~np.isnan(y) & (w > 0)
            if is_known.any():
                mean = np.average(y[is_known], weights=w[is_known])
                squares += float((w[is_known] * (y[is_known] - mean) ** 2).sum())
        if squares < least:
            best, least = day, squares
    return best


def _contrast(y: Floats, w: Floats, places: NDArray[np.int_]) -> tuple[Floats, Floats, float]:
    """For each place of a step its size, size / standard error, and degrees of freedom."""
    n = len(y)
    sums_w, sums_y = np.cumsum(w), np.cumsum(w * y)
    before_w, after_w = sums_w[places - 1], sums_w[-1] - sums_w[places - 1]
    before = sums_y[places - 1] / before_w
    after = (sums_y[-1] - sums_y[places - 1]) / after_w
    is_after = np.arange(n)[None, :] >= places[:, None]
    residual = (y - np.where(is_after, after[:, None], before[:, None])) * np.sqrt(w)
    freedom = float(n - 3)
    squares = (residual**2).sum(1)
    lagged = (residual[:, 1:] * residual[:, :-1]).sum(1) / np.maximum(squares, 1e-300)
    # Kendall's bias of a correlation about estimated means (1954, Biometrika 41:403).
    rho = np.clip(lagged + (2 + 4 * np.maximum(lagged, 0)) / n, 0.0, _MAX_CORRELATION)
    noise = squares / freedom
    variance = noise * (_inflate(rho, places) / before_w + _inflate(rho, n - places) / after_w)
    return after - before, (after - before) / np.sqrt(np.maximum(variance, 1e-300)), freedom


def _inflate(rho: Floats, n: NDArray[np.int_]) -> Floats:
    """By how much an AR(1) widens the variance of a mean of n."""
    return (1 + rho) / (1 - rho) - 2 * rho * (1 - rho**n) / (n * (1 - rho) ** 2)


def _choose_tail(false_alarms_per_year: float) -> float:
    """The tail probability that gives a rate of false alarms; log-log between those measured."""
    logs = np.interp(np.log(false_alarms_per_year), np.log(_RATES[::-1]), np.log(_TAILS[::-1]))
    return float(np.exp(logs))
