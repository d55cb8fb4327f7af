"""What a model gets wrong on labelled data that it was not trained on.

Kept beside the model as JSON (`errors.json`), made by `analytics distill errors`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analytics.contract.labels import LABELS
from analytics.estimates.confusion import Confusion, measure_confusion
from analytics.estimates.intervals import Array
from analytics.estimates.prevalence import Recalibration, fit_recalibration

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelErrors:
    """`hard` counts the chosen labels, `soft` the probabilities."""

    n: int
    n_groups: int
    shares: Array
    hard: Confusion
    soft: Confusion
    recalibration: Recalibration
    counts: Array

    @property
    def accuracy(self) -> float:
        """The share of labels that are right."""
        return float(np.trace(self.counts) / self.counts.sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A labelled set: places of labels (n,), probabilities (n, 3), and groups of items."""

    labels: npt.NDArray[np.int64]
    probabilities: Array
    groups: Sequence[str]


def measure_errors(sets: Sequence[Judged]) -> dict[str, Any]:
    """What `errors.json` holds, from one labelled set or several.

    Of several, the rates are their mean, each set counting once, and the covariance is that
    of a set not seen yet: what is known of their spread comes on top of the sampling.

    Raises:
        ValueError: a label has no item in a set, or there is no set.
    """
    if not sets:
        raise ValueError("no labelled set")
    hard, soft, counts = [], [], np.zeros((3, 3))
    n_groups = 0
    for one in sets:
        _, cluster = np.unique(np.array(one.groups), return_inverse=True)
        chosen = np.eye(3)[one.probabilities.argmax(1)]
        hard.append(measure_confusion(one.labels, chosen, cluster=cluster))
        soft.append(measure_confusion(one.labels, one.probabilities, cluster=cluster))
        counts += np.array([chosen[one.labels == j].sum(0) for j in range(3)])
        n_groups += len(np.unique(cluster))
    labels = np.concatenate([one.labels for one in sets])
    again = fit_recalibration(labels, np.concatenate([one.probabilities for one in sets]))
    found: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "n": len(labels),
        "n_groups": n_groups,
        "n_sets": len(sets),
        "counts": {
            gold: {name: int(counts[j, k]) for k, name in enumerate(LABELS)}
            for j, gold in enumerate(LABELS)
        },
    }
    for name, confusions in (("hard", hard), ("soft", soft)):
        joined = join_sets(confusions)
        found[name] = {
            "rates": joined.rates.tolist(),
            "covariances": joined.covariances.tolist(),
        }
    found["recalibration"] = {"temperature": again.temperature, "bias": list(again.bias)}
    return found


def join_sets(confusions: Sequence[Confusion]) -> Confusion:
    """The mean of the rates, with the covariance of a further set around it."""
    rates = np.stack([one.rates for one in confusions])
    within = np.mean([one.covariances for one in confusions], axis=0)
    k = len(confusions)
    if k == 1:
        return Confusion(rates=rates[0], covariances=within)
    rest = rates - rates.mean(0)
    between = np.einsum("sjk,sjl->jkl", rest, rest) / (k - 1)
    return Confusion(rates=rates.mean(0), covariances=between * (1 + 1 / k) + within / k)


def parse_errors(values: Mapping[str, Any]) -> ModelErrors:
    """The figures of an `errors.json`.

    Raises:
        ValueError: it is of another form.
    """
    try:
        if values["format_version"] != FORMAT_VERSION:
            raise ValueError(f"format_version is {values['format_version']!r}")
        counts = np.array([[values["counts"][j][k] for k in LABELS] for j in LABELS], dtype=float)
        confusions = {
            name: Confusion(
                rates=np.array(values[name]["rates"], dtype=float).reshape(3, 3),
                covariances=np.array(values[name]["covariances"], dtype=float).reshape(3, 3, 3),
            )
            for name in ("hard", "soft")
        }
        bias = tuple(float(b) for b in values["recalibration"]["bias"])
        return ModelErrors(
            n=int(values["n"]),
            n_groups=int(values["n_groups"]),
            shares=counts.sum(1) / counts.sum(),
            recalibration=Recalibration(
                temperature=float(values["recalibration"]["temperature"]),
                bias=(bias[0], bias[1], bias[2]),
            ),
            counts=counts,
            **confusions,
        )
    except (KeyError, TypeError, IndexError) as exc:
        raise ValueError(f"not the errors of a model: {exc!r}") from exc
