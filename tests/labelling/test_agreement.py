import pytest

from analytics.labelling.agreement import cohen_kappa, compare_pairs, krippendorff_alpha

# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section C: four
# observers, twelve units, 0 where nothing was said. Nominal alpha 0.743.
OBSERVERS = {
    "A": (1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0),
    "B": (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3),
    "C": (0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0),
    "D": (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0),
}


def test_alpha_of_the_published_example() -> None:
    ratings = [
        (unit, name, str(value))
        for name, values in OBSERVERS.items()
        for unit, value in enumerate(values)
        if value
    ]
    assert krippendorff_alpha(ratings) == pytest.approx(0.743, abs=5e-4)


def test_kappa_by_hand() -> None:
    pairs = [
        *[("yes", "yes")] * 20, *[("yes", "no")] * 5,
        *[("no", "yes")] * 10, *[("no", "no")] * 15,
    ]  # fmt: skip
    # Agreement 35/50; by chance 0.5 * 0.6 + 0.5 * 0.4.
    assert cohen_kappa(pairs) == pytest.approx((0.7 - 0.5) / (1 - 0.5))


def test_agreement_without_anything_to_compare_is_undefined() -> None:
    assert cohen_kappa([]) is None
    assert cohen_kappa([("a", "a")] * 3) is None
    assert krippendorff_alpha([]) is None
    assert krippendorff_alpha([(1, "x", "a"), (2, "y", "b")]) is None
    assert krippendorff_alpha([(1, "x", "a"), (1, "y", "a")]) is None


def test_full_agreement_is_one_and_each_pair_is_named() -> None:
    ratings = [
        (item, name, label)
        for item, label in enumerate(("negative", "positive", "neutral"))
        for name in ("x", "y")
    ]
    assert krippendorff_alpha(ratings) == 1
    assert [(p.first, p.second, p.n_items, p.kappa) for p in compare_pairs(ratings)] == [
        ("x", "y", 3, 1.0)
    ]
    assert compare_pairs([*ratings, (9, "z", "neutral")]) == compare_pairs(ratings)
