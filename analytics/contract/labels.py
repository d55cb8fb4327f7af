"""The label set. Its order is the order of every probability vector."""

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
