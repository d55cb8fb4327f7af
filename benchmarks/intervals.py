"""Do the intervals hold what they promise? Coverage and width on real labelled posts.

    python benchmarks/intervals.py --json [--resamples 1000] [--cache DIR] [--shared ../shared/data]

Real labels and what a real model says of them: the embedded student on Twitter-2015 dev
(none of it in its training) and test (partly in its training: the student is right there in
more than 80 %, and stands for a better model), on tweets to airlines and on TweetEval's
test. Judged once (`analytics distill evaluate`), kept in --cache as NAME.parquet.

A set's own shares are the truth. Each resample draws a population of posts from a set, with
replacement, and gold labels from that population. Reported are, by measure, the share of
intervals that hold the truth and their mean width, of PPI++ (`ppi`), of the gold labels alone
(`gold`), of labels counted (`count`) and counted with the model's errors.json (`count_error`).
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import polars as pl

from analytics.contract.labels import LABELS
from analytics.contract.model_folder import ERRORS_FILE
from analytics.estimates.confusion import measure_confusion
from analytics.estimates.families import MIN_GOLD, FamilyGold, estimate_family
from analytics.estimates.intervals import Array
from analytics.estimates.model_errors import ModelErrors, parse_errors
from analytics.estimates.ppi import Gold, Population, estimate_mean
from analytics.estimates.prevalence import (
    MEASURES,
    adjust_count,
    fit_recalibration,
    maximize_likelihood,
)
from analytics.estimates.slices import BOUNDS, MEASURE_NAMES, Means

SHIPPED = Path(__file__).parent.parent / "analytics" / "engine" / "shipped" / "smol-139m"
SETS = ("t15_dev", "t15_test", "airline", "tweeteval")
_HANDLES = r"@(virginamerica|united|southwestair|jetblue|usairways|americanair)\b"
_N_JUDGED = 1_200
_N_POSTS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Set:
    """Labels (n, 4) and probabilities (n, 4) as measures, the chosen labels, and groups."""

    label: Array
    y: Array
    p: Array
    f: Array
    hard: Array
    group: list[str]

    @property
    def truth(self) -> Array:
        return np.asarray(self.y.mean(0))

    @property
    def accuracy(self) -> float:
        return float((self.hard[:, :3].argmax(1) == self.label).mean())


class Tally:
    """Coverage and width of intervals by name and measure."""

    def __init__(self) -> None:
        self.hits: dict[str, list[Array]] = {}
        self.widths: dict[str, list[Array]] = {}

    def add(self, name: str, low: Array, high: Array, truth: Array) -> None:
        self.hits.setdefault(name, []).append((low <= truth) & (truth <= high))
        self.widths.setdefault(name, []).append(high - low)

    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, hits in self.hits.items():
            coverage, width = np.mean(hits, axis=0), np.mean(self.widths[name], axis=0)
            found[name] = {
                measure: {"coverage": round(float(c), 4), "width": round(float(w), 4)}
                for measure, c, w in zip(MEASURE_NAMES, coverage, width, strict=True)
            }
        return found


def judge(name: str, shared: Path, target: Path) -> None:
    """Let the student judge a set, and keep what it says."""
    with tempfile.TemporaryDirectory() as folder:
        if name.startswith("t15"):
            data, split = shared / "t15", name.removeprefix("t15_")
        else:
            data, split = Path(folder) / f"{name}.jsonl", "all"
            data.write_text("\n".join(map(json.dumps, _read_posts(name, shared))), "utf-8")
        command = ["-m", "analytics", "distill", "evaluate", "--model", "smol-139m"]
        command += ["--data", str(data), "--split", split, "--max-rationales", "0", "--no-probes"]
        done = subprocess.run([sys.executable, *command, "--predictions", str(target)], check=False)
        if done.returncode:
            raise SystemExit(f"{name}: `analytics distill evaluate` ended with {done.returncode}")


def _read_posts(name: str, shared: Path) -> list[dict[str, str]]:
    file = "airline.jsonl" if name == "airline" else "tweeteval_sentiment_test.jsonl"
    lines = (shared / "text" / file).read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    rows = list({row["text"]: row for row in rows}.values())
    if name == "airline":
        found = [(row, re.search(_HANDLES, row["text"], re.IGNORECASE)) for row in rows]
        rows = [{**row, "aspect": match[1]} for row, match in found if match]
    order = np.random.default_rng(7).permutation(len(rows))[:_N_JUDGED]
    return [{"id": f"{name}-{i}", **rows[i]} for i in order]


def read_set(path: Path) -> Set:
    """A file of `distill evaluate --predictions`."""
    frame = pl.read_parquet(path)
    label = np.array([LABELS.index(name) for name in frame["label"]])
    p = frame.select("p_negative", "p_neutral", "p_positive").to_numpy()
    y, hard = np.eye(3)[label], np.eye(3)[p.argmax(1)]
    return Set(
        label=label,
        y=y @ MEASURES.T,
        p=p,
        f=p @ MEASURES.T,
        hard=hard @ MEASURES.T,
        group=frame["group"].to_list(),
    )


def estimate(
    y: Array, f: Array, mean: Array, variance: Array, size: float, weight: Array, cluster: Any
) -> tuple[Array, Array, Array, Array]:
    """Low and high of PPI++ (4,), and of gold alone."""
    out = np.zeros((4, 4))
    for k, name in enumerate(MEASURE_NAMES):
        gold = Gold(y=y[:, k], f=f[:, k], weight=weight, cluster=cluster)
        population = Population(mean=float(mean[k]), variance=float(variance[k]), size=size)
        a = estimate_mean(gold, population, bounds=BOUNDS[name])
        b = estimate_mean(gold, None, bounds=BOUNDS[name])
        out[:, k] = a.low, a.high, b.low, b.high
    return out[0], out[1], out[2], out[3]


def measure_plain(
    one: Set, n_gold: int, n: int, rng: np.random.Generator, errors: ModelErrors
) -> dict[str, Any]:
    """Independent posts, gold drawn at random."""
    tally = Tally()
    for _ in range(n):
        rows = rng.integers(0, len(one.label), _N_POSTS)
        gold = rows[:n_gold]
        f, hard = one.f[rows], one.hard[rows]
        low, high, gold_low, gold_high = estimate(
            one.y[gold], one.f[gold], f.mean(0), f.var(0) / _N_POSTS, _N_POSTS, np.ones(n_gold),
            np.arange(n_gold),
        )  # fmt: skip
        tally.add("ppi", low, high, one.truth)
        tally.add("gold", gold_low, gold_high, one.truth)
        means = Means(
            mean=hard.mean(0)[None],
            variance=(hard.var(0) / _N_POSTS)[None],
            covariance=(np.cov(hard[:, :3].T) / _N_POSTS)[None],
            size=np.array([float(_N_POSTS)]),
            units=np.array([float(_N_POSTS)]),
        )
        for name, confusion in (("count", None), ("count_error", errors.hard)):
            found = estimate_family(means, None, confusion)
            tally.add(name, found.low[0], found.high[0], one.truth)
    return _with_ratio(tally.report())


def _with_ratio(report: dict[str, Any]) -> dict[str, Any]:
    for measure, values in report["ppi"].items():
        values["width_vs_gold"] = round(values["width"] / report["gold"][measure]["width"], 3)
    return report


def measure_flood(one: Set, n_gold: int, n: int, rng: np.random.Generator) -> dict[str, Any]:
    """A tenth of the contents is reposted 20 times; with clusters and without."""
    tally = Tally()
    for _ in range(n):
        content = rng.integers(0, len(one.label), 2_000)
        copies = np.where(rng.random(2_000) < 0.1, 20, 1)
        cluster = np.repeat(np.arange(2_000), copies)
        rows = content[cluster]
        size = len(rows)
        chosen = rng.permutation(size)[:n_gold]
        f = one.f[rows]
        mean = f.mean(0)
        rest = copies[:, None] * (one.f[content] - mean)
        clustered = (rest**2).sum(0) / size**2
        for name, variance, groups in (
            ("ppi", clustered, cluster[chosen]),
            ("ppi_not_clustered", f.var(0) / size, np.arange(n_gold)),
        ):
            low, high, gold_low, gold_high = estimate(
                one.y[rows[chosen]], f[chosen], mean, variance, size, np.ones(n_gold), groups
            )
            tally.add(name, low, high, one.truth)
            if name == "ppi":
                tally.add("gold", gold_low, gold_high, one.truth)
    return _with_ratio(tally.report())


def measure_weighted(one: Set, n_gold: int, n: int, rng: np.random.Generator) -> dict[str, Any]:
    """Gold is drawn more often where the model is unsure; gold alone is drawn at random."""
    tally = Tally()
    doubt = np.sqrt(np.maximum(1 - (one.p**2).sum(1), 0.05))
    for _ in range(n):
        rows = rng.integers(0, len(one.label), _N_POSTS)
        chance = np.minimum(doubt[rows] * n_gold / doubt[rows].sum(), 1.0)
        chosen = np.nonzero(rng.random(_N_POSTS) < chance)[0]
        f = one.f[rows]
        low, high, _, _ = estimate(
            one.y[rows[chosen]], f[chosen], f.mean(0), f.var(0) / _N_POSTS, _N_POSTS,
            1 / chance[chosen], np.arange(len(chosen)),
        )  # fmt: skip
        tally.add("ppi", low, high, one.truth)
        gold = rows[:n_gold]
        _, _, low, high = estimate(
            one.y[gold], one.f[gold], f.mean(0), f.var(0), _N_POSTS, np.ones(n_gold),
            np.arange(n_gold),
        )  # fmt: skip
        tally.add("gold", low, high, one.truth)
    return _with_ratio(tally.report())


def measure_slices(one: Set, n_gold: int, n: int, rng: np.random.Generator) -> dict[str, Any]:
    """Airlines as slices: real posts whose shares and whose errors differ."""
    names = [re.search(_HANDLES, text, re.IGNORECASE) for text in one.group]
    known = np.array([match is not None for match in names])
    words = np.array([match[1].lower() if match else "" for match in names])
    kinds = [name for name in np.unique(words[known]) if (words == name).sum() >= 60]
    rows_of = [np.nonzero(words == name)[0] for name in kinds]
    truth = np.array([one.y[rows].mean(0) for rows in rows_of])
    sizes = np.array([len(rows) for rows in rows_of])
    tally: dict[str, Tally] = {"ppi": Tally(), "ppi_pooled": Tally()}
    for _ in range(n):
        place = rng.choice(len(kinds), _N_POSTS, p=sizes / sizes.sum())
        rows = np.array([rows_of[s][rng.integers(sizes[s])] for s in place])
        counts = np.bincount(place, minlength=len(kinds)).astype(float)
        f = one.f[rows]
        mean = np.array([f[place == s].mean(0) for s in range(len(kinds))])
        variance = np.array([f[place == s].var(0) for s in range(len(kinds))]) / counts[:, None]
        means = Means(
            mean=mean, variance=variance, covariance=np.zeros((len(kinds), 3, 3)),
            size=counts, units=counts,
        )  # fmt: skip
        gold = FamilyGold(
            place=place[:n_gold], y=one.y[rows[:n_gold]], f=f[:n_gold],
            weight=np.ones(n_gold), clusters=[np.arange(n_gold)],
        )  # fmt: skip
        found = estimate_family(means, gold, None)
        for s, method in enumerate(found.method):
            tally[method].add(method, found.low[s], found.high[s], truth[s])
    report = {name: one.report().get(name) for name, one in tally.items() if one.hits}
    return {"n_slices": len(kinds), "n_gold": n_gold, **report}


def measure_shift(one: Set, n: int, rng: np.random.Generator) -> dict[str, Any]:
    """Rates from as many posts as half of the set, other posts with another mix of labels."""
    tally = Tally()
    wrong: dict[str, list[float]] = {}
    by_label = [np.nonzero(one.label == j)[0] for j in range(3)]
    for _ in range(n):
        here = rng.integers(0, len(one.label), len(one.label) // 2)
        shares = rng.dirichlet(np.ones(3) * 2)
        wanted = rng.multinomial(2_000, shares)
        rows = np.concatenate([rng.choice(by_label[j], k) for j, k in enumerate(wanted) if k])
        truth = MEASURES @ shares
        p = one.p[rows]
        prior = np.bincount(one.label[here], minlength=3) / len(here)
        confusion = measure_confusion(one.label[here], one.p[here])
        adjusted = adjust_count(p.mean(0), np.cov(p.T) / len(p), confusion)
        assert adjusted is not None
        again = fit_recalibration(one.label[here], one.p[here])
        found = {
            "pacc": adjusted,
            "em": maximize_likelihood(again.apply(p), np.ones(len(p)), prior),
            "em_not_calibrated": maximize_likelihood(p, np.ones(len(p)), prior),
        }
        for name, value in found.items():
            tally.add(name, value.low, value.high, truth)
            wrong.setdefault(name, []).append(float(abs(value.measures[:3] - truth[:3]).mean()))
        counted = np.bincount(p.argmax(1), minlength=3) / len(p)
        wrong.setdefault("count", []).append(float(abs(counted - shares).mean()))
    error = {name: round(float(np.mean(values)), 4) for name, values in wrong.items()}
    return {"mean_absolute_error": error, **tally.report()}


def measure_transfer(one: Set, errors: ModelErrors) -> dict[str, Any]:
    """The model's own figures (another kind of posts) on the whole of a set."""
    found = adjust_count(one.p.mean(0), np.cov(one.p.T) / len(one.p), errors.soft)
    assert found is not None
    return {
        "truth": one.truth.round(4).tolist(),
        "count": one.hard.mean(0).round(4).tolist(),
        "pacc": found.measures.round(4).tolist(),
        "low": found.low.round(4).tolist(),
        "high": found.high.round(4).tolist(),
    }


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON (the only form).")
@click.option("--resamples", default=1_000, show_default=True)
@click.option("--gold", "n_gold", default=200, show_default=True)
@click.option("--cache", type=click.Path(path_type=Path), default=Path("build/intervals"))
@click.option(
    "--shared",
    type=click.Path(path_type=Path),
    default=Path(__file__).parent.parent.parent / "shared" / "data",
)
@click.option("--seed", default=0, show_default=True)
@click.option("--part", "chosen", multiple=True, help="Only these parts, e.g. plain.")
@click.option("--set", "names", multiple=True, default=SETS, type=click.Choice(SETS))
def main(
    as_json: bool,
    resamples: int,
    n_gold: int,
    cache: Path,
    shared: Path,
    seed: int,
    names: tuple[str, ...],
    chosen: tuple[str, ...],
) -> None:
    """Measure coverage and width."""
    del as_json
    errors = parse_errors(json.loads((SHIPPED / ERRORS_FILE).read_text("utf-8")))
    cache.mkdir(parents=True, exist_ok=True)
    report: dict[str, Any] = {"resamples": resamples, "n_gold": n_gold, "sets": {}}
    for name in names:
        path = cache / f"{name}.parquet"
        if not path.is_file():
            if not shared.is_dir():
                raise SystemExit(f"{shared}: not there. Give --shared, or a --cache with {path}")
            judge(name, shared, path)
        one = read_set(path)
        parts: dict[str, Callable[[np.random.Generator], dict[str, Any]]] = {
            "plain": lambda r, one=one: measure_plain(one, n_gold, resamples, r, errors),
            "few_gold": lambda r, one=one: measure_plain(one, MIN_GOLD, resamples, r, errors),
            "flood": lambda r, one=one: measure_flood(one, n_gold, resamples, r),
            "weighted": lambda r, one=one: measure_weighted(one, n_gold, resamples, r),
            "label_shift": lambda r, one=one: measure_shift(one, resamples, r),
        }
        found: dict[str, Any] = {"n": len(one.label), "accuracy": round(one.accuracy, 4)}
        if name == "airline":
            parts["slices_few"] = lambda r, one=one: measure_slices(one, 60, resamples, r)
            parts["slices"] = lambda r, one=one: measure_slices(one, n_gold, resamples, r)
        for part, measure in parts.items():
            if not chosen or part in chosen:
                found[part] = measure(np.random.default_rng(seed))
        if name != "t15_dev":
            found["transfer_of_model_errors"] = measure_transfer(one, errors)
        report["sets"][name] = found
    click.echo(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
