from collections import Counter

import pytest

from distillation.data.examples import Example, make_example
from distillation.data.folds import assign_folds, assign_split
from distillation.data.overlaps import drop_overlaps, find_overlaps, normalise_text


def _example(name: str, text: str) -> Example:
    return make_example(example_id=name, text=text, label="neutral")


def test_split_is_fixed_and_about_8_to_1_to_1() -> None:
    """The first values are published by the formula; they must never move."""
    assert [assign_split(str(i)) for i in range(8)] == [
        "train",
        "test",
        "train",
        "train",
        "train",
        "train",
        "train",
        "train",
    ]
    counts = Counter(assign_split(str(i)) for i in range(10_000))
    assert abs(counts["train"] - 8000) < 160
    assert abs(counts["dev"] - 1000) < 120


def test_folds_are_balanced_whatever_the_order() -> None:
    groups = [f"{i}.jpg" for i in range(23)]
    folds = assign_folds(groups)
    assert folds == assign_folds([*reversed(groups), *groups])
    assert sorted(Counter(folds.values()).values()) == [4, 4, 5, 5, 5]
    assert folds != assign_folds(groups, seed=1)
    with pytest.raises(ValueError, match="n_folds is 5: give 2 to 3"):
        assign_folds(groups[:3])


@pytest.mark.parametrize(
    "copy",
    [
        "The new tram is GREAT !",
        "RT @ City News : the new tram is great! http://t.co/abc",
        "@someone the new  tram is great !\nhttps://t.co/xyz",
    ],
)
def test_copies_of_a_text_have_one_key(copy: str) -> None:
    assert normalise_text(copy) == "thenewtramisgreat!"


def test_overlaps_are_found_and_dropped() -> None:
    train = [_example("a", "RT @me: hello there"), _example("b", "@you"), _example("c", "other")]
    test = [_example("x", "Hello there"), _example("y", "@somebody")]
    assert find_overlaps(train, test) == ["hello there"]
    assert [e.example_id for e in drop_overlaps(train, test)] == ["b", "c"]
