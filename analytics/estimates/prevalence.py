"""Shares of labels where the model was made for another mix of them.

A model that saw mostly neutral posts says neutral too often elsewhere. If posts of a label
look the same there and here (label shift), the shares can still be told:

- probabilistic adjusted count (Bella et al., ICDM 2010; Forman, DMKD 17, 2008): solve
  said = rates' shares, `said` being the mean probabilities;
- maximum likelihood by EM (Saerens, Latinne and Decaestecker, Neural Computation 14, 2002),
  which believes the probabilities: over-confident ones pull it far off. So they are first
  calibrated by a temperature and a bias for each label (Alexandari, Kundaje and Shrikumar,
  ICML 2020, "bias-corrected temperature scaling").
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.estimates.confusion import Confusion
from analytics.estimates.intervals import LEVEL, Array, z_quantile

# share_negative, share_neutral, share_positive, net_sentiment of the three shares
MEASURES = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 1]])
LOWEST = np.array([0.0, 0.0, 0.0, -1.0])
_FLOOR = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalibration:
    """softmax(log p / temperature + bias) are calibrated probabilities."""

    temperature: float
    bias: tuple[float, float, float]

    def apply(self, probabilities: Array) -> Array:
        """Calibrated probabilities, (n, 3)."""
        logits = np.log(np.maximum(probabilities, _FLOOR)) / self.temperature + np.array(self.bias)
        values = np.exp(logits - logits.max(1, keepdims=True))
        return np.asarray(values / values.sum(1, keepdims=True))


def fit_recalibration(labels: npt.NDArray[np.int64], probabilities: Array) -> Recalibration:
    """Temperature and biases of greatest likelihood; the biases sum to 0."""
    from scipy.optimize import minimize
    from scipy.special import logsumexp

    logs = np.log(np.maximum(probabilities, _FLOOR))
    rows = np.arange(len(labels))

    def loss(x: Array) -> float:
        logits = logs * np.exp(-x[0]) + np.array([x[1], x[2], -x[1] - x[2]])
        # A slight prior keeps biases finite where a label can be told without error.
        fit = (logsumexp(logits, axis=1) - logits[rows, labels]).mean()
        return float(fit + 1e-4 * (x @ x))

    x = minimize(loss, np.zeros(3), method="BFGS").x
    return Recalibration(
        temperature=float(np.exp(x[0])), bias=(float(x[1]), float(x[2]), float(-x[1] - x[2]))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prevalence:
    """Shares of the labels (..., 3), with low and high of the four measures (..., 4)."""

    shares: Array
    low: Array
    high: Array

    @property
    def measures(self) -> Array:
        """The three shares and net sentiment, (..., 4)."""
        return np.asarray(self.shares @ MEASURES.T)


def adjust_count(
    said: Array, covariance: Array, confusion: Confusion, *, level: float = LEVEL
) -> Prevalence | None:
    """Adjusted count with an interval by the delta method; None if the rates cannot be solved.

    Args:
        said: mean of what the model says of the items, (..., 3).
        covariance: of that mean, (..., 3, 3).
        confusion: what it says of each true label: chosen labels for the adjusted count,
            probabilities for the probabilistic one.
    """
    if np.linalg.cond(confusion.rates) > 1e4:
        return None
    inverse = np.linalg.inv(confusion.rates)
    raw = said @ inverse
    shares = project(raw)
    noise = covariance + np.einsum("...j,jkl->...kl", shares**2, confusion.covariances)
    spread = inverse.T @ noise @ inverse
    return _around(raw, shares, spread, z_quantile(level))


def _around(raw: Array, shares: Array, spread: Array, z: float) -> Prevalence:
    """Normal intervals of the measures, within their bounds, around `raw` and the shares.

    Where `raw` is outside of the bounds the interval is moved to them as a whole: cut off
    there, it would shrink to a point, as if the share were certain.
    """
    variances = np.einsum("mk,...kl,ml->...m", MEASURES, spread, MEASURES)
    half = z * np.sqrt(np.maximum(variances, 0.0))
    center, point = raw @ MEASURES.T, shares @ MEASURES.T
    return Prevalence(
        shares=shares,
        low=np.clip(np.minimum(center, point) - half, LOWEST, 1.0),
        high=np.clip(np.maximum(center, point) + half, LOWEST, 1.0),
    )


def project(values: Array) -> Array:
    """The nearest shares that are not below 0 and sum to 1 (Duchi et al., ICML 2008)."""
    ordered = -np.sort(-values, axis=-1)
    over = (np.cumsum(ordered, axis=-1) - 1) / np.arange(1, values.shape[-1] + 1)
    last = (ordered > over).sum(-1, keepdims=True) - 1
    return np.asarray(np.maximum(values - np.take_along_axis(over, last, -1), 0.0))


def maximize_likelihood(
    probabilities: Array,
    count: Array,
    prior: Array,
    *,
    design: float = 1.0,
    level: float = LEVEL,
    max_steps: int = 2000,
) -> Prevalence:
    """Shares by EM, with intervals from the observed information.

    The intervals know the sampling of the items alone, not that the probabilities may be
    badly calibrated.

    Args:
        probabilities: calibrated for the mix `prior`, (cells, 3).
        count: items of each cell, (cells,).
        prior: shares of the labels where the probabilities were calibrated, (3,).
        design: by what clusters multiply the variance.
    """
    ratio = np.maximum(probabilities, _FLOOR) / prior
    shares = prior / prior.sum()
    n = count.sum()
    for _ in range(max_steps):
        joint = ratio * shares
        new = (count / joint.sum(1)) @ joint / n
        moved = float(np.abs(new - shares).max())
        shares = new
        if moved < 1e-9:
            break
    score = ratio / (ratio @ shares)[:, None]
    free = np.array([[1.0, 0], [0, 1], [-1, -1]])  # the third share is what is left
    part = score @ free
    information = (part * count[:, None]).T @ part
    try:
        spread = free @ np.linalg.inv(information) @ free.T * design
    except np.linalg.LinAlgError:
        spread = np.full((3, 3), np.inf)
    spread = np.nan_to_num(spread, posinf=1.0)
    return _around(shares, shares, spread, z_quantile(level))
