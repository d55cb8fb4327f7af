"""Time and memory at 1, 10 and 100 times the posts, without a model.

    python benchmarks/growth.py --json [--posts 2000] [--factors 1,10,100] [--rounds 3]
                                       [--memory-mb 128]

Each size goes through the steps of `analytics run` (ingest from a CSV, infer with a scripted
engine in a process of its own, marts) in a child process; sizes take turns. Given are medians
over rounds of the seconds a step, of the child's peak of resident memory (its engine is
measured apart), and of the peak of the disk (warehouse, snapshot, and what DuckDB spills).
`floor_mb` is what the child has before it begins. `ratios` compare the largest size with the
smallest: time a post (1.0 is linear, less is better) and peak memory (1.0 is flat).

What DuckDB may use is the default of `[warehouse] memory_mb`, or --memory-mb. Small sizes do
not fill it; two sizes that both do show whether anything else grows. The largest sizes may
run in fewer rounds: --seconds is a limit for all of it.
"""

import csv
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import click

from analytics.config.settings import AspectConfig, SourceConfig
from analytics.contract.engine import Engine
from analytics.engine.process_engine import ProcessEngine
from analytics.engine.restarting import RestartingEngine
from analytics.infer import InferSettings, infer
from analytics.ingest import ingest_sources, make_rules
from analytics.store.sql_files import build_marts
from analytics.store.warehouse import in_flight_path, open_writer
from tests.scripted import KEY, ScriptedEngine, new_run

CHUNK_ITEMS = 2_048
_WORDS = [
    "the",
    "tram",
    "was",
    "late",
    "again",
    "and",
    "nobody",
    "said",
    "why",
    "but",
    "the",
    "driver",
    "smiled",
    "at",
    "us",
]
_MIB = 2**20
_LOOK_S = 0.2


class ForgetfulEngine(ScriptedEngine):
    """Keeps no list of what it was asked: that list would be the growth."""

    def __init__(self, note: Path | None) -> None:
        super().__init__()
        self._note = note

    def label(self, items: Any) -> Any:
        replies = super().label(items)
        self.labelled.clear()
        return replies

    def rationalize(self, items: Any) -> Any:
        replies = super().rationalize(items)
        self.rationalized.clear()
        return replies

    def close(self) -> None:
        if self._note is not None:
            self._note.write_text(str(peak_mb()), encoding="utf-8")


def load_forgetful(note: Path | None = None) -> Engine:
    """Called in the engine's process, whose peak of memory goes to `note`."""
    return ForgetfulEngine(note)


def write_posts(path: Path, n_posts: int) -> None:
    """A dump of distinct posts of 5 to 44 words over 90 days."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "created_at", "likes"])
        for i in range(n_posts):
            words = " ".join(_WORDS[(i * 7 + k) % len(_WORDS)] for k in range(5 + i % 40))
            day = f"2026-{1 + i % 90 // 28:02d}-{1 + i % 28:02d}"
            writer.writerow([i, f"{words} {i}", f"{day}T{i % 24:02d}:00:00Z", i % 1_000])


def run_child(folder: Path, memory_mb: int | None) -> None:
    """The steps over `posts.csv`; prints what they took."""
    found: dict[str, float] = {"floor_mb": peak_mb()}

    @contextmanager
    def timed(name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        found[f"{name}_s"] = time.perf_counter() - started
        found[f"{name}_peak_mb"] = peak_mb()

    from benchmarks import growth  # the name that the engine's process knows this module by

    path, note = folder / "warehouse.duckdb", folder / "peak"
    load = partial(growth.load_forgetful, note)
    settings = InferSettings(
        model_id="m",
        result_digest="r",
        data_dir=folder,
        chunk_items=CHUNK_ITEMS,
        in_flight=in_flight_path(path),
    )
    with open_writer(path, "benchmark", memory_mb=memory_mb) as connection:
        run = new_run(connection)
        with timed("ingest"):
            ingest_sources(
                connection,
                [SourceConfig(path=folder / "posts.csv", platform="test")],
                rules=make_rules([AspectConfig(name="tram")]),
                author_key=KEY,
                run_id=run.run_id,
                counts=run.counts,
            )
        with timed("infer"):
            infer(
                connection,
                lambda: RestartingEngine(lambda: ProcessEngine(load)),
                run,
                settings,
            )
        with timed("again"):
            infer(connection, load_forgetful, new_run(connection), settings)
        with timed("marts"):
            build_marts(connection)
        started = time.perf_counter()
    found["publish_s"] = time.perf_counter() - started
    found["items"] = run.counts.count_engine_labels
    found["engine_peak_mb"] = float(note.read_text(encoding="utf-8"))
    found["warehouse_mb"] = path.stat().st_size / _MIB
    found["peak_mb"] = peak_mb()
    print(json.dumps(found))


def peak_mb() -> float:
    """Peak of resident memory of this process alone.

    `ru_maxrss` begins with that of the process that started this one, so it is not used on Linux.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / _MIB


def measure(n_posts: int, memory_mb: int | None) -> dict[str, float]:
    """One child process for one size."""
    limit = [] if memory_mb is None else ["--memory-mb", str(memory_mb)]
    with tempfile.TemporaryDirectory() as name:
        write_posts(Path(name) / "posts.csv", n_posts)
        process = subprocess.Popen(
            [sys.executable, __file__, "--child", name, *limit],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        disk_mb = 0.0
        while process.poll() is None:
            disk_mb = max(disk_mb, disk_use_mb(Path(name)))
            time.sleep(_LOOK_S)
        output, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"the child ended with exit code {process.returncode}")
    found: dict[str, float] = json.loads(output.splitlines()[-1])
    return {**found, "disk_peak_mb": disk_mb}


def disk_use_mb(folder: Path) -> float:
    """What is stored in a folder, but for the dump."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # removed meanwhile
            if path.name != "posts.csv":
                total += path.stat().st_blocks * 512
    return total / _MIB


def summarize(n_posts: int, rounds: list[dict[str, float]]) -> dict[str, float]:
    """Medians of one size."""
    medians = {name: round(statistics.median(r[name] for r in rounds), 2) for name in rounds[0]}
    total = statistics.median(
        sum(seconds for name, seconds in one.items() if name.endswith("_s")) for one in rounds
    )
    return {"posts": n_posts, "rounds": len(rounds), **medians, "total_s": round(total, 2)}


@click.command()
@click.option("--posts", type=click.IntRange(min=100), default=2_000, show_default=True)
@click.option("--factors", default="1,10,100", show_default=True)
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--seconds", type=float, default=900.0, show_default=True, help="Start no more.")
@click.option("--memory-mb", type=click.IntRange(min=64), help="As [warehouse] memory_mb.")
@click.option("--child", type=click.Path(path_type=Path), hidden=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def main(
    posts: int,
    factors: str,
    rounds: int,
    seconds: float,
    memory_mb: int | None,
    child: Path | None,
    as_json: bool,
) -> None:
    """Measure and print."""
    if child is not None:
        run_child(child, memory_mb)
        return
    sizes = [posts * int(factor) for factor in factors.split(",")]
    measured: dict[int, list[dict[str, float]]] = {n: [] for n in sizes}
    started = time.perf_counter()
    for number in range(rounds):
        for n_posts in sizes:
            if number and time.perf_counter() - started > seconds:
                continue
            measured[n_posts].append(measure(n_posts, memory_mb))
    sides = [summarize(n_posts, measured[n_posts]) for n_posts in sizes]
    small, large = sides[0], sides[-1]
    names = [name for name in large if name.endswith("_s")]
    ratios = {
        f"{name.removesuffix('_s')}_time_a_post": round(
            (large[name] / large["posts"]) / (small[name] / small["posts"]), 3
        )
        for name in names
    }
    ratios["peak_memory"] = round(large["peak_mb"] / small["peak_mb"], 2)
    ratios["disk_a_post"] = round(
        (large["disk_peak_mb"] / large["posts"]) / (small["disk_peak_mb"] / small["posts"]), 3
    )
    ratios["engine_peak_memory"] = round(large["engine_peak_mb"] / small["engine_peak_mb"], 2)
    click.echo(json.dumps({"sizes": sides, "ratios": ratios}, indent=None if as_json else 2))


if __name__ == "__main__":
    main()
