"""What a command says at its end, for people and for machines."""

from typing import Any

from analytics.ingest import FileReport, sum_records
from analytics.pipeline import Outcome
from analytics.store.merge import MergeCounts
from analytics.store.runs import RunCounts, share_engine

# Why pictures were not to be had; the most frequent reasons are shown.
_SHOWN_REASONS = 8
# Engines that say how long their model computes.
_TELL_WORK = ("transformers", "vllm")


def outcome_as_json(outcome: Outcome) -> dict[str, Any]:
    """An outcome as plain JSON values."""
    return {
        "status": outcome.status,
        "run_id": outcome.run_id,
        "seconds": round(outcome.seconds, 3),
        "engine": outcome.engine,
        "infer_s": round(outcome.infer_s, 3),
        "engine_s": round(outcome.engine_s, 3),
        "share_engine": share_engine(outcome.infer_s, outcome.engine_s),
        "fault": outcome.fault,
        "counts": outcome.counts.as_dict(),
        "records": _counts_as_json(sum_records(outcome.files)),
        "files": [
            {
                "source_file": file.source_file,
                "connector": file.connector,
                "found": file.found,
                "skipped": file.is_skipped,
                "error": file.error,
                "counts": _counts_as_json(file.counts) if file.counts else None,
                "new_fields": file.new_fields,
            }
            for file in outcome.files
        ],
        "fetch": None
        if outcome.fetch is None
        else {
            "enabled": outcome.fetch.is_enabled,
            "fetched": outcome.fetch.n_fetched,
            "failed": dict(outcome.fetch.failures),
            "left": outcome.fetch.n_left,
            "stopped": outcome.fetch.stopped,
        },
        "marts": outcome.marts,
        "failed_checks": [
            {
                "name": check.name,
                "purpose": check.purpose,
                "count_rows": check.count_rows,
                "example": check.example,
            }
            for check in outcome.failed_checks
        ],
        "report": str(outcome.report) if outcome.report else None,
        "alerts": None
        if outcome.alerts is None
        else {
            "path": str(outcome.alerts.path),
            "count": outcome.alerts.count,
            "sent": outcome.alerts.count_sent,
            "webhook_fault": outcome.alerts.webhook_fault,
        },
    }


def outcome_as_text(outcome: Outcome) -> str:
    """An outcome in a few lines."""
    counts = outcome.counts
    lines = []
    if outcome.files:
        lines.append("Sources:")
        for file in outcome.files:
            lines += _describe_file(file)
        total = sum_records(outcome.files)
        lines.append(f"All: {_say_sum(total)}")
        if total.count_posts_deleted:
            lines.append(f"Posts removed, as they were deleted: {total.count_posts_deleted}")
        lines.append(f"Pictures prepared: {counts.count_media_prepared}")
    lines += _describe_fetch(outcome)
    if outcome.plan is not None:
        with_engine = f" by {outcome.engine}" if outcome.engine else ""
        lines.append(
            f"Items: {counts.count_items} to be judged, {counts.count_memo_hits} known"
            f" from before; {counts.count_engine_labels} labels and"
            f" {counts.count_engine_rationales} rationales made{with_engine}"
        )
        if by_policy := _list_policies(counts):
            lines.append(f"Rationales by policy: {by_policy}")
        if counts.count_rationales_incomplete:
            cut = (
                f"; {counts.count_rationales_cut} were cut at their token limit (raise [infer]"
                " max_rationale_tokens)"
                if counts.count_rationales_cut
                else ""
            )
            lines.append(
                "Rationales that lack a part or their prediction:"
                f" {counts.count_rationales_incomplete} of {counts.count_engine_rationales}{cut}"
            )
        if outcome.fault is not None:
            lines.append(outcome.fault)
        if (share := share_engine(outcome.infer_s, outcome.engine_s)) is not None:
            name = (outcome.engine or "").partition(" ")[0]
            # The others cannot tell waiting (for a server that is busy) from computing.
            what = "the model computed" if name in _TELL_WORK else "the engine was being asked"
            lines.append(f"Judging took {outcome.infer_s:.1f} s; {what} in {share:.1%} of it")
    if counts.count_engine_restarts:
        lines.append(f"The engine died and was loaded again {counts.count_engine_restarts} times")
    for check in outcome.failed_checks:
        lines.append(f"Check failed: {check.name} ({check.count_rows} rows): {check.purpose}")
    if counts.count_rejects:
        lines.append(
            f'Rejects: {counts.count_rejects}; see them with `analytics sql "from rejects"`'
        )
    if outcome.alerts is not None:
        fault = outcome.alerts.webhook_fault
        sent = f"; {outcome.alerts.count_sent} sent" if outcome.alerts.count_sent else ""
        sent += f"; not sent: {fault}" if fault else ""
        if not outcome.alerts.document.get("count_series", 1):
            sent += "; no series is long enough yet (28 days)"
        lines.append(f"Alerts: {outcome.alerts.count} ({outcome.alerts.path}){sent}")
    if outcome.report is not None:
        lines.append(f"Report: {outcome.report}")
    lines.append(f"{outcome.status.replace('_', ' ').capitalize()} in {outcome.seconds:.1f} s.")
    return "\n".join(lines)


def _counts_as_json(counts: MergeCounts) -> dict[str, Any]:
    return {name: getattr(counts, name) for name in counts.__dataclass_fields__}


def _describe_file(file: FileReport) -> list[str]:
    if file.is_skipped:
        return [f"  {file.source_file}: read before, skipped"]
    if file.error is not None and file.counts is None:
        return [f"  {file.source_file}: not read: {file.error}"]
    lines = [f"  {file.source_file} ({file.found})"]
    if file.error is not None:
        lines = [f"  {file.source_file}: not stored: {file.error}"]
    if file.counts is not None:
        lines.append(f"    {_say_sum(file.counts)}")
    if file.new_fields:
        lines.append(f"    fields new to its format: {', '.join(file.new_fields)}")
    return lines


def _describe_fetch(outcome: Outcome) -> list[str]:
    found = outcome.fetch
    if found is None:
        return []
    if not found.is_enabled:
        hint = "not fetched, as [media] fetch is off (--fetch fetches them)"
        return [f"Remote pictures: {found.n_left} {hint}"] if found.n_left else []
    if not (found.n_fetched or found.n_failed or found.n_left):
        return []
    left = f", {found.n_left} left to the next run" if found.n_left else ""
    why = f" ({found.stopped})" if found.stopped else ""
    return [
        f"Remote pictures: {found.n_fetched} fetched, {found.n_failed} not to be had{left}{why}",
        *(f"    {n} {reason}" for reason, n in found.failures.most_common(_SHOWN_REASONS)),
    ]


def _say_sum(found: MergeCounts) -> str:
    return (
        f"{found.count_read} records read = {found.count_stored} posts stored"
        f" + {found.count_updated} updated + {found.count_duplicates} duplicates"
        f" + {found.count_deletions} deletions + {found.count_ignored} ignored"
        f" + {found.count_rejects} rejects"
    )


def _list_policies(counts: RunCounts) -> str:
    found = {
        "sample": counts.count_rationales_sample,
        "top": counts.count_rationales_top,
        "uncertain": counts.count_rationales_uncertain,
    }
    return ", ".join(f"{n} {name}" for name, n in found.items()) if any(found.values()) else ""
