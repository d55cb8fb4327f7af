"""Posts a second through merge, plan and commit, at growing sizes, without a model.

Command: `python benchmarks/warehouse.py --json`. Labels come from a scripted
engine, so what is measured is the warehouse. `growth` is the time a post at the
largest size over the time a post at the smallest: 1.0 is linear.
"""

import json
import tempfile
import time
from pathlib import Path

import click

from analytics.infer import InferSettings, infer
from analytics.store.warehouse import open_writer
from tests.scripted import ScriptedEngine, make_post, new_run, store_posts

SIZES = (2_000, 10_000, 50_000)


def measure(n_posts: int, folder: Path) -> dict[str, float]:
    """Seconds of each step for a warehouse of `n_posts` distinct posts."""
    with open_writer(folder / f"{n_posts}.duckdb", "benchmark") as connection:
        started = time.perf_counter()
        store_posts(connection, [make_post(str(i), f"post number {i}") for i in range(n_posts)])
        merged = time.perf_counter()
        settings = InferSettings(
            model_id="m", result_digest="r", data_dir=folder, chunk_items=2_000
        )
        infer(connection, ScriptedEngine, new_run(connection), settings)
        judged = time.perf_counter()
        infer(connection, ScriptedEngine, new_run(connection), settings)
        again = time.perf_counter()
    return {
        "posts": n_posts,
        "merge_s": merged - started,
        "infer_s": judged - merged,
        "second_infer_s": again - judged,
    }


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def main(as_json: bool) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        sides = [measure(n, Path(name)) for n in SIZES]
    small, large = sides[0], sides[-1]
    growth = {
        key: (large[key] / large["posts"]) / (small[key] / small["posts"])
        for key in ("merge_s", "infer_s")
    }
    found = {"sizes": sides, "growth": growth}
    click.echo(json.dumps(found, indent=None if as_json else 2))


if __name__ == "__main__":
    main()
