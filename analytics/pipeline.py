"""Puts the steps together: ingest, media, infer, marts, checks, report."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol

import duckdb

from analytics.alerts import AlertsReport, find_events, renew_alerts, tell_alerts, write_alerts
from analytics.config.loading import config_digest, config_to_json
from analytics.config.settings import Config, SourceConfig
from analytics.contract.engine import Engine
from analytics.contract.errors import AnalyticsError, ConfigError
from analytics.engine.loading import load_engine
from analytics.events import Found
from analytics.fetching.fetch import FetchReport, fetch_media
from analytics.ingest import FileReport, IngestProgress, ingest_sources, make_rules
from analytics.languages import detect_languages
from analytics.marts import make_marts
from analytics.media import prepare_media
from analytics.model_step import check_model, infer_configured
from analytics.reporting import make_report
from analytics.store.aspects import refresh_aspects
from analytics.store.author_key import check_author_key, load_author_key
from analytics.store.connections import connect
from analytics.store.lock import WriterLock
from analytics.store.predictions import Plan
from analytics.store.removal import prune_marts
from analytics.store.runs import (
    Run,
    RunCounts,
    RunStatus,
    fail_run,
    finish_run,
    save_counts,
    start_run,
)
from analytics.store.sql_files import CheckResult, build_marts
from analytics.store.warehouse import open_writer

Step = Literal["ingest", "media", "infer", "marts", "report"]
ALL_STEPS: tuple[Step, ...] = ("ingest", "media", "infer", "marts", "report")


class Listener(Protocol):
    """Told of progress; the command line draws it."""

    def start(self, step: str, total: int | None, unit: str) -> None: ...

    def advance(self, n: int) -> None: ...

    def finish(self) -> None: ...


class SilentListener:
    """Draws nothing."""

    def start(self, step: str, total: int | None, unit: str) -> None:
        """A step begins."""

    def advance(self, n: int) -> None:
        """Some of the step is done."""

    def finish(self) -> None:
        """The step ended."""


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a command did; `status` is done or done_with_faults."""

    run_id: str
    status: RunStatus
    counts: RunCounts
    seconds: float = 0.0
    engine: str | None = None
    infer_s: float = 0.0
    engine_s: float = 0.0
    files: list[FileReport] = field(default_factory=list)
    plan: Plan | None = None
    fault: str | None = None
    marts: dict[str, int] = field(default_factory=dict)
    failed_checks: list[CheckResult] = field(default_factory=list)
    report: Path | None = None
    fetch: FetchReport | None = None
    found: Found | None = None
    alerts: AlertsReport | None = None

    @property
    def exit_code(self) -> int:
        """0 done, 3 done with rejects or failed checks."""
        return 0 if self.status == "done" else 3


def run_steps(
    config: Config,
    command: str,
    steps: tuple[Step, ...],
    *,
    sources: tuple[SourceConfig, ...] | None = None,
    rereads: bool = False,
    listener: Listener | None = None,
    is_stopped: Callable[[], bool] = lambda: False,
    retries_deadly: bool = False,
    retries_fetches: bool = False,
    load: Callable[..., Engine] = load_engine,
) -> Outcome:
    """Run some steps under the writer's lock, then publish the snapshot.

    `load` is called as `load_engine` is, in a process of its own: a function of a module.

    Raises:
        AnalyticsError: a step failed; what was committed before stays, and the
            run's row says how it ended.
        KeyboardInterrupt: the user stopped the run at a clean place.
    """
    listener = listener or SilentListener()
    sources = config.sources if sources is None else sources
    if "ingest" in steps and not sources:  # said before a warehouse is made for nothing
        raise ConfigError(
            "nothing to read: the configuration names no [[sources]]. Add one, or name a file:"
            " `analytics ingest PATH`."
        )
    with _open_run(config, command, creates="ingest" in steps) as (connection, run, outcome):
        if "infer" in steps[1:]:
            check_model(config)
        for step in steps:
            if is_stopped():
                raise KeyboardInterrupt
            if step == "ingest":
                _ingest(connection, config, run, outcome, sources, rereads, listener, is_stopped)
                if "marts" not in steps:
                    prune_marts(connection)
            elif step == "media":
                _prepare_media(
                    connection, config, run, outcome, listener, is_stopped, retries_fetches
                )
            elif step == "infer":
                # `ingest` has done so, but the configuration may have got others since.
                refresh_aspects(connection, make_rules(config.aspects))
                outcome.plan = infer_configured(
                    connection,
                    config,
                    run,
                    load=load,
                    retries_deadly=retries_deadly,
                    on_plan=lambda plan: listener.start("judge", plan.count_contents, "contents"),
                    on_items=listener.advance,
                    is_stopped=is_stopped,
                )
                listener.finish()
            elif step == "marts":
                listener.start("build marts", None, "marts")
                outcome.marts, outcome.failed_checks = make_marts(connection, config)
                outcome.found = find_events(connection, config.alerts)
                run.counts.count_failed_checks = len(outcome.failed_checks)
                listener.finish()
            save_counts(connection, run)
        if outcome.found is not None:
            outcome.alerts = (
                tell_alerts(connection, config.alerts, outcome.found, run.run_id)
                if "report" in steps
                else renew_alerts(connection, config.alerts, outcome.found)
            )
    try:
        if outcome.alerts is not None:
            write_alerts(outcome.alerts)
        if "report" in steps:
            outcome.report = make_report(config)
    except AnalyticsError as exc:
        _mark_failed(config, command, outcome.run_id, str(exc))
        raise
    return outcome


def _mark_failed(config: Config, command: str, run_id: str, error: str) -> None:
    """The report is made of what was published, so the run's row had been written before."""
    with (
        suppress(AnalyticsError, duckdb.Error, OSError),  # the report's fault is the one to tell
        open_writer(
            config.warehouse.path, command, creates=False, memory_mb=config.warehouse.memory_mb
        ) as connection,
    ):
        fail_run(connection, run_id, error)
        build_marts(connection, only=("run_facts",))


def _note_failed(config: Config, command: str, run_id: str, error: str) -> None:
    """Only this is written, as the disk may be full; where it cannot be, the run has no end."""
    path = config.warehouse.path
    with (
        suppress(AnalyticsError, duckdb.Error, OSError),
        WriterLock(path, command),
        connect(path, read_only=False, memory_mb=config.warehouse.memory_mb) as connection,
    ):
        fail_run(connection, run_id, error)


@contextmanager
def _open_run(
    config: Config, command: str, *, creates: bool
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Run, Outcome]]:
    """The warehouse, with a row of `runs` around the steps, also where closing it fails."""
    outcome: Outcome | None = None
    try:
        with (
            open_writer(
                config.warehouse.path,
                command,
                creates=creates,
                memory_mb=config.warehouse.memory_mb,
            ) as connection,
            _run(connection, config, command) as (run, outcome),
        ):
            yield connection, run, outcome
    except AnalyticsError as exc:
        if outcome is not None and outcome.status not in ("failed", "interrupted"):
            # Its last write or the snapshot failed, with no connection left to write that by.
            _note_failed(config, command, outcome.run_id, str(exc))
        raise


@contextmanager
def _run(
    connection: duckdb.DuckDBPyConnection, config: Config, command: str
) -> Iterator[tuple[Run, Outcome]]:
    """A row of `runs` around the steps, with how they ended."""
    run = start_run(
        connection,
        command=command,
        config_json=config_to_json(config),
        config_digest=config_digest(config),
    )
    outcome = Outcome(run_id=run.run_id, status="running", counts=run.counts)

    def finish(status: RunStatus, error: str | None = None, now: datetime | None = None) -> None:
        finish_run(connection, run, status, error=error, now=now)
        outcome.status = status

    try:
        yield run, outcome
    except KeyboardInterrupt:
        finish("interrupted")
        raise
    except AnalyticsError as exc:
        finish("failed", str(exc))
        raise
    except BaseException as exc:
        with suppress(duckdb.Error):  # after a full disk maybe nothing can be written
            finish("failed", f"{type(exc).__name__}: {exc}")
        raise
    # A disk that is full shows here: a run that has its end by then would be taken for done.
    connection.execute("checkpoint")
    is_clean = not (run.counts.count_rejects or outcome.failed_checks or run.fault)
    outcome.engine, outcome.fault = run.engine, run.fault
    outcome.infer_s, outcome.engine_s = run.infer_s, run.engine_s
    ended_at = datetime.now(UTC)
    outcome.seconds = (ended_at - run.started_at).total_seconds()
    finish("done" if is_clean else "done_with_faults", now=ended_at)
    if outcome.marts:
        # The mart of runs was made while this run had no end yet.
        build_marts(connection, only=("run_facts",))


def _ingest(
    connection: duckdb.DuckDBPyConnection,
    config: Config,
    run: Run,
    outcome: Outcome,
    sources: tuple[SourceConfig, ...],
    rereads: bool,
    listener: Listener,
    is_stopped: Callable[[], bool],
) -> None:
    author_key = load_author_key()
    check_author_key(connection, author_key)

    def begin_file(path: Path, n_bytes: int) -> None:
        save_counts(connection, run)  # of the files before
        listener.start(f"read {path.name}", n_bytes, "bytes")

    outcome.files = ingest_sources(
        connection,
        sources,
        rules=make_rules(config.aspects),
        author_key=author_key,
        run_id=run.run_id,
        counts=run.counts,
        progress=IngestProgress(
            on_file=begin_file, on_bytes=listener.advance, is_stopped=is_stopped
        ),
        rereads=rereads,
        data_dir=config.warehouse.data_dir,
        max_reject_share=config.ingest.max_reject_share,
    )
    if config.ingest.detect_languages:
        detect_languages(
            connection,
            min_confidence=config.ingest.min_language_confidence,
            on_start=lambda n_posts: listener.start("detect languages", n_posts, "posts"),
            on_posts=listener.advance,
            is_stopped=is_stopped,
        )
    listener.finish()


def _prepare_media(
    connection: duckdb.DuckDBPyConnection,
    config: Config,
    run: Run,
    outcome: Outcome,
    listener: Listener,
    is_stopped: Callable[[], bool],
    retries: bool,
) -> None:
    listener.start("prepare pictures", None, "pictures")
    counts = prepare_media(
        connection,
        data_dir=config.warehouse.data_dir,
        run_id=run.run_id,
        folders=[
            config.folder / os.path.expanduser(folder)
            for folder in config.warehouse.picture_folders
        ],
        on_prepared=listener.advance,
        is_stopped=is_stopped,
    )
    run.counts.count_media_prepared += counts.count_prepared
    run.counts.count_rejects += counts.count_rejects
    listener.finish()
    save_counts(connection, run)
    outcome.fetch = fetch_media(
        connection,
        config.media,
        data_dir=config.warehouse.data_dir,
        retries=retries,
        on_due=lambda n: listener.start("fetch pictures", n, "pictures"),
        on_fetched=listener.advance,
        is_stopped=is_stopped,
    )
    run.counts.count_media_fetched += outcome.fetch.n_fetched
    run.counts.count_media_unfetched += outcome.fetch.n_failed
    listener.finish()
