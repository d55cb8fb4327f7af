"""Series of tests and of `benchmarks/alerts.py`: posts a day and their net sentiment."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def make_waves(rng: np.random.Generator, n: int, rho: float) -> Floats:
    """A stationary normal AR(1) of variance 1, shape (n,)."""
    shocks = rng.normal(size=n) * np.sqrt(1 - rho**2)
    waves = np.empty(n)
    waves[0] = rng.normal()
    for i in range(1, n):
        waves[i] = rho * waves[i - 1] + shocks[i]
    return waves


def make_counts(
    rng: np.random.Generator,
    n: int,
    *,
    mean: float,
    swing: float = 0.0,
    rho: float = 0.0,
    week: float = 0.0,
    growth: float = 0.0,
) -> Floats:
    """Posts a day: Poisson, of a lognormal rate of standard deviation `swing`, shape (n,).

    `week` is the log amplitude of the days of the week, `growth` the log growth a year.
    """
    spread = np.log1p(swing**2)
    waves = make_waves(rng, n, rho) * np.sqrt(spread) - spread / 2
    days = np.arange(n)
    rate = mean * np.exp(waves + week * np.cos(2 * np.pi * days / 7) + growth * days / 365)
    return rng.poisson(rate).astype(float)


def make_net(
    rng: np.random.Generator,
    n: int,
    *,
    posts: float,
    net: float = 0.05,
    opinionated: float = 0.5,
    swing: float = 0.0,
    rho: float = 0.0,
) -> tuple[Floats, Floats, Floats]:
    """Net sentiment, opinionated share and posts of each day, of trinomial labels.

    The share of positive among the opinionated moves from day to day, on the logit scale, so
    that net sentiment has a standard deviation of about `swing`.
    """
    share = np.clip((net / opinionated + 1) / 2, 0.01, 0.99)
    logit = np.log(share / (1 - share))
    slope = 2 * opinionated * share * (1 - share)
    positive = 1 / (1 + np.exp(-(logit + make_waves(rng, n, rho) * swing / slope)))
    counts = rng.poisson(posts, n)
    sided = rng.binomial(counts, opinionated)
    good = rng.binomial(sided, positive)
    some = np.maximum(counts, 1)
    is_known = counts > 0
    return (
        np.where(is_known, (2 * good - sided) / some, np.nan),
        np.where(is_known, sided / some, np.nan),
        counts.astype(float),
    )
