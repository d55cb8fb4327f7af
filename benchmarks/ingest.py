"""Reading a Reddit dump: this engine against DuckDB's bare reader, and against dlt.

    python benchmarks/ingest.py --json [--megabytes 1000] [--rounds 3] [--dlt-python PYTHON]

Comments in the layout of the public dumps are made by a fixed seed, and packed by zstd. Sides, in
turns, each in a process of its own:

- `ours`: `ingest_sources` into a new warehouse: posts, rejects, duplicates told, authors
  hashed, texts cleaned; `again` is the same file once more, and `ours zst` the packed one.
- `duckdb`: `create table as` of DuckDB's `read_json` with typed columns, into a new file:
  the limit; nothing is checked, hashed, cleaned or deduplicated. `duckdb zst` likewise.
- `dlt`: dlt with its duckdb destination, merged by id, on a tenth of the file; `--dlt-python` is an
  interpreter that has `dlt[duckdb]`. Without one its figures are null.

Ratios are of megabytes a second (unpacked), medians over rounds. `peak_mb` is the peak of resident
memory of `ours`, `second_share` the time of `again` over that of `ours`.
"""

import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click

_COLUMNS = {
    "id": "VARCHAR",
    "body": "VARCHAR",
    "author": "VARCHAR",
    "created_utc": "BIGINT",
    "edited": "JSON",
    "score": "BIGINT",
    "permalink": "VARCHAR",
    "parent_id": "VARCHAR",
    "link_id": "VARCHAR",
    "retrieved_on": "BIGINT",
    "subreddit": "VARCHAR",
}
_DLT = """
import json, sys, time
import dlt
path, place = sys.argv[1:]
@dlt.resource(name="posts", primary_key="id", write_disposition="merge")
def posts():
    batch = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            batch.append(json.loads(line))
            if len(batch) == 10_000:
                yield batch
                batch = []
    yield batch
started = time.perf_counter()
pipeline = dlt.pipeline("bench", pipelines_dir=place, dataset_name="reddit",
    destination=dlt.destinations.duckdb(place + "/dlt.duckdb"))
pipeline.run(posts())
print(json.dumps({"seconds": time.perf_counter() - started}))
"""


def make_dump(path: Path, megabytes: int) -> int:
    """Write comments until the file has the size; how many. Their lengths are log-normal."""
    rng = random.Random(0)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(rng.choices(letters, k=rng.randint(2, 9))) for _ in range(5000)]
    n = size = 0
    with path.open("w", encoding="utf-8") as file:
        while size < megabytes * 1_000_000:
            line = json.dumps(_make_comment(rng, words, n)) + "\n"
            file.write(line)
            size += len(line)
            n += 1
    return n


def _make_comment(rng: random.Random, words: list[str], n: int) -> dict[str, Any]:
    body = " ".join(rng.choices(words, k=min(400, max(2, int(rng.lognormvariate(3.3, 1))))))
    kind = rng.random()
    if kind < 0.15:
        body = body.replace(" ", "\n\n", 1) + " &gt; it's"
    elif kind < 0.25:
        body += " caf\u00e9 \U0001f600"
    elif kind < 0.32:
        body = "[deleted]"
    link = f"{rng.randint(10**8, 2 * 10**8):x}"
    subreddit = f"sub{n % 500}"
    empty = dict.fromkeys(
        (
            *("approved_at_utc", "associated_award", "author_flair_text", "banned_at_utc"),
            *("collapsed_reason", "distinguished", "author_flair_css_class", "mod_note"),
        )
    )
    return {
        **empty,
        "all_awardings": [],
        "author": "[deleted]" if body == "[deleted]" else f"user{rng.randint(0, 200_000)}",
        "author_flair_richtext": [],
        "author_flair_type": "text",
        "author_fullname": f"t2_{rng.randint(0, 10**9):x}",
        "author_patreon_flair": False,
        "awarders": [],
        "body": body,
        "can_gild": True,
        "can_mod_post": False,
        "collapsed": False,
        "controversiality": 0,
        "created_utc": 1_575_158_400 + n // 10,
        "edited": False if rng.random() < 0.97 else 1_575_159_400 + n // 10,
        "gilded": 0,
        "gildings": {},
        # One in fifty is a copy, as where dumps overlap.
        "id": f"f{10**8 + (n - 1 if n and rng.random() < 0.02 else n):x}",
        "is_submitter": False,
        "link_id": f"t3_{link}",
        "locked": False,
        "no_follow": True,
        "parent_id": f"t1_{rng.randint(10**8, 2 * 10**8):x}",
        "permalink": f"/r/{subreddit}/comments/{link}/some_title_here/f{10**8 + n:x}/",
        "retrieved_on": 1_578_000_000 + n // 10,
        "score": rng.randint(-10, 500),
        "send_replies": True,
        "steward_reports": [],
        "stickied": False,
        "subreddit": subreddit,
        "subreddit_id": f"t5_{n % 500:x}",
        "subreddit_name_prefixed": f"r/{subreddit}",
        "subreddit_type": "public",
        "total_awards_received": 0,
    }


def run_ours(path: Path, place: Path) -> dict[str, float]:
    """A first and a second ingest of the file."""
    from analytics.config.settings import SourceConfig
    from analytics.ingest import ingest_sources
    from analytics.store.runs import start_run
    from analytics.store.warehouse import open_writer

    source = SourceConfig(path=path, format="reddit")
    found: dict[str, float] = {}
    for name in ("seconds", "again_s"):
        started = time.perf_counter()
        with open_writer(place / "ours.duckdb", "benchmark") as connection:
            run = start_run(connection, command="ingest", config_json={}, config_digest="")
            ingest_sources(
                connection,
                [source],
                rules=(),
                author_key=b"k" * 32,
                run_id=run.run_id,
                counts=run.counts,
            )
            found.setdefault("posts", float(run.counts.count_stored))
        found[name] = time.perf_counter() - started
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {**found, "peak_mb": kilobytes / 1024}


def run_duckdb(path: Path, place: Path) -> dict[str, float]:
    """DuckDB's reader alone."""
    import duckdb

    columns = ", ".join(f"{name}: '{kind}'" for name, kind in _COLUMNS.items())
    started = time.perf_counter()
    with duckdb.connect(place / "bare.duckdb") as connection:
        connection.execute(
            "create table posts as select * from read_json(?, format = 'newline_delimited',"
            f" columns = {{{columns}}})",
            [str(path)],
        )
        connection.execute("checkpoint")
    return {"seconds": time.perf_counter() - started}


def _run_side(side: str, path: Path, dlt_python: str | None) -> dict[str, float]:
    with tempfile.TemporaryDirectory(dir=path.parent) as place:
        if side == "dlt":
            command = [str(dlt_python), "-c", _DLT, str(path), place]
        else:
            command = [sys.executable, __file__, "--side", side, "--path", str(path)]
            command += ["--place", place]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def measure(megabytes: int, rounds: int, dlt_python: str | None, folder: Path) -> dict[str, Any]:
    """All sides, in turns."""
    import zstandard

    plain, tenth, packed = (folder / name for name in ("RC.ndjson", "RC_tenth.ndjson", "RC.zst"))
    n = make_dump(plain, megabytes)
    make_dump(tenth, max(1, megabytes // 10))
    with plain.open("rb") as source, packed.open("wb") as target:
        zstandard.ZstdCompressor(level=3).copy_stream(source, target)
    work = {
        "ours": ("ours", plain),
        "duckdb": ("duckdb", plain),
        "ours zst": ("ours", packed),
        "duckdb zst": ("duckdb", packed),
        **({"dlt": ("dlt", tenth)} if dlt_python else {}),
    }
    found: dict[str, list[dict[str, float]]] = {name: [] for name in work}
    for number in range(rounds):
        for name, (side, path) in work.items():
            result = _run_side(side, path, dlt_python)
            found[name].append(result)
            click.echo(f"round {number + 1}: {name} {result}", err=True)
    sizes = {name: (tenth if name == "dlt" else plain).stat().st_size / 1e6 for name in work}
    middle = {
        name: {key: statistics.median(r[key] for r in results) for key in results[0]}
        for name, results in found.items()
    }
    rate = {name: sizes[name] / middle[name]["seconds"] for name in work}
    return {
        "megabytes": megabytes,
        "records": n,
        "rounds": rounds,
        "vs_duckdb": round(rate["ours"] / rate["duckdb"], 3),
        "vs_duckdb_zst": round(rate["ours zst"] / rate["duckdb zst"], 3),
        "vs_dlt": round(rate["ours"] / rate["dlt"], 1) if "dlt" in rate else None,
        "peak_mb": round(max(r["peak_mb"] for r in found["ours"] + found["ours zst"])),
        "second_share": round(middle["ours"]["again_s"] / middle["ours"]["seconds"], 4),
        "megabytes_per_second": {name: round(value, 1) for name, value in rate.items()},
    }


@click.command()
@click.option("--megabytes", default=1000, show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("--dlt-python", help="An interpreter that has dlt[duckdb].")
@click.option("--json", "as_json", is_flag=True, help="One line.")
@click.option("--side", hidden=True)
@click.option("--path", hidden=True, type=click.Path(path_type=Path))
@click.option("--place", hidden=True, type=click.Path(path_type=Path))
def main(
    megabytes: int,
    rounds: int,
    dlt_python: str | None,
    as_json: bool,
    side: str | None,
    path: Path,
    place: Path,
) -> None:
    """Measure and print."""
    if side is not None:
        run = {"ours": run_ours, "duckdb": run_duckdb}[side]
        click.echo(json.dumps(run(path, place)))
        return
    with tempfile.TemporaryDirectory() as folder:
        found = measure(megabytes, rounds, dlt_python, Path(folder))
    click.echo(json.dumps(found, indent=None if as_json else 2))


if __name__ == "__main__":
    main()
