"""A stored calibration before the gate: how it was fitted counts as for a new one."""

import json
from pathlib import Path
from typing import Any

import pytest

from analytics.contract.errors import TrainingError
from analytics.contract.labels import LABELS, LabelCalibration
from distillation.calibration import (
    MAX_TEMPERATURE,
    MIN_TEMPERATURE,
    StoredFit,
    fit_temperature,
    read_fit,
)
from distillation.cli.calibrate import refuse_bad_fit
from distillation.cli.gate import _merge_calibration
from distillation.data.examples import Example, make_example
from distillation.data.seen import list_digests
from distillation.promote import Check, check_calibrated
from tests.distillation.evaluation.makers import make_judged

# Wrong in every third row.
FAIR = [(i % 3, (i + (i % 9 < 3)) % 3) for i in range(90)]
BIAS = (0.4, -0.4, 0.0)


def judge(stored: LabelCalibration, fit: StoredFit | None = None, **more: Any) -> Check:
    gold = make_judged(FAIR, confidence=0.6)
    return check_calibrated(gold, stored=stored, stored_fit=fit, **{"fitted": None, **more})


def make_examples(*texts: str) -> list[Example]:
    return [make_example(example_id=t, text=t, label=LABELS[0]) for t in texts]


def test_stored_fit_of_few_posts_is_refused() -> None:
    """6 posts passed: only the gate's own fit was counted."""
    few = judge(LabelCalibration(1.1), StoredFit(n=6))
    assert not few.is_passed
    assert "it was fitted on 6 posts, and at least 50 are needed (or --allow-few" in few.detail
    assert judge(LabelCalibration(1.1), StoredFit(n=6), allow_few=True).is_passed
    assert judge(LabelCalibration(1.1), StoredFit(n=50)).is_passed


@pytest.mark.parametrize("temperature", [MIN_TEMPERATURE, MAX_TEMPERATURE])
def test_stored_fit_at_a_limit_is_refused_even_of_few(temperature: float) -> None:
    for fit in (StoredFit(n=900, is_bounded=True), StoredFit(n=900), None):
        check = judge(LabelCalibration(temperature), fit, allow_few=True)
        assert not check.is_passed
        assert f"the fit ended at its limit, {temperature:.3f}" in check.detail
        assert "Fit on more posts" in check.detail


def test_calibration_fitted_on_the_gold_is_refused_with_their_number() -> None:
    shared = judge(LabelCalibration(1.1), StoredFit(n=900), n_shared=17)
    assert not shared.is_passed
    assert "calibration.json was fitted on 17 of these gold posts" in shared.detail
    assert shared.figures["n_shared"] == 17
    # A new temperature takes the place of the old one; the bias stays.
    fitted = fit_temperature(make_judged(FAIR, confidence=0.6))
    again = judge(LabelCalibration(9.0), StoredFit(n=900), n_shared=17, fitted=fitted)
    assert again.is_passed
    kept = judge(LabelCalibration(9.0, BIAS), StoredFit(n=900), n_shared=17, fitted=fitted)
    assert not kept.is_passed
    assert "the bias of the labels was fitted on 17 of these gold posts" in kept.detail


def test_calibration_that_names_no_posts_is_told_of() -> None:
    told = "does not say whether it was fitted on posts of this gold"
    silent = judge(LabelCalibration(1.1), StoredFit(n=900))
    assert silent.is_passed
    assert told in silent.detail
    assert silent.figures["n_shared"] is None
    assert told not in judge(LabelCalibration(1.1), StoredFit(n=900), n_shared=0).detail
    fitted = fit_temperature(make_judged(FAIR, confidence=0.6))
    assert told not in judge(LabelCalibration(9.0), StoredFit(n=900), fitted=fitted).detail
    assert told in judge(LabelCalibration(9.0, BIAS), StoredFit(n=900), fitted=fitted).detail


def test_sets_of_the_bias_count_while_it_is_used() -> None:
    fit = StoredFit(n=900, n_bias=6)
    assert judge(LabelCalibration(1.1), fit).is_passed
    few = judge(LabelCalibration(1.1, BIAS), fit)
    assert not few.is_passed
    assert "a set that the bias of the labels was fitted on has 6 posts" in few.detail


def test_a_temperature_that_was_given_by_hand_is_taken_and_told() -> None:
    check = judge(LabelCalibration(1.0), StoredFit())
    assert check.is_passed
    assert "calibration.json does not say on how many posts it was fitted" in check.detail


def test_what_a_file_says_of_its_fit(tmp_path: Path) -> None:
    assert read_fit(tmp_path) == StoredFit()
    values = {
        "temperature": 20.0,
        "n": 1122,
        "is_bounded": True,
        "adjustment": {"sets": [{"n": 1122}, {"n": 60}]},
        "post_digests": ["a", "b"],
    }
    (tmp_path / "calibration.json").write_text(json.dumps(values))
    assert read_fit(tmp_path) == StoredFit(
        n=1122, is_bounded=True, n_bias=60, digests=frozenset("ab")
    )
    (tmp_path / "calibration.json").write_text(json.dumps({**values, "is_bounded": "no"}))
    with pytest.raises(TrainingError, match=r"is_bounded is 'no', it must be of type bool"):
        read_fit(tmp_path)


def test_shipped_calibration_names_its_posts() -> None:
    fit = read_fit(Path(__file__).parents[2] / "analytics/engine/shipped/smol-139m")
    assert (fit.n, fit.n_bias) == (1122, 1122)
    # 4,576 posts of three sets; some of Twitter-2015 are of one text with several targets.
    assert len(fit.digests or ()) == 4181


def test_command_refuses_before_it_writes(tmp_path: Path) -> None:
    """6 posts gave a temperature of 20.000 and exit code 0."""
    (tmp_path / "calibration.json").write_text("{}")
    bounded = fit_temperature(make_judged([(0, 1)] * 6))
    with pytest.raises(TrainingError) as caught:
        refuse_bad_fit(tmp_path, bounded, [("own:dev", 6), ("other:all", 7)], allow_few=False)
    said = str(caught.value)
    assert "--on own:dev: the fit ended at its limit, 20.000: the model's probabilities" in said
    assert "--on own:dev: it was fitted on 6 posts, and at least 50 are needed" in said
    assert "--on other:all: it was fitted on 7 posts" in said
    assert "calibration.json is as it was" in said
    right = fit_temperature(make_judged([(0, 0)] * 60))
    with pytest.raises(TrainingError, match="there the model is never wrong"):
        refuse_bad_fit(tmp_path, right, [("own:dev", 60)], allow_few=True)
    fair = fit_temperature(make_judged(FAIR, confidence=0.6))
    refuse_bad_fit(tmp_path, fair, [("own:dev", 90)], allow_few=False)
    refuse_bad_fit(tmp_path, fair, [("own:dev", 9)], allow_few=True)


def test_promoted_calibration_names_the_posts_of_all_that_it_holds() -> None:
    fitted = fit_temperature(make_judged(FAIR, confidence=0.6))
    held_out = make_examples("a new post")
    old = list_digests(make_examples("an old post"))
    new = list_digests(held_out)
    plain = {"temperature": 2.0, "post_digests": old}
    found = _merge_calibration(fitted, {}, held_out, plain)
    assert found is not None
    assert found["post_digests"] == new
    found = _merge_calibration(fitted, {}, held_out, {**plain, "label_bias": {}})
    assert found is not None
    assert found["post_digests"] == sorted([*old, *new])
    # Of a bias that does not say on what it was fitted, new posts are not the whole list.
    found = _merge_calibration(fitted, {}, held_out, {"temperature": 2.0, "label_bias": {}})
    assert found is not None
    assert "post_digests" not in found
