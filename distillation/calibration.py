"""Temperature scaling: one number that makes label probabilities match how often they hold.

Guo et al., "On Calibration of Modern Neural Networks", ICML 2017: the temperature
that minimises the negative log likelihood of held-out gold labels. It moves no
label. It is stored as `calibration.json` beside the model; engines apply it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from analytics.contract.errors import TrainingError
from analytics.contract.labels import LABELS, compute_probabilities
from distillation.evaluation.scores import Array, Judged, count_rows, score_counts

MIN_TEMPERATURE, MAX_TEMPERATURE = 0.05, 20.0
# Golden section steps: the bracket of ln T, 6 wide, shrinks to 1e-8.
_N_STEPS = 42
_GOLDEN = (math.sqrt(5) - 1) / 2
# Below it a probability counts as this: one row cannot make the sum infinite.
_LEAST_PROBABILITY = 1e-300


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A fitted temperature, and the figures of its `n` examples at T = 1 and at it.

    `nll` is the mean negative log likelihood of the gold labels in nats, `ece` the
    expected calibration error (0-1, 15 bins). `is_bounded` says that the search
    ended at its limit, so that the temperature is none.
    """

    temperature: float
    n: int
    nll_before: float
    nll_after: float
    ece_before: float
    ece_after: float
    is_bounded: bool

    def to_json(self) -> dict[str, object]:
        """What `calibration.json` holds."""
        return asdict(self)


def fit_temperature(judged: Sequence[Judged]) -> Calibration:
    """The temperature for probabilities that were computed with T = 1.

    Searched by golden section over ln T in [ln 0.05, ln 20]. The mean negative
    log likelihood is convex in 1/T, so it has one minimum there.

    Raises:
        TrainingError: there is no example.
    """
    if not judged:
        raise TrainingError("no judged example to fit a temperature to. Give another split")
    logs, gold = _take_logs(judged)

    def measure(log_temperature: float) -> float:
        return _measure_nll(logs, gold, math.exp(log_temperature))

    bounds = math.log(MIN_TEMPERATURE), math.log(MAX_TEMPERATURE)
    best = _minimise(measure, *bounds)
    temperature = math.exp(best)
    return Calibration(
        temperature=temperature,
        n=len(judged),
        nll_before=measure(0.0),
        nll_after=measure(best),
        ece_before=measure_ece(judged),
        ece_after=measure_ece(apply_temperature(judged, temperature)),
        is_bounded=min(abs(best - bound) for bound in bounds) < 1e-3,
    )


def apply_temperature(judged: Sequence[Judged], temperature: float) -> list[Judged]:
    """The same rows with the probabilities that engines give at a temperature."""
    return [
        replace(
            row,
            probabilities=compute_probabilities(
                [math.log(max(p, _LEAST_PROBABILITY)) for p in row.probabilities],
                temperature=temperature,
            ),
        )
        for row in judged
    ]


def measure_ece(judged: Sequence[Judged]) -> float:
    """The expected calibration error of the most probable label, 0-1."""
    return float(score_counts(count_rows(judged).sum(0))["ece"])


def measure_nll(judged: Sequence[Judged]) -> float:
    """The mean negative log likelihood of the gold labels, in nats."""
    return _measure_nll(*_take_logs(judged), 1.0)


def measure_nll_change(before: Sequence[Judged], after: Sequence[Judged]) -> dict[str, float]:
    """The mean change of the negative log likelihood (nats), with a 95 % interval.

    Rows are paired by order; the interval is normal over examples, and of no width
    for a single one.
    """
    logs_before, gold = _take_logs(before)
    logs_after, _ = _take_logs(after)
    rows = np.arange(len(gold))
    change = logs_before[rows, gold] - logs_after[rows, gold]
    mean = float(change.mean())
    half = 1.96 * float(change.std(ddof=1)) / len(change) ** 0.5 if len(change) > 1 else 0.0
    return {"mean": mean, "low": mean - half, "high": mean + half}


def _take_logs(judged: Sequence[Judged]) -> tuple[Array, Array]:
    """Log probabilities (n, 3) and gold labels (n,) as indices."""
    probabilities = np.array([row.probabilities for row in judged])
    gold = np.array([LABELS.index(row.label) for row in judged])
    return np.log(np.maximum(probabilities, _LEAST_PROBABILITY)), gold


def _measure_nll(logs: Array, gold: Array, temperature: float) -> float:
    scaled = logs / temperature
    scaled = scaled - scaled.max(1, keepdims=True)
    of_gold = scaled[np.arange(len(gold)), gold]
    return float((np.log(np.exp(scaled).sum(1)) - of_gold).mean())


def _minimise(function: Callable[[float], float], low: float, high: float) -> float:
    """The place of the minimum of a function with one minimum (golden section)."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(_N_STEPS):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = function(right)
    return (low + high) / 2
