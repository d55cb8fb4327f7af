"""The ledger of runs."""

import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import duckdb

import analytics

RunStatus = Literal["running", "done", "done_with_faults", "failed", "interrupted", "died"]


@dataclass(slots=True, kw_only=True)
class RunCounts:
    """What a run did; each field is a column of `runs`."""

    count_read: int = 0
    count_stored: int = 0
    count_updated: int = 0
    count_duplicates: int = 0
    count_deletions: int = 0
    count_ignored: int = 0
    count_rejects: int = 0
    count_files_skipped: int = 0
    count_posts_deleted: int = 0
    count_media_prepared: int = 0
    count_media_fetched: int = 0
    count_media_unfetched: int = 0
    count_items: int = 0
    count_memo_hits: int = 0
    count_engine_labels: int = 0
    count_engine_rationales: int = 0
    count_rationales_sample: int = 0
    count_rationales_top: int = 0
    count_rationales_uncertain: int = 0
    count_rationales_incomplete: int = 0
    count_rationales_cut: int = 0
    count_output_tokens: int = 0
    count_engine_restarts: int = 0
    count_failed_checks: int = 0

    def as_dict(self) -> dict[str, int]:
        """The counts by column."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(slots=True, kw_only=True)
class Run:
    """One execution of a writing command; `counts` fills while it goes on.

    `infer_s` are the seconds of judging, the loading of the engine not among them, and
    `engine_s` those of them in which the engine was being asked. `fault` is what a run that
    goes on to its end has left undone, and why.
    """

    run_id: str
    command: str
    started_at: datetime
    model_id: str | None = None
    result_digest: str | None = None
    engine: str | None = None
    infer_s: float = 0.0
    engine_s: float = 0.0
    fault: str | None = None
    counts: RunCounts = field(default_factory=RunCounts)


def share_engine(infer_s: float | None, engine_s: float | None) -> float | None:
    """The share of judging in which the engine was asked (0 to 1); None without an engine."""
    return round((engine_s or 0.0) / infer_s, 4) if infer_s else None


def start_run(
    connection: duckdb.DuckDBPyConnection,
    *,
    command: str,
    config_json: dict[str, Any],
    config_digest: str,
    now: datetime | None = None,
) -> Run:
    """Enter a new run; runs that never ended are marked `died` (we hold the lock)."""
    started_at = now or datetime.now(UTC)
    connection.execute("update runs set status = 'died' where status = 'running'")
    run = Run(
        run_id=f"{started_at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
        command=command,
        started_at=started_at,
    )
    connection.execute(
        """
        insert into runs (run_id, command, status, config_digest, config_json, version, started_at)
        values (?, ?, 'running', ?, ?, ?, ?)
        """,
        [
            run.run_id,
            command,
            config_digest,
            json.dumps(config_json, ensure_ascii=False, sort_keys=True),
            analytics.__version__,
            started_at,
        ],
    )
    return run


def save_counts(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Write the counts of a run that goes on, for the case that it dies."""
    counts = run.counts.as_dict()
    columns = ", ".join(f"{name} = ?" for name in counts)
    connection.execute(
        "update runs set model_id = ?, result_digest = ?, engine = ?, infer_s = ?, engine_s = ?,"
        f" {columns} where run_id = ?",
        [
            run.model_id,
            run.result_digest,
            run.engine,
            run.infer_s,
            run.engine_s,
            *counts.values(),
            run.run_id,
        ],
    )


def finish_run(
    connection: duckdb.DuckDBPyConnection,
    run: Run,
    status: RunStatus,
    *,
    error: str | None = None,
    now: datetime | None = None,
) -> None:
    """Write how a run ended, and its counts."""
    save_counts(connection, run)
    connection.execute(
        "update runs set status = ?, error = ?, ended_at = ? where run_id = ?",
        [status, error or run.fault, now or datetime.now(UTC), run.run_id],
    )


def fail_run(connection: duckdb.DuckDBPyConnection, run_id: str, error: str) -> None:
    """Write that a run failed after all its steps: its last write, the snapshot or the report."""
    connection.execute(
        "update runs set status = 'failed', error = ?, ended_at = coalesce(ended_at, ?)"
        " where run_id = ?",
        [error, datetime.now(UTC), run_id],
    )
