"""False alarms a series-year of the detectors against those that were set, and their power.

    python benchmarks/alerts.py --json [--years 100] [--only volume,net,steps]

Series are made up: posts a day of several means, swings (standard deviation of a day's rate,
as a share of it), autocorrelations, days of the week and growth; net sentiment of several
numbers of posts a day. `power` is the share of series in which a change of the stated size is
found within two days (spikes) or eight weeks (steps) of it.
"""

import argparse
import json
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.estimates.changes import find_steps
from analytics.estimates.spikes import find_net_spikes, find_volume_spikes
from analytics.estimates.trailing import MIN_DAYS
from tests.estimates.makers import make_counts, make_net, make_waves

logger = logging.getLogger(__name__)
Floats = NDArray[np.float64]
DAYS = 3 * 365 + MIN_DAYS
WEEKS = 156
RATES = (1.0, 0.25)


def count_volume(rng: np.random.Generator, rate: float, **shape: float) -> int:
    """False alarms in three years of posts a day."""
    counts = make_counts(rng, DAYS, **shape)  # type: ignore[arg-type]
    return len(find_volume_spikes(counts, first_weekday=0, false_alarms_per_year=rate))


def count_net(rng: np.random.Generator, rate: float, **shape: float) -> int:
    """False alarms in three years of net sentiment."""
    series = make_net(rng, DAYS, **shape)  # type: ignore[arg-type]
    return len(find_net_spikes(*series, first_weekday=0, false_alarms_per_year=rate))


def count_steps(rng: np.random.Generator, rate: float, *, rho: float) -> int:
    """False alarms in three years of weekly means."""
    weeks = make_waves(rng, 7 * WEEKS, rho).reshape(-1, 7).mean(1)
    return len(find_steps(weeks, np.ones(WEEKS), false_alarms_per_year=rate))


def list_nulls(only: set[str]) -> Iterator[tuple[str, Callable[..., int], dict[str, float]]]:
    """Series in which nothing happens."""
    if "volume" in only:
        for mean in (0.5, 3.0, 30.0, 1000.0):
            for swing, rho in ((0.0, 0.0), (0.3, 0.5), (0.7, 0.6)):
                shape = {"mean": mean, "swing": swing, "rho": rho, "week": 0.4, "growth": 0.7}
                yield "volume", count_volume, shape
    if "net" in only:
        for posts in (3.0, 10.0, 100.0, 1000.0):
            for swing, rho in ((0.0, 0.0), (0.05, 0.6)):
                for net, opinionated in ((0.05, 0.5), (-0.6, 0.8)):
                    shape = {"posts": posts, "swing": swing, "rho": rho}
                    yield "net", count_net, {**shape, "net": net, "opinionated": opinionated}
    if "steps" in only:
        for rho in (0.0, 0.3, 0.6, 0.8):
            yield "steps", count_steps, {"rho": rho}


def measure_power(rng: np.random.Generator, n: int) -> list[dict[str, Any]]:
    """Shares of changes that are found at a quarter of one false alarm a year."""
    found: list[dict[str, Any]] = []
    at = 100
    for mean, factor in ((3, 6.0), (30, 3.0), (30, 5.0), (1000, 3.0), (1000, 5.0)):
        hits = 0
        for _ in range(n):
            counts = make_counts(rng, at + 3, mean=mean, swing=0.3, rho=0.5, week=0.4)
            counts[at] = rng.poisson(max(counts[at], 0.3) * factor)
            spikes = find_volume_spikes(counts, first_weekday=0, false_alarms_per_year=0.25)
            hits += any(s.is_up and s.first <= at <= s.last for s in spikes)
        found.append({"kind": "volume", "mean": mean, "factor": factor, "power": hits / n})
    for posts, shift in ((20, 0.6), (100, 0.3), (100, 0.4), (1000, 0.2)):
        hits = 0
        for _ in range(n):
            series = make_net(rng, at + 3, posts=posts, swing=0.03, rho=0.3)
            day = make_net(rng, 1, posts=posts, net=0.05 - shift, swing=0.03)
            for values, value in zip(series, day, strict=True):
                values[at] = value[0]
            spikes = find_net_spikes(*series, first_weekday=0, false_alarms_per_year=0.25)
            hits += any(not s.is_up and s.first <= at <= s.last for s in spikes)
        found.append({"kind": "net", "posts": posts, "shift": -shift, "power": hits / n})
    n_steps = 3 * n  # they are quick
    for size in (1.0, 2.0, 3.0):
        hits = held = 0
        for _ in range(n_steps):
            weeks = make_waves(rng, 7 * 60, 0.5).reshape(-1, 7).mean(1) / 0.6
            weeks[30:] += size
            steps = find_steps(weeks, np.ones(60), false_alarms_per_year=0.25)
            near = [s for s in steps if abs(s.week - 30) <= 3 and s.found < 38]
            hits += bool(near)
            held += bool(near) and near[0].low <= size <= near[0].high
        coverage = held / hits if hits else None
        figures = {"size_in_weekly_sd": size, "power": hits / n_steps, "coverage": coverage}
        found.append({"kind": "steps", **figures})
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=60, help="series-years a row, at least")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="volume,net,steps,power")
    parser.add_argument("--json", action="store_true", help="one JSON value")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")  # to stderr, as they come
    only = set(options.only.split(","))
    rng = np.random.default_rng(options.seed)
    started = time.perf_counter()
    n = -(-options.years // 3)
    nulls = []
    for kind, count, shape in list_nulls(only):
        for rate in RATES:
            found = sum(count(rng, rate, **shape) for _ in range(n))
            nulls.append({"kind": kind, "set": rate, "measured": found / (3 * n), **shape})
            logger.info("%s", nulls[-1])
    power = measure_power(rng, max(options.years, 60)) if "power" in only else []
    seconds = round(time.perf_counter() - started, 1)
    if options.json:
        print(json.dumps({"series_years": 3 * n, "nulls": nulls, "power": power, "s": seconds}))
        return
    for row in (*nulls, *power):
        print("  ".join(f"{name} {value}" for name, value in row.items()))


if __name__ == "__main__":
    main()
