"""The label set. Its order is the order of every probability vector."""

import math
from collections.abc import Sequence
from enum import StrEnum


class Label(StrEnum):
    """Sentiment of a post, or toward an aspect of it."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


LABELS: tuple[Label, ...] = (Label.NEGATIVE, Label.NEUTRAL, Label.POSITIVE)


def label_of(probabilities: tuple[float, float, float]) -> Label:
    """The most probable label; ties go to the first in the fixed order."""
    return LABELS[max(range(len(LABELS)), key=lambda i: probabilities[i])]


def compute_probabilities(
    logits: Sequence[float], *, temperature: float = 1.0
) -> tuple[float, float, float]:
    """softmax(logits / temperature) over the three labels, in their order.

    Log probabilities do as well as logits: a common summand changes nothing. A
    temperature above 1 makes a model less sure, and moves no label (Guo et al.,
    "On Calibration of Modern Neural Networks", ICML 2017).

    Raises:
        ValueError: a logit is not finite.
    """
    if not all(math.isfinite(value) for value in logits):
        raise ValueError(f"the logits {list(logits)} are not all finite")
    top = max(logits)
    negative, neutral, positive = (math.exp((value - top) / temperature) for value in logits)
    total = negative + neutral + positive
    return negative / total, neutral / total, positive / total
