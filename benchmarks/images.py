"""Pictures a second through the project's preparation, against plain Pillow.

    python benchmarks/images.py --json [--pictures 48] [--rounds 5] [--folder FOLDER]

Sides, in turns, in one thread, on the same JPEG files of 1920 x 1080 pixels (drawn; or those of a
folder):

- `prepare`: `prepare_one`: read, hash, decode, turn, shrink, encode, keep the file.
- `reuse`: the same call where the prepared file was kept.
- `plain`: `Image.open`, `resize` to the same size; nothing is turned, encoded or kept.
- `floor`: decoding alone, at the coarsest scale that JPEG knows (1/8).

`prepare_threads` is `prepare` in as many threads as there are cores, by the clock. The others are
by CPU time: pictures a second of one core. All are medians over rounds. `milliseconds` is a profile
of `prepare`: where a picture's time goes.
"""

import cProfile
import hashlib
import io
import json
import os
import pstats
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import click
from PIL import Image

from analytics.contract.images import ImageSettings
from analytics.media import prepare_one
from analytics.store.pictures import PendingPicture

SIZE = (1920, 1080)
SIDE = ImageSettings().max_side
# What a profile calls the parts, by the names of the functions that do them.
_PARTS = {
    "decode": "method 'decode'",
    "shrink": "method 'resize'",
    "encode": "method 'encode'",
    "hash": "sha256",
    "read": "method 'read' of '_io.BufferedReader'",
    "write": "posix.",
}


def draw_pictures(n: int, folder: Path) -> list[Path]:
    """JPEG files like photographs in size: slopes, with noise of some pixels a grain."""
    paths = []
    for number in range(n):
        noise = hashlib.shake_256(f"{number}".encode()).digest(480 * 270)
        grain = Image.frombytes("L", (480, 270), noise).resize(SIZE, Image.Resampling.BICUBIC)
        slopes = [
            Image.linear_gradient("L").rotate(30 + 7 * number + 50 * band).resize(SIZE)
            for band in range(3)
        ]
        picture = Image.blend(Image.merge("RGB", slopes), Image.merge("RGB", [grain] * 3), 0.2)
        path = folder / f"{number}.jpg"
        picture.save(path, "JPEG", quality=85)
        paths.append(path)
    return paths


def run_prepare(paths: list[Path], data_dir: Path, *, is_kept: bool) -> None:
    """Each picture through `prepare_one`, as a run does it."""
    for path in paths:
        _check(prepare_one(_make_entry(path), data_dir), is_kept)


def run_threads(paths: list[Path], data_dir: Path, n_threads: int) -> None:
    """The same in a pool."""
    with ThreadPoolExecutor(n_threads) as pool:
        for done in pool.map(lambda path: prepare_one(_make_entry(path), data_dir), paths):
            _check(done, False)


def run_plain(paths: list[Path]) -> None:
    """What the manual of Pillow shows."""
    for path in paths:
        with Image.open(path) as picture:
            scale = SIDE / max(picture.size)
            width, height = (max(1, round(side * scale)) for side in picture.size)
            picture.resize((width, height), Image.Resampling.BICUBIC)


def run_floor(data: list[bytes]) -> None:
    """Decoding to an eighth, of bytes that lie in memory."""
    for entry in data:
        with Image.open(io.BytesIO(entry)) as picture:
            picture.draft("RGB", (picture.width // 8, picture.height // 8))
            picture.load()


def profile(paths: list[Path], data_dir: Path) -> dict[str, float]:
    """Milliseconds of a picture in each part; the profiler's own cost is in `other`."""
    profiler = cProfile.Profile()
    profiler.runcall(run_prepare, paths, data_dir, is_kept=False)
    stats: Any = pstats.Stats(profiler)
    found = dict.fromkeys([*_PARTS, "other"], 0.0)
    for (_, _, name), (_, _, own_s, _, _) in stats.stats.items():
        part = next((part for part, mark in _PARTS.items() if mark in name), "other")
        found[part] += own_s * 1000 / len(paths)
    return {part: round(value, 2) for part, value in found.items()}


def _make_entry(path: Path) -> PendingPicture:
    return PendingPicture(
        post_id=path.name,
        position=0,
        kind="image",
        source_path=str(path),
        source_folder=str(path.parent),
    )


def _check(done: tuple[Any, bool], is_kept: bool) -> None:
    result, is_reused = done
    if result.status != "ok" or is_reused != is_kept:
        raise RuntimeError(f"{result.post_id}: {result.status} {result.error}, reused {is_reused}")


def _folders(place: Path) -> Iterator[Path]:
    """Data directories, each of them new."""
    number = 0
    while True:
        number += 1
        yield place / f"data-{number}"


def _time(work: Callable[[], None], clock: Callable[[], float]) -> float:
    started = clock()
    work()
    return clock() - started


def measure(paths: list[Path], rounds: int, place: Path) -> dict[str, Any]:
    """All sides, in turns."""
    data = [path.read_bytes() for path in paths]
    n_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
    folders = _folders(place)
    run_plain(paths)  # the files are in the page cache now
    seconds: dict[str, list[float]] = {}
    for _ in range(rounds):
        fresh, other = next(folders), next(folders)
        cpu, wall = time.process_time, time.perf_counter
        sides: dict[str, tuple[Callable[[], None], Callable[[], float]]] = {
            "prepare": (partial(run_prepare, paths, fresh, is_kept=False), cpu),
            "reuse": (partial(run_prepare, paths, fresh, is_kept=True), cpu),
            "plain": (partial(run_plain, paths), cpu),
            "floor": (partial(run_floor, data), cpu),
            "prepare_threads": (partial(run_threads, paths, other, n_threads), wall),
        }
        for name, (work, clock) in sides.items():
            seconds.setdefault(name, []).append(_time(work, clock))
    rate = {name: len(paths) / statistics.median(values) for name, values in seconds.items()}
    return {
        "pictures": len(paths),
        "mean_kilobytes": round(statistics.mean(map(len, data)) / 1000),
        "rounds": rounds,
        "threads": n_threads,
        "per_second": {name: round(value, 1) for name, value in rate.items()},
        "prepare_over_plain": round(rate["prepare"] / rate["plain"], 2),
        "prepare_over_floor": round(rate["prepare"] / rate["floor"], 2),
        "milliseconds": profile(paths, next(folders)),
    }


@click.command()
@click.option("--pictures", "n_pictures", default=48, show_default=True)
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(min=3))
@click.option("--folder", type=click.Path(path_type=Path, exists=True), help="JPEG files instead.")
@click.option("--json", "as_json", is_flag=True, help="One line.")
def main(n_pictures: int, rounds: int, folder: Path | None, as_json: bool) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        if folder is None:
            paths = draw_pictures(n_pictures, place)
        else:
            paths = sorted(folder.glob("*.jpg"))[:n_pictures]
        found = measure(paths, rounds, place)
    click.echo(json.dumps(found, indent=None if as_json else 2))


if __name__ == "__main__":
    main()
