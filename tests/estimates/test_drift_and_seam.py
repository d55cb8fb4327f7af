import numpy as np
import pytest

from analytics.estimates.drift import measure_drift
from analytics.estimates.seam import Overlap, estimate_jump


def test_psi_and_distances_are_those_of_the_formulas() -> None:
    """By hand: shares 0.2 / 0.8 against 0.5 / 0.5, of so many that smoothing does not show."""
    drift = measure_drift([200_000, 800_000], [500_000, 500_000], is_ordered=True)

    assert drift.psi == pytest.approx(-0.3 * np.log(0.4) + 0.3 * np.log(1.6), rel=1e-4)
    assert drift.ks == pytest.approx(0.3)
    divergence = (
        0.2 * np.log2(0.2 / 0.35) + 0.8 * np.log2(0.8 / 0.65)
        + 0.5 * np.log2(0.5 / 0.35) + 0.5 * np.log2(0.5 / 0.65)
    ) / 2  # fmt: skip
    assert drift.js == pytest.approx(np.sqrt(divergence))
    assert drift.level == "large"


def test_chance_of_few_posts_is_no_drift() -> None:
    """200 pairs of samples of one distribution: 99 of 100 are called none."""
    rng = np.random.default_rng(1)
    shares = np.array([0.3, 0.3, 0.2, 0.15, 0.05])
    levels = [
        measure_drift(
            rng.multinomial(70, shares), rng.multinomial(70, shares), is_ordered=True
        ).level
        for _ in range(200)
    ]
    assert levels.count("none") >= 194
    assert measure_drift([10, 5], [900, 800], is_ordered=True).level == "too_few"
    assert measure_drift([], [], is_ordered=False).level == "too_few"


def test_jump_is_paired_and_clustered() -> None:
    """Against a bootstrap of contents, of 400 contents with 1 to 9 posts each."""
    rng = np.random.default_rng(2)
    w = rng.integers(1, 10, 400).astype(float)
    d = rng.choice([-1.0, 0.0, 1.0], 400, p=[0.1, 0.6, 0.3])
    jump, low, high = estimate_jump(
        Overlap(
            count_contents=400,
            count_posts=int(w.sum()),
            d=float((w * d).sum()),
            dd=float((w * w * d * d).sum()),
            wd=float((w * w * d).sum()),
            ww=float((w * w).sum()),
        )
    )
    draws = rng.integers(0, 400, (4000, 400))
    means = (w * d)[draws].sum(1) / w[draws].sum(1)

    assert jump == pytest.approx((w * d).sum() / w.sum())
    assert low is not None
    assert high is not None
    assert (low, high) == pytest.approx(tuple(np.percentile(means, [2.5, 97.5])), abs=0.01)


def test_few_contents_give_no_interval() -> None:
    overlap = Overlap(count_contents=3, count_posts=900, d=9.0, dd=9.0, wd=9.0, ww=9.0)
    assert estimate_jump(overlap) == (0.01, None, None)


def test_models_that_agree_on_few_contents_may_differ_on_the_next() -> None:
    few = Overlap(count_contents=18, count_posts=18, d=0, dd=0, wd=0, ww=18)
    many = Overlap(count_contents=18_000, count_posts=18_000, d=0, dd=0, wd=0, ww=18_000)
    jump, low, high = estimate_jump(few)
    assert (jump, low) == (0, pytest.approx(-0.12, abs=0.01))
    assert high == pytest.approx(0.12, abs=0.01)
    assert estimate_jump(many)[2] == pytest.approx(0, abs=1e-3)
