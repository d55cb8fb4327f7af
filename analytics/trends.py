"""Estimates with intervals, made after the marts: `build_trends`.

What is estimated and how is in docs/statistics.md. Items stay in DuckDB: Python gets sums
by slice, and the gold labels.
"""

import json
import logging
from collections.abc import Iterable, Iterator
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.contract.errors import StoreError
from analytics.estimates.families import MIN_GOLD, FamilyEstimates, FamilyGold, estimate_family
from analytics.estimates.model_errors import ModelErrors, parse_errors
from analytics.estimates.slices import COEFFICIENTS, MEASURE_NAMES, Means, measure_means, widest
from analytics.prevalence import estimate_prevalence
from analytics.store.estimates import read_model_errors, replace_estimates
from analytics.store.slice_sums import (
    KEYS,
    UNITS,
    count_gold_units,
    items_ready,
    read_gold,
    sum_slices,
)

logger = logging.getLogger(__name__)

VIEWS = ("post", "content", "author")
_DIGITS = 9
# Slices whose estimates are written at once: families are many and most are small.
_BLOCK_SLICES = 50_000
_FAMILY = ("is_named", "period", "is_all_platforms", "is_all_langs")
# Slices of one family, a view of them, and what was estimated.
_Estimated = tuple[pl.DataFrame, str, FamilyEstimates]


def build_trends(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Make `sentiment_estimates` and `prevalence_estimates` anew; the row count of each.

    Call it after `build_marts`, in the same connection.
    """
    errors = _read_errors(connection)
    with items_ready(connection):
        gold = read_gold(connection)
        n_level = [
            gold.filter(pl.col("aspect") == "")["content"].n_unique(),
            gold.filter(pl.col("aspect") != "")["content"].n_unique(),
        ]
        soft = (n_level[0] >= MIN_GOLD, n_level[1] >= MIN_GOLD)
        slices = _read_slices(connection, soft)
        units = {unit: count_gold_units(connection, unit) for unit in UNITS}
        prevalence = estimate_prevalence(connection, gold, _read_design(slices), errors)
    estimated = (
        _estimate(family, key, view, gold, units, soft, errors)
        for key, family in _families(slices)
        for view in VIEWS
    )
    frames = (_to_rows(block, errors) for block in _blocks(estimated))
    return {
        "sentiment_estimates": replace_estimates(connection, "sentiment_estimates", frames),
        "prevalence_estimates": replace_estimates(connection, "prevalence_estimates", [prevalence]),
    }


def _read_errors(connection: duckdb.DuckDBPyConnection) -> ModelErrors | None:
    text = read_model_errors(connection)
    if text is None:
        return None
    try:
        return parse_errors(json.loads(text))
    except ValueError as exc:
        raise StoreError(
            f"table models: the column errors of the current model cannot be read ({exc}). Run"
            " `analytics infer` again, which reads the model's errors.json"
        ) from exc


def _read_slices(connection: duckdb.DuckDBPyConnection, soft: tuple[bool, bool]) -> pl.DataFrame:
    """Sums over contents and, with the suffix _author, over authors; one row a slice."""
    contents = sum_slices(connection, "content", soft)
    authors = sum_slices(connection, "author", soft)
    return (
        contents.join(authors, on=KEYS, how="left", suffix="_author", nulls_equal=True)
        .fill_null(0.0)
        .with_columns(
            (pl.col("aspect") != "").alias("is_named"),
            (pl.col("platform") == "*").alias("is_all_platforms"),
            (pl.col("lang") == "*").alias("is_all_langs"),
        )
        .sort(KEYS)
    )


def _read_design(slices: pl.DataFrame) -> pl.DataFrame:
    """By what dependent posts multiply the variance of each slice's means; at least 1."""
    means = read_means(slices, "post")
    n = np.maximum(slices["n"].to_numpy(), 2)
    spread = means.mean[:, :3] * (1 - means.mean[:, :3]) / (n - 1)[:, None]
    ratio = (means.variance[:, :3] / np.maximum(spread, 1e-12)).max(1)
    # Copies of a content agree in all (Kish 1965).
    copies = slices["nn"].to_numpy() / n
    design = np.maximum(np.maximum(ratio, copies), 1.0)
    return slices.select(*KEYS).with_columns(pl.Series("design", design))


def _families(slices: pl.DataFrame) -> Iterator[tuple[dict[str, Any], pl.DataFrame]]:
    """Slices of one kind: they do not overlap, and each item is in one at most."""
    for key, family in slices.group_by(_FAMILY, maintain_order=True):
        yield dict(zip(_FAMILY, key, strict=True)), family


def read_means(family: pl.DataFrame, view: str) -> Means:
    """What the model says of each slice, in one view."""
    if view == "post":
        content, author = _ratio(family, ""), _ratio(family, "_author")
        known = family["n_author"].to_numpy() / np.maximum(family["n"].to_numpy(), 1)
        return widest(content, author, known)
    suffix = "_author" if view == "author" else ""
    units = _column(family, "count_units" + suffix)
    sums = _stack(family, ["m_neg", "m_pos", "count_units"], suffix)
    squares = _squares(
        family, suffix, ("m_neg_neg", "m_neg_pos", "m_pos_pos", "m_neg", "m_pos", "count_units")
    )
    return measure_means(sums, squares, units)


def _ratio(family: pl.DataFrame, suffix: str) -> Means:
    sums = _stack(family, ["neg", "pos", "n"], suffix)
    names = ("neg_neg", "neg_pos", "pos_pos", "n_neg", "n_pos", "nn")
    return measure_means(
        sums, _squares(family, suffix, names), _column(family, "count_units" + suffix)
    )


def _squares(family: pl.DataFrame, suffix: str, names: tuple[str, ...]) -> npt.NDArray[np.float64]:
    aa, ab, bb, an, bn, nn = (_column(family, name + suffix) for name in names)
    return np.stack([aa, ab, an, ab, bb, bn, an, bn, nn], axis=1).reshape(-1, 3, 3)


def _stack(family: pl.DataFrame, names: list[str], suffix: str) -> npt.NDArray[np.float64]:
    return np.stack([_column(family, name + suffix) for name in names], axis=1)


def _column(family: pl.DataFrame, name: str) -> npt.NDArray[np.float64]:
    return family[name].cast(pl.Float64).to_numpy()


def _estimate(
    family: pl.DataFrame,
    key: dict[str, Any],
    view: str,
    gold: pl.DataFrame,
    units: dict[str, pl.DataFrame],
    soft: tuple[bool, bool],
    errors: ModelErrors | None,
) -> _Estimated:
    """The slices of one family in one view, and their estimates."""
    # In the author's view a slice whose authors are all unknown has no row.
    if view == "author":
        family = family.filter(pl.col("count_units_author") > 0)
    family = family.with_row_index("place")
    means = read_means(family, view)
    is_soft = soft[key["is_named"]]
    mine = _gold_of_family(gold, family, key, view, units) if is_soft else None
    if mine is not None and mine.n_independent() < MIN_GOLD:
        mine = None  # enough gold, but of undated posts or unknown authors
    confusion = None if errors is None else errors.soft if is_soft else errors.hard
    return family, view, estimate_family(means, mine, confusion)


def _blocks(estimated: Iterable[_Estimated]) -> Iterator[list[_Estimated]]:
    block: list[_Estimated] = []
    n_slices = 0
    for one in estimated:
        block.append(one)
        n_slices += len(one[0])
        if n_slices >= _BLOCK_SLICES:
            yield block
            block, n_slices = [], 0
    if block:
        yield block


def _place(frame: pl.DataFrame, key: dict[str, Any]) -> pl.DataFrame:
    """Items or cells with the keys of the slice of a family that they are in."""
    start = {
        "day": pl.col("day"),
        "week": pl.col("day").dt.truncate("1w"),
        "all": pl.lit(None, dtype=pl.Date),
    }[key["period"]]
    placed = frame.filter((pl.col("aspect") != "") == key["is_named"])
    if key["period"] != "all":
        placed = placed.filter(pl.col("day").is_not_null())
    return placed.with_columns(
        pl.lit(key["period"]).alias("period"),
        start.alias("period_start"),
        *([pl.lit("*").alias("platform")] if key["is_all_platforms"] else []),
        *([pl.lit("*").alias("lang")] if key["is_all_langs"] else []),
    )


def _gold_of_family(
    gold: pl.DataFrame,
    family: pl.DataFrame,
    key: dict[str, Any],
    view: str,
    units: dict[str, pl.DataFrame],
) -> FamilyGold | None:
    placed = _place(gold, key).join(
        family.select(*KEYS, "place"), on=KEYS, how="inner", nulls_equal=True
    )
    if view != "post":
        # A post is one of the n of its unit, and the unit counts once.
        counts = _place(units[view], key).group_by(*KEYS, view).agg(pl.col("n").sum())
        placed = placed.filter(pl.col(view).is_not_null()).join(
            counts, on=[*KEYS, view], how="inner", nulls_equal=True
        )
        placed = placed.with_columns(pl.col("weight") / pl.col("n"))
    if placed.is_empty():
        return None
    ones = np.ones(len(placed))
    y = np.stack([placed["y_neg"].to_numpy(), placed["y_pos"].to_numpy(), ones], axis=1)
    f = np.stack([placed["p_neg"].to_numpy(), placed["p_pos"].to_numpy(), ones], axis=1)
    content, author = pl.col("content"), pl.coalesce("author", "content")
    clusters = {"post": [content, author], "content": [content], "author": [author]}[view]
    return FamilyGold(
        place=placed["place"].cast(pl.Int64).to_numpy(),
        y=y @ COEFFICIENTS.T,
        f=f @ COEFFICIENTS.T,
        weight=placed["weight"].to_numpy(),
        clusters=[
            placed.select(name.rank("dense").cast(pl.Int64).alias("c"))["c"].to_numpy()
            for name in clusters
        ],
    )


def _note(method: str, is_between_known: bool, errors: ModelErrors | None) -> str:
    if method == "ppi":
        return ""
    if method == "ppi_pooled":
        return (
            f"fewer than {MIN_GOLD} gold items in this slice: the model's error is taken from all"
            " slices of its kind"
            + ("" if is_between_known else ", whose differences are too little known to count")
        )
    advice = "; label some 200 posts (`analytics label`)"
    if method == "count_model_error" and errors is not None:
        return (
            "too little gold: these are the model's labels, counted. The interval supposes that it"
            f" errs here as on its own test data ({errors.accuracy:.0%} right of {errors.n})"
            + advice
        )
    return (
        "too little gold, and the model's errors were not measured (it has no errors.json): these"
        " are its labels, counted. The interval is of sampling alone, the model's errors are not in"
        " it" + advice
    )


def _to_rows(block: list[_Estimated], errors: ModelErrors | None) -> pl.DataFrame:
    """One row for each slice and measure."""
    slices = pl.concat(
        [
            family.select(
                *KEYS, pl.lit(view).alias("view"), pl.col("n").cast(pl.Int64).alias("count_posts")
            )
            for family, view, _ in block
        ]
    )
    found = [estimates for _, _, estimates in block]
    notes = [_note(method, one.is_between_known, errors) for one in found for method in one.method]
    slices = slices.with_columns(
        pl.Series("method", [method for one in found for method in one.method], dtype=pl.String),
        pl.Series("note", notes, dtype=pl.String),
        pl.Series("count_gold", np.concatenate([one.count_gold for one in found])),
    )
    # Threads of DuckDB sum in any order, which the 16th digit shows.
    value, low, high = (
        np.concatenate([getattr(one, name) for one in found]).round(_DIGITS)
        for name in ("value", "low", "high")
    )
    return pl.concat(
        [
            slices.with_columns(
                pl.lit(name).alias("measure"),
                pl.Series("estimate", value[:, k]),
                pl.Series("low", low[:, k]),
                pl.Series("high", high[:, k]),
            )
            for k, name in enumerate(MEASURE_NAMES)
        ]
    )
