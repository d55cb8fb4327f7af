"""What a command says at its end, for people and for machines."""

from typing import Any

from analytics.pipeline import Outcome
from analytics.store.runs import RunCounts, share_engine


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
        "counts": outcome.counts.as_dict(),
        "files": [
            {
                "source_file": file.source_file,
                "connector": file.connector,
                "found": file.found,
                "skipped": file.counts is None and file.error is None,
                "error": file.error,
                "counts": (
                    {name: getattr(file.counts, name) for name in file.counts.__dataclass_fields__}
                    if file.counts
                    else None
                ),
            }
            for file in outcome.files
        ],
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
    }


def outcome_as_text(outcome: Outcome) -> str:
    """An outcome in a few lines."""
    counts = outcome.counts
    lines = []
    for file in outcome.files:
        if file.error is not None:
            lines.append(f"  {file.source_file}: not read: {file.error}")
        elif file.counts is None:
            lines.append(f"  {file.source_file}: read before, skipped")
        else:
            found = file.counts
            lines.append(f"  {file.source_file} ({file.found})")
            lines.append(
                f"    {found.count_read} read = {found.count_stored} stored"
                f" + {found.count_updated} updated + {found.count_duplicates} duplicates"
                f" + {found.count_ignored} ignored + {found.count_rejects} rejects"
            )
    if outcome.files:
        lines.insert(0, "Sources:")
        lines.append(f"Pictures prepared: {counts.count_media_prepared}")
    if outcome.plan is not None:
        with_engine = f" by {outcome.engine}" if outcome.engine else ""
        lines.append(
            f"Items: {counts.count_items} without a prediction, {counts.count_memo_hits} known"
            f" from before; {counts.count_engine_labels} labels and"
            f" {counts.count_engine_rationales} rationales made{with_engine}"
        )
        if by_policy := _list_policies(counts):
            lines.append(f"Rationales by policy: {by_policy}")
        if counts.count_rationales_incomplete:
            lines.append(
                f"Rationales that lack a part: {counts.count_rationales_incomplete}"
                f" of {counts.count_engine_rationales}"
            )
        if (share := share_engine(outcome.infer_s, outcome.engine_s)) is not None:
            lines.append(f"Judging took {outcome.infer_s:.1f} s, {share:.1%} of it in the engine")
    if counts.count_engine_restarts:
        lines.append(f"The engine died and was loaded again {counts.count_engine_restarts} times")
    for check in outcome.failed_checks:
        lines.append(f"Check failed: {check.name} ({check.count_rows} rows): {check.purpose}")
    if counts.count_rejects:
        lines.append(
            f'Rejects: {counts.count_rejects}; see them with `analytics sql "from rejects"`'
        )
    if outcome.report is not None:
        lines.append(f"Report: {outcome.report}")
    lines.append(f"{outcome.status.replace('_', ' ').capitalize()} in {outcome.seconds:.1f} s.")
    return "\n".join(lines)


def _list_policies(counts: RunCounts) -> str:
    found = {
        "sample": counts.count_rationales_sample,
        "top": counts.count_rationales_top,
        "uncertain": counts.count_rationales_uncertain,
    }
    return ", ".join(f"{n} {name}" for name, n in found.items()) if any(found.values()) else ""
