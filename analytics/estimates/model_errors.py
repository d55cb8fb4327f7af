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


def measure_errors(
    labels: npt.NDArray[np.int64], probabilities: Array, groups: Sequence[str]
) -> dict[str, Any]:
    """What `errors.json` holds, from labelled items and the model's probabilities (n, 3).

    Raises:
        ValueError: a label has no item.
    """
    _, cluster = np.unique(np.array(groups), return_inverse=True)
    chosen = np.eye(3)[probabilities.argmax(1)]
    hard = measure_confusion(labels, chosen, cluster=cluster)
    soft = measure_confusion(labels, probabilities, cluster=cluster)
    again = fit_recalibration(labels, probabilities)
    counts = np.array([chosen[labels == j].sum(0) for j in range(3)])
    return {
        "format_version": FORMAT_VERSION,
        "n": len(labels),
        "n_groups": len(np.unique(cluster)),
        "counts": {
            gold: {name: int(counts[j, k]) for k, name in enumerate(LABELS)}
            for j, gold in enumerate(LABELS)
        },
        "hard": {"rates": hard.rates.tolist(), "covariances": hard.covariances.tolist()},
        "soft": {"rates": soft.rates.tolist(), "covariances": soft.covariances.tolist()},
        "recalibration": {"temperature": again.temperature, "bias": list(again.bias)},
    }


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
