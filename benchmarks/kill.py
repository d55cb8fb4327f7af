"""Runs killed by SIGKILL at random moments, against one that was left in peace.

    python benchmarks/kill.py --json [--kills 50] [--seed 1]

A project of dumps, pictures and rejects is run from ingest to report by a scripted engine,
once undisturbed. Then it is started, killed at a moment drawn evenly from the time that the
undisturbed run took, and started again until a run ends; then anew, until so many kills
were made. All tables of the warehouse and of the snapshot must be the same, and no kill may
make the engine see more than one chunk again. `recomputed` are contents sent again: in all,
the most that one kill cost, and how many of a chunk a kill cost in the mean; their rationales
in all. All of it is counted in the engine's own log of its calls. Exit code 1 where something
differs.
"""

import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import click

from tests.crash import (
    CHUNK_ITEMS,
    count_statuses,
    kill_until_done,
    make_project,
    read_log,
    read_tables,
)


def measure(folder: Path, *, n_kills: int, seed: int, n_posts: int, batch_s: str) -> dict[str, Any]:
    """Kill until it was done often enough; what was found."""
    rng = random.Random(seed)
    project, log = folder / "project", folder / "calls"
    os.environ.pop("SCRIPTED_POISON", None)
    config = make_project(project, n_posts)
    started = time.perf_counter()
    kill_until_done(config, log, rng, span_s=1, max_kills=0, batch_s=batch_s)
    span_s = time.perf_counter() - started
    undisturbed, sent = read_tables(config), read_log(log, "label")
    faults: list[str] = []
    statuses: Counter[str] = Counter()
    n_done = n_rounds = n_again = n_rationales_again = worst = 0
    while n_done < n_kills:
        shutil.rmtree(project)
        log.unlink()
        make_project(project, n_posts)
        costs = kill_until_done(
            config, log, rng, span_s=span_s, max_kills=n_kills - n_done, batch_s=batch_s
        )
        n_done += len(costs)
        n_rounds += 1
        again = read_log(log, "label")
        n_again += again.total() - len(again)
        rationales = read_log(log, "rationalize")
        n_rationales_again += rationales.total() - len(rationales)
        worst = max([worst, *costs])
        statuses.update(count_statuses(config))
        tables = read_tables(config)
        faults += [f"{name} differs" for name in tables if tables[name] != undisturbed[name]]
        if set(again) != set(sent):
            faults.append("other contents were sent")
    if worst > CHUNK_ITEMS:
        faults.append(f"one kill cost {worst} contents, a chunk has {CHUNK_ITEMS}")
    return {
        "kills": n_done,
        "rounds": n_rounds,
        "contents": len(sent),
        "chunk_items": CHUNK_ITEMS,
        "undisturbed_s": round(span_s, 2),
        "recomputed": {
            "in_all": n_again,
            "most_by_one_kill": worst,
            "chunks_a_kill": round(n_again / CHUNK_ITEMS / n_done, 3),
            "rationales_in_all": n_rationales_again,
        },
        "runs_by_end": dict(sorted(statuses.items())),
        "is_identical": not faults,
        "faults": faults,
    }


@click.command()
@click.option("--kills", type=click.IntRange(min=1), default=50, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--posts", type=click.IntRange(min=20), default=60, show_default=True)
@click.option("--batch-s", default="0.1", show_default=True, help="Time that a batch takes.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def main(kills: int, seed: int, posts: int, batch_s: str, as_json: bool) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        found = measure(Path(name), n_kills=kills, seed=seed, n_posts=posts, batch_s=batch_s)
    click.echo(json.dumps(found, indent=None if as_json else 2))
    sys.exit(not found["is_identical"])


if __name__ == "__main__":
    main()
