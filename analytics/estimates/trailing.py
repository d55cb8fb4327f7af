"""What the days before a day let expect of it: a regression over a trailing window.

The form is that of Farrington's detector as improved by Noufaily et al. (2013, Statistics
in Medicine 32:1206): level, trend and day of the week, fitted to the days before each day,
with past outliers weighted down. All days are fitted at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

# Days before a day that say what to expect of it, and how many of them must have been seen.
WINDOW = 56
MIN_DAYS = 28
# An Anscombe residual beyond this is an outlier of the past (Noufaily et al. 2013).
_OUTLIER = 2.58
# The most that one day adds to the sum of squares, in variances.
_MOST = 10.0
_ROUNDS = 8
_N_COLUMNS = 9  # level, trend, seven days of the week


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What is expected of each day, from the days before; NaN where too few were seen.

    Arrays of one number a day. `variance` is that of a new day: its noise and what is not known
    of its mean. `freedom` are the degrees of freedom of the estimated noise.
    """

    mean: Floats
    variance: Floats
    freedom: Floats


def expect_counts(counts: Floats, first_weekday: int) -> Expectation:
    """Expected counts of days, over-dispersed: variance = mean + a * mean^2 (log link).

    `a` is estimated by the equation of `expect_means`.

    Args:
        counts: posts a day, shape (days,); NaN where nothing is known of the day.
        first_weekday: day of the week of the first one, 0 is Monday.
    """
    design, values, seen, is_ready = _look_back(counts, first_weekday)
    y = np.where(seen, values, 0.0)
    # From the middle of the window, or two bursts in it would pass for its noise.
    middle = np.nanmedian(np.where(is_ready[:, None], values, 0.0), axis=1)[:, None]
    apart = 2 * (np.sqrt(y) - np.sqrt(middle))
    spread = np.nanmedian(np.where(seen | ~is_ready[:, None], abs(apart), np.nan), axis=1)
    trust = seen * _weigh_outliers(apart / np.maximum(1.4826 * spread, 1.0)[:, None])
    # Log units: days of the week differ by a factor of e^0.5, the trend is e^0.5 a window.
    ridge = np.array([1e-6, 4.0, *[4.0] * 7])
    beta = np.zeros((len(y), _N_COLUMNS))
    beta[:, 0] = np.log(((trust * y).sum(1) + 0.5) / np.maximum(trust.sum(1), 1))
    extra = np.full(len(y), 0.05)
    past = design[:, :-1]
    for k in range(_ROUNDS + 4):
        mu = np.exp(np.clip(np.einsum("twp,tp->tw", past, beta), -12, 20))
        weight = trust / (1 + extra[:, None] * mu)
        information = _cross(past, weight * mu)
        inverse = np.linalg.inv(information + np.diag(ridge))
        slope = np.einsum("twp,tw->tp", past, weight * (y - mu)) - ridge * beta
        beta += np.clip(np.einsum("tpq,tq->tp", inverse, slope), -1.5, 1.5)
        mu = np.exp(np.clip(np.einsum("twp,tp->tw", past, beta), -12, 20))
        used = np.einsum("tpq,tqp->t", inverse, information)
        freedom = np.maximum(trust.sum(1) - used, 4.0)
        variance = mu + extra[:, None] * mu**2
        scale = np.sqrt(np.maximum(extra, 1e-6))[:, None]
        # Nearly normal, of variance 1 (Anscombe 1948, Biometrika 35:246).
        residual = 2 / scale * (np.arcsinh(scale * np.sqrt(y)) - np.arcsinh(scale * np.sqrt(mu)))
        # Few counts show their variance as they are, skewed large ones on that scale.
        raw = np.minimum(trust * (y - mu) ** 2 / variance, _MOST)
        squares = [raw, trust * residual**2]
        steps = [
            (of.sum(1) - freedom) / np.maximum((of * mu**2 / variance).sum(1), 1e-9)
            for of in squares
        ]
        extra = np.clip(extra + np.maximum(*steps), 0.0, 20.0)
        trust = seen * _weigh_outliers(residual)
        if k >= _ROUNDS:  # by now the days of the week are known
            trust = np.where(np.abs(residual) > 4 * _OUTLIER, 0.0, trust)
    target = design[:, -1]
    mean = np.exp(np.clip(np.einsum("tp,tp->t", target, beta), -12, 20))
    doubt = np.einsum("tp,tpq,tq->t", target, inverse, target)
    return _only(is_ready, mean=mean, variance=mean + (extra + doubt) * mean**2, freedom=freedom)


def expect_means(means: Floats, noise: Floats, first_weekday: int) -> Expectation:
    """Expected means of days: sampling noise of known size, and variance from day to day.

    The variance from day to day is estimated by Paule and Mandel's equation (1982, Journal of
    Research of the NBS 87:377): the weighted squares sum up to their degrees of freedom.

    Args:
        means: shape (days,); NaN on days without posts.
        noise: sampling variance of each mean, shape (days,).
        first_weekday: day of the week of the first one, 0 is Monday.
    """
    design, values, seen, is_ready = _look_back(means, first_weekday)
    _, sampling, _, _ = _look_back(np.where(np.isnan(means), np.nan, noise), first_weekday)
    y = np.where(seen, values, 0.0)
    sampling = np.where(seen, sampling, 1.0)
    trust = seen.astype(float)
    # Net sentiment: days of the week differ by 0.1, the trend is 0.15 a window.
    ridge = np.array([1e-6, 44.0, *[100.0] * 7])
    between = np.zeros(len(y))
    past = design[:, :-1]
    for _ in range(2 * _ROUNDS):
        weight = trust / (sampling + between[:, None])
        information = _cross(past, weight)
        inverse = np.linalg.inv(information + np.diag(ridge))
        beta = np.einsum("tpq,tq->tp", inverse, np.einsum("twp,tw->tp", past, weight * y))
        residual = (y - np.einsum("twp,tp->tw", past, beta)) * seen
        used = np.einsum("tpq,tqp->t", inverse, information)
        freedom = np.maximum(trust.sum(1) - used, 4.0)
        squares = (weight * residual**2).sum(1)
        steepness = (weight**2 / np.maximum(trust, 1e-9) * trust * residual**2).sum(1)
        between = np.maximum(between + (squares - freedom) / np.maximum(steepness, 1e-12), 0.0)
        trust = seen * _weigh_outliers(residual / np.sqrt(sampling + between[:, None]))
    target = design[:, -1]
    mean = np.einsum("tp,tp->t", target, beta)
    doubt = np.einsum("tp,tpq,tq->t", target, inverse, target)
    return _only(is_ready, mean=mean, variance=between + noise + doubt, freedom=freedom)


def spread_by_freedom(p: Floats, freedom: Floats) -> Floats:
    """A tail probability under known noise, made larger as the noise is only estimated.

    The normal quantile of the tail is read as one of Student's t.
    """
    quantile = -special.ndtri(np.clip(p, 1e-300, 1.0))
    spread: Floats = special.stdtr(freedom, -quantile)
    return spread


def _look_back(
    series: Floats, first_weekday: int
) -> tuple[Floats, Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """For each day its design (window + the day itself), and the window's values and presence."""
    n = len(series)
    padded = np.concatenate([np.full(WINDOW, np.nan), series])
    values = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[:n]
    seen = ~np.isnan(values)
    offsets = np.arange(-WINDOW, 1)
    weekday = (first_weekday + np.arange(n)[:, None] + offsets[None, :]) % 7
    design = np.zeros((n, WINDOW + 1, _N_COLUMNS))
    design[:, :, 0] = 1.0
    design[:, :, 1] = offsets / WINDOW
    np.put_along_axis(design, weekday[:, :, None] + 2, 1.0, axis=2)
    return design, values, seen, seen.sum(1) >= MIN_DAYS


def _cross(design: Floats, weight: Floats) -> Floats:
    crossed: Floats = (design * weight[:, :, None]).transpose(0, 2, 1) @ design
    return crossed


def _weigh_outliers(residual: Floats) -> Floats:
    size = np.abs(residual)
    return np.where(size > _OUTLIER, (_OUTLIER / np.maximum(size, 1e-9)) ** 2, 1.0)


def _only(is_ready: NDArray[np.bool_], **values: Floats) -> Expectation:
    return Expectation(**{name: np.where(is_ready, v, np.nan) for name, v in values.items()})
