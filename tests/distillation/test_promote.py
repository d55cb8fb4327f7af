"""The checks of the gate, each shown to pass and to fail."""

import pytest

from analytics.contract.engine import LabelReply
from analytics.contract.labels import LABELS, LabelCalibration
from distillation.calibration import fit_temperature
from distillation.data.examples import make_example
from distillation.evaluation.judging import judge
from distillation.promote import (
    check_agreement,
    check_better,
    check_calibrated,
    check_contract,
    check_judged,
    check_unseen,
    choose_agreement_items,
    compare_replies,
    list_reasons,
    skip_agreement,
)
from tests.distillation.evaluation.makers import make_judged

GOLD = [i % 3 for i in range(90)]
RIGHT = [(g, g) for g in GOLD]
# Wrong in every third row, and in every second.
FAIR = [(g, (g + 1) % 3 if i % 3 == 0 else g) for i, g in enumerate(GOLD)]
POOR = [(g, (g + 1) % 3 if i % 2 == 0 else g) for i, g in enumerate(GOLD)]
VERSIONS = {"transformers": "1", "vllm": "2"}


def make_replies(labels: list[int]) -> dict[str, LabelReply]:
    rows = {0: (0.6, 0.2, 0.2), 1: (0.2, 0.6, 0.2), 2: (0.2, 0.2, 0.6)}
    return {str(i): LabelReply(probabilities=rows[k]) for i, k in enumerate(labels)}


def test_better_model_passes_with_figures() -> None:
    check = check_better("old@1", make_judged(POOR), make_judged(RIGHT), n_resamples=500, seed=0)
    assert check.is_passed
    assert "against old@1 on 90 examples in 90 groups" in check.detail
    assert "accuracy 50.0% -> 100.0%, +50.0 points [" in check.detail
    assert check.figures["differences"]["macro_f1"]["low"] > 0
    assert check.figures["scores"]["accuracy"]["value"] == 1
    assert check.figures["n_resamples"] == 500


def test_what_the_baseline_was_trained_on_is_left_out_and_counted() -> None:
    few = make_judged(POOR)[:20]
    refused = check_better(
        "old@1", few, make_judged(RIGHT), n_resamples=100, seed=0, n_seen_by_baseline=70
    )
    assert not refused.is_passed
    assert "trained on 70 of the gold examples; 20 are left" in refused.detail
    enough = check_better(
        *("old@1", make_judged(POOR)[:60], make_judged(RIGHT)),
        n_resamples=100,
        seed=0,
        n_seen_by_baseline=30,
    )
    assert "on 60 examples in 60 groups (30 that it was trained on left out)" in enough.detail


@pytest.mark.parametrize(
    ("baseline", "candidate"),
    [(RIGHT, POOR), (FAIR, FAIR), (FAIR, [*FAIR[:-3], *RIGHT[-3:]])],
    ids=["worse", "the same", "by a hair"],
)
def test_model_that_is_not_clearly_better_is_refused(
    baseline: list[tuple[int, int]], candidate: list[tuple[int, int]]
) -> None:
    check = check_better(
        "old@1", make_judged(baseline), make_judged(candidate), n_resamples=500, seed=0
    )
    assert not check.is_passed
    assert "interval of macro-F1 must lie above 0" in check.detail


def test_higher_macro_f1_at_lower_accuracy_is_refused() -> None:
    """The old model says only the commonest label; the new one finds the rare ones."""
    gold = [1] * 80 + [0] * 10 + [2] * 10
    old = [(g, 1) for g in gold]
    new = [(g, 0 if g == 1 and i < 25 else g) for i, g in enumerate(gold)]
    check = check_better("old@1", make_judged(old), make_judged(new), n_resamples=500, seed=0)
    assert check.figures["differences"]["macro_f1"]["low"] > 0
    assert not check.is_passed
    assert "accuracy must not fall" in check.detail
    assert "must lie above 0" not in check.detail


def test_models_are_compared_on_what_both_judged() -> None:
    check = check_better(
        "old@1", make_judged(POOR)[:80], make_judged(RIGHT)[5:], n_resamples=200, seed=0
    )
    assert check.figures["differences"]["accuracy"]["n"] == 75


def test_unjudged_examples_refuse() -> None:
    assert check_judged(9, 9).is_passed
    assert not check_judged(9, 8).is_passed
    assert "8 of 9" in check_judged(9, 8).detail


def test_contract_fault_is_the_reason() -> None:
    assert check_contract(None, "ab" * 32).is_passed
    check = check_contract("no contract.json", "ab" * 32)
    assert (check.is_passed, check.detail) == (False, "no contract.json")


def test_calibration_needs_a_temperature() -> None:
    check = check_calibrated(make_judged(FAIR), stored=None, fitted=None)
    assert not check.is_passed
    assert "--calibrate-on" in check.detail


def test_stored_temperature_is_taken() -> None:
    check = check_calibrated(
        make_judged(FAIR, confidence=0.9), stored=LabelCalibration(1.5), fitted=None
    )
    assert check.is_passed
    assert check.figures["temperature"] == 1.5
    assert check.figures["source"] == "calibration.json"


@pytest.mark.parametrize("n", [1, 90])
def test_temperature_that_spoils_the_gold_is_refused(n: int) -> None:
    check = check_calibrated(
        make_judged(RIGHT[:n], confidence=0.9), stored=LabelCalibration(17.0), fitted=None
    )
    assert not check.is_passed
    assert "makes the log loss on gold worse" in check.detail
    few = check_calibrated(
        make_judged(RIGHT[:n], confidence=0.9),
        stored=LabelCalibration(17.0),
        fitted=None,
        allow_few=True,
    )
    assert few.is_passed


def test_fitted_temperature_wins_and_is_reported_on_gold() -> None:
    fitted = fit_temperature(make_judged(FAIR, confidence=0.9))
    check = check_calibrated(
        make_judged(FAIR, confidence=0.9), stored=LabelCalibration(9.0), fitted=fitted
    )
    assert "0 left out that gold or training data hold, too" in check.detail
    assert check.is_passed
    assert check.figures["temperature"] == fitted.temperature
    assert check.figures["gold"]["ece_after"] < check.figures["gold"]["ece_before"]


def test_few_examples_and_a_fit_at_its_limit_are_both_named() -> None:
    fitted = fit_temperature(make_judged(RIGHT[:9]))
    check = check_calibrated(make_judged(FAIR), stored=None, fitted=fitted)
    assert not check.is_passed
    assert "fitted on 9 posts, and at least 50 are needed" in check.detail
    assert "ended at its limit" in check.detail


@pytest.mark.parametrize(
    ("n", "n_wrong", "allow_few", "passes"),
    [
        (300, 0, False, True),
        (300, 1, False, True),
        (300, 2, False, False),
        (299, 0, False, False),
        (299, 0, True, True),
        (10, 1, True, False),
        (0, 0, True, False),
    ],
)
def test_agreement(n: int, n_wrong: int, allow_few: bool, passes: bool) -> None:
    """One of 300 may differ (99.67 %), two may not (99.33 %)."""
    ours = [i % 3 for i in range(n)]
    theirs = [(k + 1) % 3 if i < n_wrong else k for i, k in enumerate(ours)]
    found = compare_replies(
        make_replies(ours), make_replies(theirs), keys=[str(i) for i in range(n)]
    )
    check = check_agreement(found, versions=VERSIONS, allow_few=allow_few)
    assert check.is_passed is passes
    assert f"{n - n_wrong} of {n} posts" in check.detail
    assert ("300 posts are needed" in check.detail) is (n < 300 and not (allow_few and n))


def test_item_that_vllm_could_not_judge_disagrees() -> None:
    ours = make_replies([0] * 300)
    theirs = {key: reply for key, reply in ours.items() if int(key) > 1}
    found = compare_replies(ours, theirs, keys=list(ours))
    check = check_agreement(found, versions=VERSIONS, allow_few=False)
    assert not check.is_passed
    assert check.figures["n_same"] == 298


def test_agreement_as_served_is_told_and_not_judged() -> None:
    ours = make_replies([0] * 300)
    found = compare_replies(ours, ours, keys=list(ours))
    served = {"dtype": "bfloat16", **found, "n_same": 290, "share": 290 / 300}
    check = check_agreement(found, versions=VERSIONS, allow_few=False, as_served=served)
    assert check.is_passed
    assert "in bfloat16, as served, 290 of 300" in check.detail
    assert check.figures["as_served"] == served
    assert check.figures["dtype"] == "float32"


@pytest.mark.parametrize("is_allowed", [True, False])
def test_skipped_agreement_is_recorded(is_allowed: bool) -> None:
    check = skip_agreement("not installed", is_allowed=is_allowed)
    assert check.is_passed is is_allowed
    assert check.figures == {"checked": False, "reason": "not installed"}
    assert ("--without-vllm" in check.detail) is not is_allowed


def test_gold_that_was_trained_on_does_not_count() -> None:
    general = check_unseen(300, None, n_left=300)  # of others, not trained for this task
    assert general.is_passed
    assert "does not say" in general.detail
    unknown = check_unseen(4, None, n_left=4)
    assert not unknown.is_passed
    assert "4 are left and 50 are needed" in unknown.detail
    assert check_unseen(300, 250, n_left=50).is_passed
    few = check_unseen(300, 251, n_left=49)
    assert not few.is_passed
    assert "251 of 300 gold examples are in its training data, 0 more" in few.detail
    assert "49 are left and 50 are needed" in few.detail
    assert check_unseen(300, 251, n_left=49, allow_few=True).is_passed


def test_a_trained_model_that_does_not_say_on_what_is_refused() -> None:
    """It passed with all gold, which it may remember."""
    silent = check_unseen(300, None, n_left=300, is_trained=True, silent_parts=["2. 'toy'"])
    assert not silent.is_passed
    assert "no trained_on.json says on what (2. 'toy' of its parts)" in silent.detail
    assert "or give --allow-unknown-training" in silent.detail
    allowed = check_unseen(300, None, n_left=300, is_trained=True, allow_unknown=True)
    assert allowed.is_passed
    assert "all gold counts" in allowed.detail
    assert check_unseen(300, 0, n_left=300, is_trained=True).is_passed


def test_all_reasons_are_listed() -> None:
    checks = [check_contract("a", ""), check_judged(1, 1), skip_agreement("b", is_allowed=False)]
    reasons = list_reasons(checks)
    assert [reason.partition(":")[0] for reason in reasons] == ["contract", "serving"]


def test_agreement_items_are_different_and_gold_comes_first() -> None:
    def make(prefix: str, n: int) -> list[str]:
        return [f"{prefix} {i // 2}" for i in range(n)]  # each text twice

    gold, more = (
        [make_example(example_id=str(i), text=t, label=LABELS[0]) for i, t in enumerate(texts)]
        for texts in (make("gold", 20), [*make("gold", 4), *make("more", 40)])
    )
    items = choose_agreement_items(gold, more, seed=0, n=25)
    assert len({item.content_key for item in items}) == 25
    assert sum(item.text.startswith("gold") for item in items) == 10
    assert len(choose_agreement_items(gold, [], seed=0, n=25)) == 10
    assert len(choose_agreement_items(gold, more, seed=0, n=4)) == 4


def test_judge_leaves_out_what_has_no_reply() -> None:
    examples = [make_example(example_id=t, text=t, label=LABELS[2]) for t in ("a", "b")]
    reply = LabelReply(probabilities=(0.1, 0.2, 0.7))
    (row,) = judge(examples, {examples[1].item.content_key: reply})
    assert (row.example_id, row.predicted) == ("b", LABELS[2])
