"""What makes label probabilities match how often they hold; `calibration.json` beside a model.

Temperature: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017: the
one that minimises the negative log likelihood of held-out gold labels. It moves no
label.

Adjustment: a model learns how frequent the labels of its training set are, and other
posts have other shares. Post-hoc logit adjustment (Menon et al., "Long-Tail Learning
via Logit Adjustment", ICLR 2021, eq. 9) takes strength * log(share) off each label:
strength 1 is a model of equally frequent labels, 0 that of the training set.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from analytics.contract.errors import TrainingError
from analytics.contract.json_files import read_object
from analytics.contract.labels import LABELS, LabelCalibration, compute_probabilities
from analytics.contract.model_folder import CALIBRATION_FILE
from distillation.evaluation.scores import Array, Judged, count_rows, score_counts

# What of `calibration.json` does not come of the fit of a temperature.
ADJUSTMENT_KEYS = ("label_bias", "adjustment")
# The key of the digests of the texts that the fit read, see `distillation.data.seen`.
DIGESTS_KEY = "post_digests"
MIN_POSTS = 50
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
        ece_after=measure_ece(apply_calibration(judged, LabelCalibration(temperature))),
        is_bounded=is_at_limit(temperature),
    )


def is_at_limit(temperature: float) -> bool:
    """The search for a temperature ends here where there is no best one."""
    limits = (MIN_TEMPERATURE, MAX_TEMPERATURE)
    return min(abs(math.log(temperature / limit)) for limit in limits) < 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFit:
    """What a `calibration.json` says of its own fit; None or empty where it says nothing.

    `n_bias` is the size of the smallest set that the bias was fitted on, `digests` are of the
    texts of all posts that either was fitted on.
    """

    n: int | None = None
    is_bounded: bool = False
    n_bias: int | None = None
    digests: frozenset[str] | None = None


def read_fit(folder: Path) -> StoredFit:
    """How the calibration of a model folder was fitted.

    Raises:
        TrainingError: the file says something of another kind.
    """
    path = folder / CALIBRATION_FILE
    values = read_object(path) or {}
    adjustment = values.get("adjustment")
    sets = adjustment.get("sets") if isinstance(adjustment, dict) else None
    numbers: list[Any] = [one.get("n") for one in sets or [] if isinstance(one, dict)]
    n, bounded, digests = (values.get(key) for key in ("n", "is_bounded", DIGESTS_KEY))
    for key, value, kind in (
        *(("n", value, int) for value in (n, *numbers)),
        ("is_bounded", bounded, bool),
        (DIGESTS_KEY, digests, list),
    ):
        if value is not None and type(value) is not kind:
            raise TrainingError(
                f"{path}: {key} is {value!r}, it must be of type {kind.__name__}. Fit it again "
                "(`analytics distill calibrate`)"
            )
    return StoredFit(
        n=n,
        is_bounded=bool(bounded),
        n_bias=min((value for value in numbers if value is not None), default=None),
        digests=None if digests is None else frozenset(map(str, digests)),
    )


def find_fit_faults(
    temperature: float, n: int | None, *, is_bounded: bool, allow_few: bool = False
) -> list[str]:
    """Why a fitted temperature is none: it is at a limit, or of too few posts.

    `n` is None where nobody says how many they were.
    """
    faults = []
    if is_bounded or is_at_limit(temperature):
        reason = (
            "there the model is never wrong"
            if temperature < 1
            else "the model's probabilities say nothing of the labels there"
        )
        faults.append(
            f"the fit ended at its limit, {temperature:.3f}: {reason}. Fit on more posts, or on "
            "others that it was not trained on"
        )
    if n is not None and n < MIN_POSTS and not allow_few:
        faults.append(
            f"it was fitted on {n} posts, and at least {MIN_POSTS} are needed (or "
            "--allow-few-posts)"
        )
    return faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """A fitted strength (0-1) and the bias in nats, in the order of LABELS, that comes of it.

    `nll_before` and `nll_after` are the mean negative log likelihoods of the sets, in
    their order, with the temperature alone and with the bias.
    """

    strength: float
    bias: tuple[float, float, float]
    nll_before: tuple[float, ...]
    nll_after: tuple[float, ...]


def fit_adjustment(
    sets: Sequence[Sequence[Judged]], *, shares: Sequence[float], temperature: float
) -> Adjustment:
    """The strength with the least mean log loss over some sets, each counting the same.

    `sets` are judged with T = 1 and no bias, and should differ in their shares of
    labels, as the data to come will; `shares` (3,) are those of the training set. The
    log loss is convex in the strength: golden section over [0, 1].

    Raises:
        TrainingError: there is no example in a set, or a label has no share.
    """
    if not sets or not all(sets):
        raise TrainingError("no judged example to fit an adjustment to. Give another split")
    if min(shares) <= 0:
        raise TrainingError(
            f"shares of labels are {list(shares)}: each must be above 0. Name training data that "
            "have all labels"
        )
    log_shares = np.log(np.asarray(shares) / np.sum(shares))
    log_shares = log_shares - log_shares.mean()
    taken = [_take_logs(judged) for judged in sets]

    def measure(strength: float) -> list[float]:
        bias = -strength * log_shares
        return [_measure_nll(logs, gold, temperature, bias) for logs, gold in taken]

    strength = _minimise(lambda value: float(np.mean(measure(value))), 0.0, 1.0)
    negative, neutral, positive = (float(value) for value in -strength * log_shares)
    return Adjustment(
        strength=strength,
        bias=(negative, neutral, positive),
        nll_before=tuple(measure(0.0)),
        nll_after=tuple(measure(strength)),
    )


def apply_calibration(judged: Sequence[Judged], calibration: LabelCalibration) -> list[Judged]:
    """The same rows, judged with T = 1 and no bias, as engines give them with a calibration."""
    return [
        replace(row, probabilities=calibrate_probabilities(row.probabilities, calibration))
        for row in judged
    ]


def calibrate_probabilities(
    probabilities: Sequence[float], calibration: LabelCalibration
) -> tuple[float, float, float]:
    """Probabilities that were made with T = 1 and no bias, with a calibration."""
    return compute_probabilities(
        [math.log(max(p, _LEAST_PROBABILITY)) for p in probabilities], calibration
    )


def by_label(values: Iterable[float]) -> dict[str, float]:
    """Three values in the order of LABELS, as `calibration.json` writes them."""
    return dict(zip(map(str, LABELS), map(float, values), strict=True))


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


def _measure_nll(logs: Array, gold: Array, temperature: float, bias: Array | float = 0.0) -> float:
    scaled = logs / temperature + bias
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
