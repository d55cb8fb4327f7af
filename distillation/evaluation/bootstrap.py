"""Intervals by resampling whole groups, and the paired difference of two models.

Rows of a group (the aspects of one picture) are not independent, so groups are
drawn, not rows: Cameron, Gelbach and Miller, "Bootstrap-Based Improvements for
Inference with Clustered Errors", 2008; percentile intervals as in Efron and
Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from distillation.evaluation.scores import Array, Judged, count_rows, score_counts

N_RESAMPLES = 2000
LEVEL = 0.95
# Cells of one block of draws: about 32 MB.
_BLOCK_CELLS = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A score and its percentile interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedDifference:
    """A score of model b less that of model a, on the same examples.

    `share_not_better` is the share of resamples in which b is not better than a:
    it plays the part of a one-sided p-value.
    """

    score: str
    value_a: float
    value_b: float
    difference: float
    low: float
    high: float
    share_not_better: float
    n: int
    n_groups: int


def bootstrap_scores(
    judged: Sequence[Judged],
    *,
    n_resamples: int = N_RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> dict[str, Interval]:
    """Each label score with its interval over resampled groups.

    Raises:
        ValueError: there is nothing to score.
    """
    if not judged:
        raise ValueError("no judged example, so there is nothing to score")
    counts = count_rows(judged)
    (sums,) = _sum_groups([counts], [row.group for row in judged])
    drawn = [score_counts(weights @ sums) for weights in _draw(len(sums), n_resamples, seed)]
    found = {}
    for name, value in score_counts(counts.sum(0)).items():
        low, high = _percentiles(np.concatenate([block[name] for block in drawn]), level)
        found[name] = Interval(value=float(value), low=low, high=high)
    return found


def compare_paired(
    a: Sequence[Judged],
    b: Sequence[Judged],
    *,
    scores: Sequence[str] = ("accuracy", "macro_f1"),
    n_resamples: int = N_RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> dict[str, PairedDifference]:
    """The differences b - a, both models resampled with the same draws of groups.

    Raises:
        ValueError: the two do not judge the same examples with the same gold.
    """
    by_id = {row.example_id: row for row in b}
    paired = [(row, by_id.get(row.example_id)) for row in a]
    ours = [(row, other) for row, other in paired if other is not None]
    if len(ours) != len(paired) or len(by_id) != len(b) or len(a) != len(b) or not a:
        raise ValueError(
            f"model a judged {len(a)} examples and model b {len(b)}, {len(ours)} of them the "
            "same. Judge the same split with both"
        )
    differing = [row.example_id for row, other in ours if row.label is not other.label]
    if differing:
        raise ValueError(f"{len(differing)} gold labels differ, e.g. of {differing[0]!r}")
    counts = [count_rows([row for row, _ in ours]), count_rows([other for _, other in ours])]
    sums_a, sums_b = _sum_groups(counts, [row.group for row, _ in ours])
    blocks = [
        (score_counts(weights @ sums_a), score_counts(weights @ sums_b))
        for weights in _draw(len(sums_a), n_resamples, seed)
    ]
    whole_a, whole_b = (score_counts(part.sum(0)) for part in counts)
    found = {}
    for name in scores:
        drawn = np.concatenate([block_b[name] - block_a[name] for block_a, block_b in blocks])
        low, high = _percentiles(drawn, level)
        found[name] = PairedDifference(
            score=name,
            value_a=float(whole_a[name]),
            value_b=float(whole_b[name]),
            difference=float(whole_b[name] - whole_a[name]),
            low=low,
            high=high,
            share_not_better=float((drawn <= 0).mean()),
            n=len(ours),
            n_groups=len(sums_a),
        )
    return found


def _sum_groups(counts: Sequence[Array], groups: Sequence[str]) -> list[Array]:
    """The sums (n_groups, columns) of the rows of each group."""
    names, places = np.unique(np.array(groups), return_inverse=True)
    found = []
    for part in counts:
        sums = np.zeros((len(names), part.shape[1]))
        np.add.at(sums, places, part)
        found.append(sums)
    return found


def _draw(n_groups: int, n_resamples: int, seed: int) -> Iterator[Array]:
    """Blocks (some resamples, n_groups) of how often each group is drawn."""
    generator = np.random.default_rng(seed)
    block = max(1, _BLOCK_CELLS // n_groups)
    for first in range(0, n_resamples, block):
        size = min(block, n_resamples - first)
        drawn = generator.integers(0, n_groups, size=(size, n_groups))
        drawn += np.arange(size)[:, None] * n_groups
        counts = np.bincount(drawn.ravel(), minlength=size * n_groups)
        yield counts.reshape(size, n_groups).astype(np.float64)


def _percentiles(values: Array, level: float) -> tuple[float, float]:
    tail = 50 * (1 - level)
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)
