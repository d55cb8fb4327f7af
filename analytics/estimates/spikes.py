"""Days that stand out of the days before, in volume and in net sentiment.

The threshold is a tail probability of a day, `false_alarms_per_year / 365.25`, half of it on
each side; `benchmarks/alerts.py` measures what comes of it.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from analytics.estimates.trailing import (
    Expectation,
    Floats,
    expect_counts,
    expect_means,
    spread_by_freedom,
)

DAYS_A_YEAR = 365.25
# The mean of fewer posts says nothing of a day.
MIN_POSTS = 5
_N_NODES = 48
# Days that swing much have heavier tails than their trailing variance says: of the rate that is
# asked for, this much is used, as `benchmarks/alerts.py` shows.
_COUNT_SHARE = 0.8
_NET_SHARE = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Spike:
    """A run of days that stand out on one side; numbers are those of the day that does most.

    `first` and `last` are day numbers, `low` and `high` bound 95 % of the days like `peak`.
    """

    first: int
    last: int
    peak: int
    is_up: bool
    value: float
    expected: float
    low: float
    high: float
    p_value: float


def find_volume_spikes(
    counts: Floats, *, first_weekday: int, false_alarms_per_year: float
) -> list[Spike]:
    """Days of unusually many or few posts.

    Args:
        counts: posts a day, shape (days,); NaN where nothing is known of the day.
        first_weekday: day of the week of the first one, 0 is Monday.
        false_alarms_per_year: expected number in a year in which nothing happens.
    """
    expected = expect_counts(counts, first_weekday)
    above = _count_tail(counts, expected, is_up=True)
    below = _count_tail(counts, expected, is_up=False)
    low, high = _count_bounds(expected)
    rate = _COUNT_SHARE * false_alarms_per_year
    return _list_runs(counts, expected, above, below, low, high, rate)


def find_net_spikes(
    net: Floats,
    opinionated: Floats,
    posts: Floats,
    *,
    first_weekday: int,
    false_alarms_per_year: float,
) -> list[Spike]:
    """Days of unusual net sentiment.

    Args:
        net: share of positive minus share of negative, shape (days,); NaN without posts.
        opinionated: share of positive plus share of negative, shape (days,).
        posts: the posts (or contents) that the shares are of, shape (days,).
        first_weekday: day of the week of the first one, 0 is Monday.
        false_alarms_per_year: expected number in a year in which nothing happens.
    """
    n = np.maximum(np.nan_to_num(posts), 1.0)
    spread, third = _pool_moments(net, opinionated, posts)
    expected = expect_means(np.where(posts >= 1, net, np.nan), spread / n, first_weekday)
    deviation = (net - expected.mean) / np.sqrt(expected.variance)
    skew = third / n**2 / expected.variance**1.5
    is_told = np.nan_to_num(posts) >= MIN_POSTS
    above = np.where(is_told, _pearson_tail(deviation, skew), np.nan)
    below = np.where(is_told, _pearson_tail(-deviation, -skew), np.nan)
    reach = special.stdtrit(expected.freedom, 0.975) * np.sqrt(expected.variance)
    return _list_runs(
        net,
        expected,
        spread_by_freedom(above, expected.freedom),
        spread_by_freedom(below, expected.freedom),
        np.maximum(expected.mean - reach, -1.0),
        np.minimum(expected.mean + reach, 1.0),
        _NET_SHARE * false_alarms_per_year,
    )


def _pool_moments(
    net: Floats, opinionated: Floats, posts: Floats, days: int = 56
) -> tuple[Floats, Floats]:
    """Variance and third central moment of one post's score (-1, 0, 1) before each day.

    Two opinionated posts are added, one of each kind, so that no variance is zero.
    """
    n = np.nan_to_num(posts)
    sums = [np.nan_to_num(part * posts) for part in (net, opinionated)]
    total, score, sides = (_sum_before(part, days) for part in (n, *sums))
    mean, square = score / (total + 2), (sides + 2) / (total + 2)
    spread = square - mean**2
    return spread, mean - 3 * mean * square + 2 * mean**3


def _sum_before(values: Floats, days: int) -> Floats:
    """The sum over the `days` before each one."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    first = np.maximum(np.arange(len(values)) - days, 0)
    return np.asarray(sums[np.arange(len(values))] - sums[first])


def _count_tail(counts: Floats, expected: Expectation, *, is_up: bool) -> Floats:
    """P(X >= count), or P(X <= count), of a Poisson whose mean is lognormal.

    The lognormal's extra variance is estimated, so its quantiles are Student's.
    """
    tail = np.where(np.isnan(counts) | np.isnan(expected.mean), np.nan, 1.0)
    deviation = (counts - expected.mean) / np.sqrt(expected.variance)
    # The other days are far from any threshold, and there are many of them.
    days = np.flatnonzero(deviation > 1 if is_up else deviation < -0.5)
    rates, weights = _list_rates(expected.mean[days], expected.variance[days])
    x = counts[days, None]
    at_least, at_most = special.gammainc(np.maximum(x, 1), rates), special.gammaincc(x + 1, rates)
    tails = at_least if is_up else at_most
    tail[days] = spread_by_freedom((tails * weights).sum(1), expected.freedom[days])
    return tail


def _list_rates(mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Rates of a lognormal, shape (days, nodes), and their weights (Gauss and Hermite)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(_N_NODES)
    spread = np.log1p(np.maximum(variance / mean - 1, 0) / mean)
    rates = np.exp(nodes * np.sqrt(spread)[:, None] - spread[:, None] / 2)
    return rates * mean[:, None], weights / weights.sum()


def _count_bounds(expected: Expectation) -> tuple[Floats, Floats]:
    """Counts that 95 % of such days lie between: a gamma of the same mean and variance."""
    shape = expected.mean**2 / expected.variance
    scale = expected.variance / expected.mean
    outer = special.stdtrit(expected.freedom, 0.975)
    tail = special.ndtr(-outer)
    return special.gammaincinv(shape, tail) * scale, special.gammainccinv(shape, tail) * scale


def _pearson_tail(deviation: Floats, skew: Floats) -> Floats:
    """P(Z >= deviation) of a standardised gamma (Pearson's type III) of a given skew."""
    size = np.maximum(np.abs(skew), 1e-3)
    shape = 4 / size**2
    reach = np.where(skew >= 0, deviation, -deviation)
    at = np.maximum(shape + reach * np.sqrt(shape), 0.0)
    tail = np.where(skew >= 0, special.gammaincc(shape, at), special.gammainc(shape, at))
    return np.where(np.abs(skew) < 1e-3, special.ndtr(-deviation), tail)


def _list_runs(
    values: Floats,
    expected: Expectation,
    above: Floats,
    below: Floats,
    low: Floats,
    high: Floats,
    false_alarms_per_year: float,
) -> list[Spike]:
    """Days beyond the threshold; those in a row, on one side, are one spike."""
    limit = false_alarms_per_year / DAYS_A_YEAR / 2
    found = []
    for is_up, tail in ((True, above), (False, below)):
        days = np.flatnonzero(np.nan_to_num(tail, nan=1.0) < limit)
        for run in np.split(days, np.flatnonzero(np.diff(days) > 1) + 1):
            if len(run):
                peak = int(run[np.argmin(tail[run])])
                found.append(
                    Spike(
                        first=int(run[0]),
                        last=int(run[-1]),
                        peak=peak,
                        is_up=is_up,
                        value=float(values[peak]),
                        expected=float(expected.mean[peak]),
                        low=float(low[peak]),
                        high=float(high[peak]),
                        p_value=float(min(1.0, 2 * tail[peak])),
                    )
                )
    return sorted(found, key=lambda spike: (spike.first, not spike.is_up))
