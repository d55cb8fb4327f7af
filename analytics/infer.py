"""Judges what has not been judged: plan, memo, chunks.

The unit of work is a chunk of distinct contents. Each chunk's verdicts, memo
rows and predictions are committed in one transaction, and chunks are cut from
a fixed order, so a run that dies goes on where it stopped. A chunk that it died
on is cut in two by the next one, so that a content that kills it is found.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from analytics.contract.engine import Engine, LabelReply, Reply, TextReply, ask_each
from analytics.contract.errors import DeadlyItemError, EngineError
from analytics.contract.labels import label_of
from analytics.contract.parser import list_missing_parts, parse_reply
from analytics.contract.policy import ALL_RATIONALES, RationalePolicy, RationaleReason
from analytics.contract.records import Item, Verdict
from analytics.contract.timing import TimedEngine
from analytics.store.deadly import clear_deadly
from analytics.store.in_flight import InFlight
from analytics.store.plan import make_plan, read_chunk
from analytics.store.predictions import (
    ItemFault,
    Plan,
    PlannedItem,
    ResultKey,
    commit_chunk,
    set_current_model,
)
from analytics.store.runs import Run, save_counts

logger = logging.getLogger(__name__)

# So many new contents in a row without a verdict, and the engine counts as dead.
_DEAD_AFTER = 32
_SHOWN_REASONS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class InferSettings:
    """What decides the plan; see the [infer] section of the configuration.

    `in_flight` is the file that tells the next run what this one died on,
    `retries_deadly` sends contents again on which engines have died, and `empty_parts`
    are those that the model was taught to leave out of its rationales.
    """

    model_id: str
    result_digest: str
    data_dir: Path
    post_level: bool = True
    rationales: RationalePolicy = ALL_RATIONALES
    chunk_items: int = 64
    max_bad_share: float = 0.05
    in_flight: Path | None = None
    retries_deadly: bool = False
    empty_parts: frozenset[str] = frozenset()


def infer(
    connection: duckdb.DuckDBPyConnection,
    load_engine: Callable[[], Engine],
    run: Run,
    settings: InferSettings,
    *,
    on_plan: Callable[[Plan], None] = lambda plan: None,
    on_items: Callable[[int], None] = lambda n: None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Plan:
    """Give each item a prediction by the current model and contract.

    The engine is loaded only if some content is new to the memo, and given up after
    chunks without one verdict.

    Raises:
        EngineError: the model cannot be loaded, or too many items fail.
        KeyboardInterrupt: `is_stopped` said so; all finished chunks are stored.
    """
    key = ResultKey(
        model_id=settings.model_id, result_digest=settings.result_digest, run_id=run.run_id
    )
    run.model_id, run.result_digest = key.model_id, key.result_digest
    set_current_model(connection, key, only_if_none=True)
    if settings.retries_deadly:
        clear_deadly(connection, key)
    plan = make_plan(
        connection,
        key,
        post_level=settings.post_level,
        rationales=settings.rationales,
    )
    run.counts.count_items = plan.count_items
    run.counts.count_memo_hits = plan.count_memo_hits
    run.counts.count_rejects += plan.count_deadly
    on_plan(plan)
    faults: list[ItemFault] = []
    unanswered: list[ItemFault] = []
    if plan.count_contents:
        in_flight = InFlight(settings.in_flight, key)
        engine = TimedEngine(load_engine())
        run.engine = f"{engine.facts.name} {engine.facts.version} on {engine.facts.device}"
        try:
            for first, end in in_flight.list_chunks(
                connection, plan.count_contents, settings.chunk_items
            ):
                chunk = read_chunk(connection, first, end, settings.data_dir)
                verdicts, missed = _judge_noted(engine, run, settings, chunk, in_flight)
                commit_chunk(
                    connection, key, plan, first=first, end=end, verdicts=verdicts, faults=missed
                )
                faults += missed
                run.counts.count_rejects += len(missed)
                run.infer_s, run.engine_s = engine.elapsed_s, engine.busy_s
                save_counts(connection, run)
                on_items(len(chunk))
                unanswered = [] if verdicts else unanswered + _list_new(plan, missed)
                n_left = plan.count_contents - end
                if n_left > 0 and len(unanswered) >= _DEAD_AFTER and settings.max_bad_share < 1:
                    raise EngineError(_describe_dead(unanswered, n_left=n_left))
                if is_stopped():
                    raise KeyboardInterrupt
        finally:
            in_flight.end()
            engine.close()
    _check_bad_share(plan, faults, settings.max_bad_share)
    # Only now: a run that fails leaves the marts the results that they show.
    set_current_model(connection, key)
    return plan


def make_verdict(
    item: Item, label: LabelReply, reply: TextReply | None, *, has_image: bool
) -> Verdict:
    """The verdict of one item from the engine's replies.

    What a model says of a picture that it was not shown is not kept.
    """
    rationale = status = None
    if reply is not None:
        parsed = parse_reply(reply, has_image=has_image)
        status, rationale = parsed.status, parsed.rationale
    return Verdict(
        content_key=item.content_key,
        label=label_of(label.probabilities),
        probabilities=label.probabilities,
        rationale=rationale,
        rationale_status=status,
    )


def _check_bad_share(plan: Plan, faults: list[ItemFault], max_bad_share: float) -> None:
    """Fail a run whose engine fails, not one that meets some bad contents again.

    Counted are the contents that no run has failed on before; where there are none,
    all contents of the warehouse. A single bad content never fails a run.
    """
    n_contents = plan.count_contents - len(plan.failed_before)
    bad = _list_new(plan, faults)
    if not n_contents:
        n_contents, bad = plan.count_all_contents, faults
    share = len(bad) / n_contents if n_contents else 0.0
    if len(bad) > 1 and share > max_bad_share:
        raise EngineError(
            f"{len(bad)} of {n_contents} contents could not be judged ({share:.1%},"
            f" limit [infer] max_bad_share = {max_bad_share:.1%}): {_tell(bad)}"
        )


def _list_new(plan: Plan, faults: list[ItemFault]) -> list[ItemFault]:
    """The faults of contents that no run has failed on before."""
    return [fault for fault in faults if fault.content_key not in plan.failed_before]


def _describe_dead(unanswered: list[ItemFault], *, n_left: int) -> str:
    return (
        f"not one of {len(unanswered)} contents in a row could be judged, so the other {n_left}"
        f" were not tried: {_tell(unanswered)}"
    )


def _tell(faults: list[ItemFault]) -> str:
    """The commonest reasons, and where all of them can be read."""
    reasons = Counter(fault.reason for fault in faults)
    shown = [f"{reason} ({n})" for reason, n in reasons.most_common(_SHOWN_REASONS)]
    more = f"; {len(reasons) - len(shown)} other reasons" if len(reasons) > len(shown) else ""
    return (
        "; ".join(shown) + more + ". Earlier results stay as they are. Mend the cause and run"
        " again; the items stand in the log above, and in `rejects` (stage infer) once"
        " `analytics marts` has published them."
    )


def _judge_noted(
    engine: Engine,
    run: Run,
    settings: InferSettings,
    chunk: list[PlannedItem],
    in_flight: InFlight,
) -> tuple[list[Verdict], list[ItemFault]]:
    """Judge a chunk, with a note of it for the case that the engine takes this process along."""
    contents = [planned.item.content_key for planned in chunk]
    if in_flight.is_deadly(contents):
        fault = DeadlyItemError("the run died on it twice, alone")
        logger.warning("content %s cannot be judged: %s", contents[0][:12], fault)
        return [], [_make_fault(contents[0], fault)]
    in_flight.begin(contents)
    return _judge(engine, run, settings, chunk)


def _judge(
    engine: Engine, run: Run, settings: InferSettings, chunk: list[PlannedItem]
) -> tuple[list[Verdict], list[ItemFault]]:
    faults: list[ItemFault] = []
    labels = _ask(engine.label, [planned.item for planned in chunk], faults)
    run.counts.count_engine_labels += len(labels)
    reasons = _choose(chunk, labels, settings.rationales)
    wanted = [planned.item for planned in chunk if planned.item.content_key in reasons]
    replies: dict[str, TextReply] = {}
    if wanted:
        replies = _ask(engine.rationalize, wanted, faults)
        _count_rationales(run, reasons, replies)
    judged = [
        planned.item
        for planned in chunk
        if (key := planned.item.content_key) in labels and (key not in reasons or key in replies)
    ]
    sees_images = engine.facts.accepts_images
    verdicts = []
    for item in judged:
        has_image = sees_images and item.image_path is not None
        key = item.content_key
        verdict = make_verdict(item, labels[key], replies.get(key), has_image=has_image)
        verdicts.append(verdict)
        run.counts.count_rationales_incomplete += verdict.rationale is not None and bool(
            list_missing_parts(
                verdict.rationale, has_image=has_image, may_be_empty=settings.empty_parts
            )
        )
    return verdicts, faults


def _choose(
    chunk: list[PlannedItem], labels: dict[str, LabelReply], policy: RationalePolicy
) -> dict[str, RationaleReason]:
    """Which of the labelled contents get a rationale, and why."""
    reasons = {}
    for planned in chunk:
        key, reason = planned.item.content_key, planned.reason
        if key not in labels or reason is None:
            continue
        if reason is RationaleReason.UNCERTAIN and not policy.is_uncertain(
            labels[key].probabilities
        ):
            continue
        reasons[key] = reason
    return reasons


def _count_rationales(
    run: Run, reasons: dict[str, RationaleReason], replies: dict[str, TextReply]
) -> None:
    counts = run.counts
    found = Counter(reasons[key] for key in replies)
    counts.count_engine_rationales += len(replies)
    counts.count_rationales_sample += found[RationaleReason.SAMPLE]
    counts.count_rationales_top += found[RationaleReason.TOP]
    counts.count_rationales_uncertain += found[RationaleReason.UNCERTAIN]
    counts.count_output_tokens += sum(r.n_output_tokens for r in replies.values())


def _ask(
    ask: Callable[[Sequence[Item]], list[Reply]], items: list[Item], faults: list[ItemFault]
) -> dict[str, Reply]:
    """The replies by content key; items at fault are logged and added to `faults`."""
    replies, errors = ask_each(ask, items)
    for key, exc in errors.items():
        logger.warning("content %s cannot be judged: %s", key[:12], exc)
        faults.append(_make_fault(key, exc))
    return replies


def _make_fault(content_key: str, error: Exception) -> ItemFault:
    is_deadly = isinstance(error, DeadlyItemError)
    advice = ". It is not sent again, but by `analytics infer --retry`" if is_deadly else ""
    reason = f"{type(error).__name__}: {error}{advice}"
    return ItemFault(content_key=content_key, reason=reason, is_deadly=is_deadly)
