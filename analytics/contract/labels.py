"""The label set. Its order is the order of every probability vector."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Label(StrEnum):
    """Sentiment of a post, or toward an aspect of it."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


LABELS: tuple[Label, ...] = (Label.NEGATIVE, Label.NEUTRAL, Label.POSITIVE)


@dataclass(frozen=True, slots=True)
class LabelCalibration:
    """How a model's logits become probabilities: softmax(logits / temperature + bias).

    Bias-corrected temperature scaling (Alexandari et al., "Maximum Likelihood with
    Bias-Corrected Calibration is Hard-To-Beat at Label Shift Adaptation", ICML
    2020). `bias` is in nats, in the order of LABELS; the default changes nothing.
    """

    temperature: float = 1.0
    bias: tuple[float, float, float] = (0.0, 0.0, 0.0)


NO_CALIBRATION = LabelCalibration()


def label_of(probabilities: tuple[float, float, float]) -> Label:
    """The most probable label; ties go to the first in the fixed order."""
    return LABELS[max(range(len(LABELS)), key=lambda i: probabilities[i])]


def compute_probabilities(
    logits: Sequence[float], calibration: LabelCalibration = NO_CALIBRATION
) -> tuple[float, float, float]:
    """softmax(logits / temperature + bias) over the three labels, in their order.

    Log probabilities do as well as logits: a common summand changes nothing. A
    temperature above 1 makes a model less sure, and moves no label (Guo et al.,
    "On Calibration of Modern Neural Networks", ICML 2017); a bias moves labels.

    Raises:
        ValueError: a logit is not finite.
    """
    if not all(math.isfinite(value) for value in logits):
        raise ValueError(f"the logits {list(logits)} are not all finite")
    scaled = [
        value / calibration.temperature + bias
        for value, bias in zip(logits, calibration.bias, strict=True)
    ]
    top = max(scaled)
    negative, neutral, positive = (math.exp(value - top) for value in scaled)
    total = negative + neutral + positive
    return negative / total, neutral / total, positive / total
