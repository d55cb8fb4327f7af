"""Seconds and memory from 10 million predictions to marts, checks and report.

Command: `python benchmarks/marts.py --json` (`--keep FOLDER` keeps the warehouse, 1.5 GB, and
takes it again). The warehouse is made in DuckDB (`benchmarks/marts_data.py`), which is not
measured; then a process of its own does what `analytics marts` and `analytics report` do.

`vs_bare` compares the daily marts (`daily_sentiment`, `aspect_daily`, with all of
`sentiment_slices` that they are read from) with a bare GROUP BY of their columns: the same facts,
one row a (day, aspect, platform), posts and distinct contents counted. `vs_bare_slices` compares
`sentiment_slices` with a bare GROUP BY of its grouping sets and its counts of posts, distinct
contents and distinct authors, by `count(distinct ...)`; its two views of labels are not in that.
Both have the narrow table of facts (`facts_s`) before them.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import duckdb

from analytics.store.sql_files import load_sql_files, run_checks
from analytics.store.warehouse import open_writer
from benchmarks.marts_data import fill
from reports.build import build_report

_COUNTS = """
    count(*) as count_posts,
    count(label) as count_predicted,
    count(distinct content_id) as count_contents,
    count(*) filter (where is_empty) as count_empty,
    count(*) filter (where label = 'negative') as count_negative,
    count(*) filter (where label = 'neutral') as count_neutral,
    count(*) filter (where label = 'positive') as count_positive,
    count(*) filter (where label = 'negative') / count(label) as share_negative,
    count(*) filter (where label = 'neutral') / count(label) as share_neutral,
    count(*) filter (where label = 'positive') / count(label) as share_positive,
"""
_BARE_DAILY = f"""
create or replace temp table bare_daily as
select sentiment_date, aspect, platform, {_COUNTS}
from int_facts
group by sentiment_date, aspect, platform
"""
_SETS = ", ".join(
    f"({', '.join(filter(None, (period, 'aspect', *names)))})"
    for period in ("sentiment_date", "week", "")
    for names in (("platform", "lang"), ("platform",), ("lang",), ())
)
_BARE_SLICES = f"""
create or replace temp table bare_slices as
select sentiment_date, week, aspect, platform, lang, {_COUNTS}
    count(distinct author_id) as count_authors,
from (select *, date_trunc('week', sentiment_date) as week from int_facts)
group by grouping sets ({_SETS})
"""
_DAILY = ("sentiment_slices", "daily_sentiment", "aspect_daily")


def measure(path: Path, memory_mb: int, *, with_bare: bool) -> dict[str, Any]:
    """Seconds of each part, and the peak of this process in MiB."""
    seconds: dict[str, float] = {}
    with open_writer(path, "benchmark", publishes=False, memory_mb=memory_mb) as connection:

        def clock(name: str, work: Callable[[], object]) -> None:
            started = time.perf_counter()
            work()
            seconds[name] = time.perf_counter() - started

        for file in load_sql_files("models"):
            if file.is_kept:
                clock(file.name, _maker(connection, f"temp table {file.name}", file.text))
        for file in load_sql_files("marts"):
            clock(file.name, _maker(connection, f"table {file.name}", file.text))
        failed: list[str] = []
        clock(
            "checks",
            lambda: failed.extend(
                check.name for check in run_checks(connection) if check.count_rows
            ),
        )
        clock(
            "report",
            lambda: build_report(
                connection,
                data_dir=path.parent,
                title="Benchmark",
                generated_at=datetime.now(UTC),
                max_posts=50,
            ),
        )
        # The peak of the step itself, before what it is compared with.
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        usage = os.times()
        found: dict[str, Any] = {
            "predictions": _count(connection, "predictions"),
            "posts": _count(connection, "posts"),
            "slices": _count(connection, "sentiment_slices"),
            "failed_checks": failed,
            "seconds": {name: round(value, 2) for name, value in seconds.items()},
            "step_s": round(sum(seconds.values()), 1),
            "step_cpu_s": round(usage.user + usage.system, 1),
            "peak_mb": round(peak_mb),
        }
        if with_bare:
            # Whatever else: the models and marts that the daily ones are read from.
            daily_s = seconds["int_contents"] + sum(seconds[name] for name in _DAILY)
            slices_s = seconds["int_contents"] + seconds["sentiment_slices"]
            clock("bare_daily", lambda: connection.execute(_BARE_DAILY))
            found["vs_bare"] = round(daily_s / seconds["bare_daily"], 2)
            clock("bare_slices", lambda: connection.execute(_BARE_SLICES))
            found["vs_bare_slices"] = round(slices_s / seconds["bare_slices"], 2)
            found["bare_daily_s"] = round(seconds["bare_daily"], 2)
            found["bare_slices_s"] = round(seconds["bare_slices"], 2)
    return found


def _maker(connection: duckdb.DuckDBPyConnection, what: str, sql: str) -> Callable[[], object]:
    return lambda: connection.execute(f"create or replace {what} as {sql}")


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.execute(f"select count(*) from {table}").fetchall()[0][0])


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--predictions", default=10_000_000, show_default=True)
@click.option("--memory-mb", default=1400, show_default=True, help="As [warehouse] memory_mb.")
@click.option("--keep", type=click.Path(path_type=Path), help="Folder of the warehouse.")
@click.option("--no-bare", is_flag=True, help="Without what it is compared with.")
@click.option("--child", type=click.Path(path_type=Path), hidden=True)
def main(
    as_json: bool,
    predictions: int,
    memory_mb: int,
    keep: Path | None,
    no_bare: bool,
    child: Path | None,
) -> None:
    """Measure and print."""
    if child is not None:
        click.echo(json.dumps(measure(child, memory_mb, with_bare=not no_bare)))
        return
    with tempfile.TemporaryDirectory() as name:
        path = (keep or Path(name)) / f"marts-{predictions}.duckdb"
        if not path.exists():
            with open_writer(path, "benchmark", publishes=False, memory_mb=3000) as connection:
                fill(connection, predictions)
        # A process of its own: the peak of making the warehouse is not the step's.
        command = [sys.executable, __file__, "--child", str(path), "--memory-mb", str(memory_mb)]
        done = subprocess.run(
            command + ["--no-bare"] * no_bare, check=True, stdout=subprocess.PIPE, text=True
        )
        found = {"memory_mb": memory_mb, "cores": os.cpu_count(), **json.loads(done.stdout)}
    click.echo(json.dumps(found, indent=None if as_json else 2))


if __name__ == "__main__":
    main()
