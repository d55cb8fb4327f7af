import numpy as np
import pytest

from analytics.contract.labels import Label
from distillation.evaluation.bootstrap import bootstrap_scores, compare_paired
from distillation.evaluation.scores import (
    Judged,
    confusion_of,
    count_rows,
    score_counts,
    score_labels,
)
from tests.distillation.evaluation.makers import make_judged

# gold: 3 negative (2, 1, 0), 4 neutral (0, 3, 1), 3 positive (1, 0, 2)
ROWS = [(0, 0), (0, 0), (0, 1), (1, 1), (1, 1), (1, 1), (1, 2), (2, 0), (2, 2), (2, 2)]


def _one(probabilities: tuple[float, float, float], label: str) -> Judged:
    return Judged(example_id="x", group="g", label=Label(label), probabilities=probabilities)


def test_scores_are_those_computed_by_hand() -> None:
    counts = count_rows(make_judged(ROWS)).sum(0)
    found = score_counts(counts)
    assert found["accuracy"] == 0.7
    assert found["macro_f1"] == pytest.approx((2 / 3 + 3 / 4 + 2 / 3) / 3)
    assert found["weighted_f1"] == pytest.approx(0.3 * 2 / 3 + 0.4 * 3 / 4 + 0.3 * 2 / 3)
    assert confusion_of(counts).tolist() == [[2, 1, 0], [0, 3, 1], [1, 0, 2]]
    negative = score_labels(confusion_of(counts))["negative"]
    assert (negative.precision, negative.recall, negative.f1, negative.n) == (
        2 / 3,
        2 / 3,
        2 / 3,
        3,
    )


def test_label_that_never_occurs_counts_zero_in_macro_f1() -> None:
    """scikit-learn: f1_score([0, 0, 1], [0, 0, 1], labels=[0, 1, 2], average='macro') = 2/3."""
    found = score_counts(count_rows(make_judged([(0, 0), (0, 0), (1, 1)])).sum(0))
    assert found["macro_f1"] == pytest.approx(2 / 3)
    assert found["weighted_f1"] == 1.0
    assert found["accuracy"] == 1.0


def test_calibration_error_by_hand() -> None:
    apart = [_one((0.8, 0.1, 0.1), "negative"), _one((0.2, 0.6, 0.2), "positive")]
    assert score_counts(count_rows(apart).sum(0))["ece"] == pytest.approx((0.2 + 0.6) / 2)
    # 0.81 and 0.85 share the bin (12/15, 13/15]: its errors cancel in part.
    shared = [_one((0.81, 0.1, 0.09), "negative"), _one((0.85, 0.1, 0.05), "neutral")]
    assert score_counts(count_rows(shared).sum(0))["ece"] == pytest.approx(abs(1 - 1.66) / 2)
    sure = [_one((1.0, 0.0, 0.0), "negative")]
    assert score_counts(count_rows(sure).sum(0))["ece"] == 0.0


def _naive_scores(rows: list[tuple[int, int]]) -> tuple[float, float]:
    """Accuracy and macro-F1 by counting, one row after the other."""
    f1 = []
    for label in range(3):
        hits = sum(gold == predicted == label for gold, predicted in rows)
        named = sum(gold == label for gold, _ in rows) + sum(p == label for _, p in rows)
        f1.append(2 * hits / named if named else 0.0)
    return sum(gold == predicted for gold, predicted in rows) / len(rows), sum(f1) / 3


def test_intervals_are_those_of_a_plain_loop_over_groups() -> None:
    groups = ["a", "a", "b", "c", "c", "c", "d", "e", "e", "f"]
    found = bootstrap_scores(make_judged(ROWS, groups), n_resamples=300, seed=5)
    names = sorted(set(groups))
    drawn = np.random.default_rng(5).integers(0, len(names), size=(300, len(names)))
    naive = [
        _naive_scores(
            [
                row
                for i in draw
                for row, group in zip(ROWS, groups, strict=True)
                if group == names[i]
            ]
        )
        for draw in drawn
    ]
    for place, name in enumerate(("accuracy", "macro_f1")):
        low, high = np.percentile([scores[place] for scores in naive], [2.5, 97.5])
        assert found[name].low == pytest.approx(low)
        assert found[name].high == pytest.approx(high)
    assert found["accuracy"].value == 0.7


def test_groups_of_identical_rows_widen_the_interval() -> None:
    generator = np.random.default_rng(0)
    rows = [(int(g), int(p)) for g, p in generator.integers(0, 3, size=(60, 2))]
    copied = [row for row in rows for _ in range(9)]
    groups = [str(i // 9) for i in range(len(copied))]
    by_group = bootstrap_scores(make_judged(copied, groups))["accuracy"]
    by_row = bootstrap_scores(make_judged(copied))["accuracy"]
    ratio = (by_group.high - by_group.low) / (by_row.high - by_row.low)
    assert 2.4 < ratio < 3.6  # the square root of 9
    assert bootstrap_scores(make_judged(copied, groups)) == bootstrap_scores(
        make_judged(copied, groups)
    )


def test_nothing_to_score_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing to score"):
        bootstrap_scores([])


def test_a_model_is_not_better_than_itself() -> None:
    judged = make_judged(ROWS)
    found = compare_paired(judged, list(reversed(judged)))["macro_f1"]
    assert (found.difference, found.low, found.high) == (0.0, 0.0, 0.0)
    assert found.share_not_better == 1.0
    assert (found.n, found.n_groups) == (10, 10)


def test_paired_difference_is_narrower_than_two_intervals() -> None:
    """Two models that differ in one group of twenty are compared on that group alone."""
    generator = np.random.default_rng(1)
    rows = [(int(g), int(p)) for g, p in generator.integers(0, 3, size=(200, 2))]
    groups = [str(i // 10) for i in range(200)]
    better = [(g, g) if i < 50 else (g, p) for i, (g, p) in enumerate(rows)]
    a, b = make_judged(rows, groups), make_judged(better, groups)
    found = compare_paired(a, b)["accuracy"]
    assert found.difference == pytest.approx(found.value_b - found.value_a)
    assert found.low <= found.difference <= found.high
    assert found.low > 0
    assert found.share_not_better < 0.02
    assert compare_paired(b, a)["accuracy"].share_not_better == 1.0


def test_models_on_other_examples_are_not_compared() -> None:
    judged = make_judged(ROWS)
    with pytest.raises(ValueError, match="10 examples and model b 9, 9 of them"):
        compare_paired(judged, judged[1:])
    with pytest.raises(ValueError, match="1 gold labels differ"):
        compare_paired(judged, make_judged([(1, 1), *ROWS[1:]]))
