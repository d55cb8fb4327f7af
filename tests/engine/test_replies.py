"""The end of a rationale."""

import pytest

from analytics.engine.replies import find_end


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Text analysis: a\nPrediction: positive\nText", "Text analysis: a\nPrediction: positive"),
        ("Prediction: a word, then positive.\n\nMore", "Prediction: a word, then positive."),
        ("a\n**Prediction:** neutral\nb", "a\n**Prediction:** neutral"),
        ("a\nPrediction:\nnegative\nb", "a\nPrediction:\nnegative"),
        ("a\n- prediction : negative\n", "a\n- prediction : negative"),
        ("a\nPrediction: x\nPrediction: y\n", "a\nPrediction: x"),
    ],
)
def test_find_end_keeps_up_to_the_prediction_line(text: str, kept: str) -> None:
    end = find_end(text)
    assert end is not None
    assert text[:end] == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Text analysis: my Prediction: positive\n",
        "Text analysis: a\nPrediction: posit",
        "Text analysis: a\nPrediction:\n",
        "Text analysis: a\nPredictions: positive\n",
    ],
)
def test_find_end_incomplete_prediction_is_none(text: str) -> None:
    assert find_end(text) is None
