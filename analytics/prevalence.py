"""Label-shift-aware shares by slice: the table `prevalence_estimates`."""

from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.estimates.confusion import Confusion, measure_confusion
from analytics.estimates.model_errors import ModelErrors
from analytics.estimates.prevalence import (
    Prevalence,
    Recalibration,
    adjust_count,
    fit_recalibration,
    maximize_likelihood,
)
from analytics.estimates.slices import MEASURE_NAMES
from analytics.store.slice_sums import KEYS, bin_probabilities, sum_probabilities

# Gold tells how a label is taken for another one if each label has as many of these.
MIN_OF_LABEL = 20
_COLUMNS = (*KEYS, "method", "rates_from", "count_posts", "count_gold", "note")


class _Rates:
    """How the model's probabilities go with true labels, and who says so."""

    def __init__(self, gold: pl.DataFrame, errors: ModelErrors | None) -> None:
        self.count_gold = len(gold)
        self.confusion: Confusion | None = None
        self.recalibration: Recalibration | None = None
        self.prior = np.ones(3) / 3
        self.origin = "gold"
        y = np.stack([gold["y_neg"], 1 - gold["y_neg"] - gold["y_pos"], gold["y_pos"]], axis=1)
        labels = y.argmax(1) if len(y) else np.zeros(0, dtype=np.int64)
        counts = np.bincount(labels, minlength=3)
        if counts.min() >= MIN_OF_LABEL:
            p = np.stack([gold["p_neg"], 1 - gold["p_neg"] - gold["p_pos"], gold["p_pos"]], axis=1)
            cluster = gold["content"].rank("dense").cast(pl.Int64).to_numpy()
            self.confusion = measure_confusion(labels, p, gold["weight"].to_numpy(), cluster)
            self.recalibration = fit_recalibration(labels, p)
            self.prior = counts / counts.sum()
        elif errors is not None:
            self.confusion, self.recalibration = errors.soft, errors.recalibration
            self.prior, self.origin, self.count_gold = errors.shares, "model", 0


def estimate_prevalence(
    connection: duckdb.DuckDBPyConnection,
    gold: pl.DataFrame,
    design: pl.DataFrame,
    errors: ModelErrors | None,
) -> pl.DataFrame:
    """The rows of `prevalence_estimates`; none where neither gold nor figures tell the rates.

    Args:
        gold: as of `read_gold`.
        design: KEYS and `design`, by what dependent posts multiply variances.
        errors: the figures of the model.
    """
    rates = {
        is_named: _Rates(gold.filter((pl.col("aspect") != "") == is_named), errors)
        for is_named in (False, True)
    }
    sums = sum_probabilities(connection).join(design, on=KEYS, how="left", nulls_equal=True)
    frames = [
        _adjust(part, rates[is_named])
        for (is_named,), part in _by_level(sums)
        if rates[is_named].confusion is not None
    ]
    bins = bin_probabilities(connection)
    for (is_named,), part in _by_level(bins):
        if rates[is_named].recalibration is not None:
            frames += [
                _maximize(one, rates[is_named])
                for _, one in part.group_by(KEYS, maintain_order=True)
            ]
    return pl.concat(frames) if frames else pl.DataFrame()


def _by_level(frame: pl.DataFrame) -> Any:
    level = (pl.col("aspect") != "").alias("is_named")
    return frame.with_columns(level).group_by("is_named", maintain_order=True)


def _adjust(sums: pl.DataFrame, rates: _Rates) -> pl.DataFrame:
    n = sums["n"].to_numpy()
    neg, pos = sums["neg"].to_numpy() / n, sums["pos"].to_numpy() / n
    said = np.stack([neg, 1 - neg - pos, pos], axis=1)
    aa = sums["neg_neg"].to_numpy() / n - neg**2
    ab = sums["neg_pos"].to_numpy() / n - neg * pos
    bb = sums["pos_pos"].to_numpy() / n - pos**2
    # The third is what the two others leave.
    rows = [aa, -aa - ab, ab, -aa - ab, aa + 2 * ab + bb, -ab - bb, ab, -ab - bb, bb]
    scale = sums["design"].fill_null(1.0).to_numpy() / np.maximum(n - 1, 1)
    covariance = np.stack(rows, axis=1).reshape(-1, 3, 3) * scale[:, None, None]
    assert rates.confusion is not None  # the caller has looked
    found = adjust_count(said, covariance, rates.confusion)
    if found is None:
        return _to_rows(sums.head(0), "pacc", rates, None, "")
    return _to_rows(
        sums,
        "pacc",
        rates,
        found,
        "holds if posts of a label look alike here and where it was learnt",
    )


def _maximize(bins: pl.DataFrame, rates: _Rates) -> pl.DataFrame:
    neg, pos = bins["p_neg"].to_numpy(), bins["p_pos"].to_numpy()
    p = np.stack([neg, np.maximum(1 - neg - pos, 0.0), pos], axis=1)
    assert rates.recalibration is not None  # the caller has looked
    found = maximize_likelihood(
        rates.recalibration.apply(p),
        bins["n"].to_numpy(),
        rates.prior,
    )
    total = bins.head(1).with_columns(pl.lit(float(bins["n"].sum())).alias("n"))
    unknown = np.full((1, 4), np.nan)
    one = Prevalence(shares=found.shares[None], low=unknown, high=unknown)
    note = "no interval: how far wrong probabilities move it is not known; see pacc beside it"
    return _to_rows(total, "em", rates, one, note)


def _to_rows(
    slices: pl.DataFrame, method: str, rates: _Rates, found: Prevalence | None, note: str
) -> pl.DataFrame:
    base = slices.select(*KEYS, pl.col("n").cast(pl.Int64).alias("count_posts")).with_columns(
        pl.lit(method).alias("method"),
        pl.lit(rates.origin).alias("rates_from"),
        pl.lit(rates.count_gold, dtype=pl.Int64).alias("count_gold"),
        pl.lit(note).alias("note"),
    )

    def column(values: npt.NDArray[np.float64] | None, name: str, k: int) -> pl.Series:
        return pl.Series(
            name, [] if values is None else values[:, k].round(9), dtype=pl.Float64
        ).fill_nan(None)

    return pl.concat(
        [
            base.select(
                *_COLUMNS,
                pl.lit(measure).alias("measure"),
                column(found.measures if found else None, "estimate", k),
                column(found.low if found else None, "low", k),
                column(found.high if found else None, "high", k),
            )
            for k, measure in enumerate(MEASURE_NAMES)
        ]
    )
