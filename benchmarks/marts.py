"""Seconds and memory from 10 million predictions to marts, checks and report.

Command: `python benchmarks/marts.py --json` (`--keep FOLDER` keeps the warehouse, 1.5 GB, and
takes it again). The warehouse is made in DuckDB (`benchmarks/marts_data.py`), which is not
measured; then a process of its own does what `analytics marts` and `analytics report` do.

`vs_bare` is the time of the marts of slices, with the kept models that they alone are made from
and the daily marts, over that of a bare GROUP BY of the same columns for the days alone: by day,
aspect, platform and language (`cube`), in the views of posts, of contents
(`count(distinct ...)`) and of authors (a GROUP BY of authors below it). So the marts' side also has
weeks and all time. `vs_bare_slices` has these on both sides, twelve grouping sets. Shares of voice
are on the marts' side alone; both sides read the same narrow table of facts.
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
from analytics.trends import build_trends
from benchmarks.marts_data import fill
from reports.build import build_report

# Two statements: no single GROUP BY tells the mean of authors' means.
_BARE = """
create or replace temp table bare_posts as
select
    {keys},
    count(*) as count_posts,
    count(label) as count_predicted,
    count(distinct content_id) as count_contents,
    count(distinct author_id) as count_authors,
    count(*) filter (where is_empty) as count_empty,
    count(*) filter (where label = 'negative') as count_negative,
    count(*) filter (where label = 'neutral') as count_neutral,
    count(*) filter (where label = 'positive') as count_positive,
    count(distinct content_id) filter (where label = 'negative') as content_count_negative,
    count(distinct content_id) filter (where label = 'neutral') as content_count_neutral,
    count(distinct content_id) filter (where label = 'positive') as content_count_positive,
from dated
group by grouping sets ({sets});
create or replace temp table bare_authors as
select {keys}, count(*) as author_count_predicted, avg(negative), avg(neutral), avg(positive)
from (
    select
        {keys}, author_id,
        avg((label = 'negative')::int) as negative,
        avg((label = 'neutral')::int) as neutral,
        avg((label = 'positive')::int) as positive,
    from dated
    where author_id is not null and label is not null
    group by grouping sets ({author_sets})
)
group by all
"""
_DATED = """
create or replace temp view dated as
select *, date_trunc('week', sentiment_date) as week from int_facts
"""
_MADE_FROM = ("int_cells", "int_contents", "int_content_slices", "int_author_slices")
_DAILY = ("sentiment_slices", "daily_sentiment", "aspect_daily")


def _bare(*periods: str) -> str:
    """A GROUP BY of all slices of these periods."""
    sets = [
        [*filter(None, [period]), "aspect_number", *names]
        for period in periods
        for names in (
            ("platform_number", "lang_number"),
            ("platform_number",),
            ("lang_number",),
            (),
        )
    ]
    return _BARE.format(
        keys=", ".join([*filter(None, periods), "aspect_number", "platform_number", "lang_number"]),
        sets=", ".join(f"({', '.join(each)})" for each in sets),
        author_sets=", ".join(f"({', '.join([*each, 'author_id'])})" for each in sets),
    )


def measure(path: Path, memory_mb: int, *, with_bare: bool) -> dict[str, Any]:
    """Seconds of each part, by the clock and of CPU time, and this process's peak in MiB."""
    seconds: dict[str, float] = {}
    cpu_seconds: dict[str, float] = {}
    with open_writer(path, "benchmark", publishes=False, memory_mb=memory_mb) as connection:

        def clock(name: str, work: Callable[[], object]) -> None:
            started, cpu = time.perf_counter(), time.process_time()
            work()
            seconds[name] = time.perf_counter() - started
            cpu_seconds[name] = time.process_time() - cpu

        for file in load_sql_files("models"):
            if file.is_kept:
                clock(file.name, _maker(connection, f"temp table {file.name}", file.text))
        for file in load_sql_files("marts"):
            clock(file.name, _maker(connection, f"table {file.name}", file.text))
        clock("estimates", lambda: build_trends(connection))
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
            "cpu_seconds": {name: round(value, 2) for name, value in cpu_seconds.items()},
            "step_s": round(sum(seconds.values()), 1),
            "step_cpu_s": round(usage.user + usage.system, 1),
            "peak_mb": round(peak_mb),
        }
        if with_bare:
            connection.execute(_DATED)
            marts_s = sum(seconds[name] for name in (*_MADE_FROM, *_DAILY))
            for name, periods in (
                ("", ("sentiment_date",)),
                ("_slices", ("sentiment_date", "week", "")),
            ):
                try:
                    clock("bare", lambda: connection.execute(_bare(*periods)))  # noqa: B023
                except duckdb.OutOfMemoryException:
                    found[f"bare{name}_s"] = "out of memory"
                    continue
                found[f"bare{name}_s"] = round(seconds["bare"], 2)
                found[f"vs_bare{name}"] = round(marts_s / seconds["bare"], 2)
            found["marts_of_slices_s"] = round(marts_s, 2)
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
