"""Label scores from judged examples; pure functions over counts.

All scores are additive in the rows first (a confusion matrix, calibration bins),
so that resamples of whole groups are sums of the groups' counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.contract.labels import LABELS, Label, label_of

N_BINS = 15
N_LABELS = len(LABELS)
# Scores that `score_counts` gives, in the order of tables.
SCORE_NAMES = ("accuracy", "macro_f1", "weighted_f1", "ece")

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One example with its gold label and a model's probabilities, in label order."""

    example_id: str
    group: str
    label: Label
    probabilities: tuple[float, float, float]

    @property
    def predicted(self) -> Label:
        """The most probable label."""
        return label_of(self.probabilities)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelScore:
    """Precision, recall and F1 of one label; `n` is its gold count."""

    precision: float
    recall: float
    f1: float
    n: int


def count_rows(judged: Sequence[Judged]) -> Array:
    """What each row adds to the counts: float64 (n, 9 + 3 * N_BINS).

    The first 9 are the confusion matrix (gold x predicted), then come, for each
    bin of confidence, the count, the sum of confidences and the hits.
    """
    n = len(judged)
    counts = np.zeros((n, N_LABELS * N_LABELS + 3 * N_BINS))
    if not n:
        return counts
    gold = np.array([LABELS.index(row.label) for row in judged])
    predicted = np.array([LABELS.index(row.predicted) for row in judged])
    confidence = np.array([max(row.probabilities) for row in judged])
    rows = np.arange(n)
    counts[rows, gold * N_LABELS + predicted] = 1
    # Bins (lower, upper], as in Guo et al.; rounding may put a sum just above 1.
    bins = np.clip(np.ceil(confidence * N_BINS).astype(int) - 1, 0, N_BINS - 1)
    first = N_LABELS * N_LABELS + 3 * bins
    counts[rows, first] = 1
    counts[rows, first + 1] = confidence
    counts[rows, first + 2] = gold == predicted
    return counts


def score_counts(counts: Array) -> dict[str, Array]:
    """The scores of summed counts (..., 9 + 3 * N_BINS), each of shape (...).

    accuracy; macro_f1, the plain mean of the three labels' F1, where a label
    without a hit has 0 (as scikit-learn's `f1_score` with all three `labels` and
    `zero_division=0`); weighted_f1, their mean by gold counts; ece, the expected
    calibration error of the most probable label over 15 bins of equal width
    (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017).
    """
    confusion = confusion_of(counts)
    bins = counts[..., N_LABELS * N_LABELS :].reshape(*counts.shape[:-1], N_BINS, 3)
    total = np.maximum(confusion.sum((-1, -2)), 1)
    hits = np.einsum("...ii->...i", confusion)
    n_gold, n_predicted = confusion.sum(-1), confusion.sum(-2)
    f1 = 2 * hits / np.maximum(n_gold + n_predicted, 1)
    gaps = np.abs(bins[..., 2] - bins[..., 1])
    return {
        "accuracy": hits.sum(-1) / total,
        "macro_f1": f1.mean(-1),
        "weighted_f1": (f1 * n_gold).sum(-1) / total,
        "ece": gaps.sum(-1) / total,
    }


def confusion_of(counts: Array) -> Array:
    """The confusion matrices (..., 3, 3), gold x predicted, of summed counts."""
    matrix: Array = counts[..., : N_LABELS * N_LABELS].reshape(
        *counts.shape[:-1], N_LABELS, N_LABELS
    )
    return matrix


def score_labels(confusion: Array) -> dict[str, LabelScore]:
    """Scores of each label from a confusion matrix (3, 3); 0 where nothing divides."""
    scores = {}
    for i, label in enumerate(LABELS):
        hits = float(confusion[i, i])
        n_gold, n_predicted = float(confusion[i].sum()), float(confusion[:, i].sum())
        scores[str(label)] = LabelScore(
            precision=hits / n_predicted if n_predicted else 0.0,
            recall=hits / n_gold if n_gold else 0.0,
            f1=2 * hits / (n_gold + n_predicted) if hits else 0.0,
            n=int(n_gold),
        )
    return scores
