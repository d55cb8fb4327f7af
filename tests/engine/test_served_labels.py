"""Reading the labels' probabilities from a server's most probable first tokens."""

import math
from collections.abc import Callable

import pytest

from analytics.contract.errors import EngineError
from analytics.contract.labels import compute_probabilities
from analytics.engine.served_labels import read_label_logprobs


def read(top: dict[str, float]) -> list[float]:
    """The labels' probabilities before the softmax, in their order."""
    pairs = [(token, math.log(p)) for token, p in top.items()]
    return [math.exp(logprob) for logprob in read_label_logprobs(pairs)]


@pytest.mark.parametrize(
    "spell",
    ["{}", " {}", "\u0120{}", "\u2581{}\n"],
    ids=["plain", "space", "bpe-mark", "piece-mark"],
)
@pytest.mark.parametrize("change", [str.lower, str.upper, str.title])
def test_spellings_are_understood(spell: str, change: Callable[[str], str]) -> None:
    top = {"negative": 0.5, "neutral": 0.3, "positive": 0.1}
    found = read({spell.format(change(token)): p for token, p in top.items()})
    assert found == pytest.approx([0.5, 0.3, 0.1])


def test_first_tokens_of_words_are_understood() -> None:
    assert read({"neg": 0.5, "Neu": 0.3, "pos": 0.1, "ne": 0.01, "p": 0.05}) == pytest.approx(
        [0.5, 0.3, 0.1]
    )


def test_own_spellings_count_alone_where_all_are_there() -> None:
    """As in engines that hold the tokenizer: they look at one token for each label."""
    top = {"Positive": 0.5, "positive": 0.2, "pos": 0.1, "negative": 0.1, "neutral": 0.05}
    assert read(top) == pytest.approx([0.1, 0.05, 0.2])


def test_spellings_add_up_where_one_own_spelling_is_missing() -> None:
    top = {"Positive": 0.5, "positive": 0.2, "negative": 0.1, " Neutral": 0.05}
    assert read(top) == pytest.approx([0.1, 0.05, 0.7])


def test_a_missing_label_gets_what_is_left_for_it() -> None:
    assert read({"positive": 0.6, "negative": 0.3, "maybe": 0.06}) == pytest.approx(
        [0.3, 0.04, 0.6]
    )
    assert read({"positive": 0.6, "maybe": 0.3}) == pytest.approx([0.05, 0.05, 0.6])


def test_a_missing_label_gets_no_more_than_the_least_of_those_there() -> None:
    assert read({"positive": 0.5, "negative": 0.1, "maybe": 0.01}) == pytest.approx(
        [0.1, 0.01, 0.5]
    )


def test_probabilities_that_sum_to_more_than_one_leave_something_finite() -> None:
    logprobs = read_label_logprobs([("positive", 0.1), ("maybe", -0.1)])
    assert compute_probabilities(logprobs)[2] == pytest.approx(1)
    assert all(math.isfinite(logprob) for logprob in logprobs)


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        ({"<think>": 0.9, "\n": 0.1}, r"no label is among the 2 .*'<think>'.*enable_thinking"),
        ({"ne": 0.6, "positive": 0.3}, r"'ne' begin more than one label"),
        ({"The": 0.9, "p": 0.1}, "no label"),
    ],
    ids=["thoughts", "shared", "prose"],
)
def test_what_cannot_be_read_is_an_error(top: dict[str, float], expected: str) -> None:
    with pytest.raises(EngineError, match=expected):
        read(top)
