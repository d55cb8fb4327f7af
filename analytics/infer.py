"""Judges what has not been judged: plan, memo, contents in a fixed order.

Verdicts, memo rows and predictions of contents that are done are committed in one
transaction. At most a chunk of contents is under way at once, so a run that dies loses
that much and goes on where it stopped. What it died on is cut in two by the next one, so
that a content that kills it is found.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import duckdb

from analytics.contract.engine import Engine
from analytics.contract.errors import EngineDownError, EngineError
from analytics.contract.mentions import Mask, no_mask
from analytics.contract.policy import ALL_RATIONALES, RationalePolicy, RationaleReason
from analytics.contract.timing import TimedEngine
from analytics.judging import Judge, Judged
from analytics.store.deadly import clear_deadly
from analytics.store.in_flight import InFlight
from analytics.store.plan import make_plan, read_chunk
from analytics.store.predictions import (
    ItemFault,
    Plan,
    ResultKey,
    commit_judged,
    set_current_model,
)
from analytics.store.runs import Run, save_counts

# So many new contents in a row without a verdict, and the engine counts as dead; so many
# without the rationale that was asked for, and it is asked for no more of them.
_DEAD_AFTER = 32
_SHOWN_REASONS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class InferSettings:
    """What decides the plan; see the [infer] section of the configuration.

    `in_flight` is the file that tells the next run what this one died on,
    `retries_deadly` sends contents again on which engines have died, and `empty_parts`
    are those that the model was taught to leave out of its rationales. `mask` is what the
    model sees of a text; another one needs another digest.
    """

    model_id: str
    result_digest: str
    data_dir: Path
    post_level: bool = True
    rationales: RationalePolicy = ALL_RATIONALES
    chunk_items: int = 256
    max_bad_share: float = 0.05
    in_flight: Path | None = None
    retries_deadly: bool = False
    empty_parts: frozenset[str] = frozenset()
    mask: Mask = no_mask


@dataclass(slots=True, kw_only=True)
class _Refusals:
    """The rationales that an engine did not write, one after the other, and those then left."""

    plan: Plan
    is_borne: bool
    faults: list[ItemFault] = field(default_factory=list)
    n_left: int = 0

    def note(self, judged: Judged) -> None:
        """Take up what came of some contents; a rationale that is written starts anew."""
        self.n_left += judged.count_left
        if not self.is_over():
            # Those of before are tried again: they must not keep it from what is behind them.
            found = [fault for fault in _list_new(self.plan, judged.faults) if fault.has_label]
            self.faults = [] if judged.rationales else self.faults + found

    def is_over(self) -> bool:
        """Whether no more rationales are asked for."""
        return not self.is_borne and len(self.faults) >= _DEAD_AFTER

    def tell(self) -> str | None:
        """What was left and why, if something was."""
        if not self.n_left:
            return None
        return (
            f"{self.n_left} rationales were not asked for, as not one of {len(self.faults)} before"
            f" could be written: {_list_reasons(self.faults)}. Their labels are stored; mend the"
            " cause and run again"
        )


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
    many contents without one verdict. After many rationales in a row that it did not write,
    the rest of them is left, and `run.fault` says so.

    Raises:
        EngineError: the model cannot be loaded, or too many items fail.
        KeyboardInterrupt: `is_stopped` said so; all that was done is stored.
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
    refusals = _Refusals(plan=plan, is_borne=settings.max_bad_share >= 1)
    n_left = plan.count_contents
    if plan.count_contents:
        in_flight = InFlight(settings.in_flight, key)
        engine = TimedEngine(load_engine())
        run.engine = f"{engine.facts.name} {engine.facts.version} on {engine.facts.device}"
        with closing(engine), in_flight.watch(is_stopped), _ending_stopped(is_stopped):
            for judged in _stream(
                connection, engine, plan, settings, in_flight, is_stopped, refusals
            ):
                commit_judged(
                    connection,
                    key,
                    plan,
                    contents=judged.contents,
                    verdicts=judged.verdicts,
                    faults=judged.faults,
                )
                faults += judged.faults
                n_left -= len(judged.contents)
                _count(run, judged)
                refusals.note(judged)
                run.fault = refusals.tell()
                run.infer_s, run.engine_s = engine.elapsed_s, engine.busy_s
                save_counts(connection, run)
                on_items(len(judged.contents))
                unanswered = [] if judged.verdicts else unanswered + _list_new(plan, judged.faults)
                if n_left and len(unanswered) >= _DEAD_AFTER and settings.max_bad_share < 1:
                    raise EngineError(_describe_dead(unanswered, n_left=n_left))
            if n_left:
                raise KeyboardInterrupt
    _check_bad_share(plan, faults, settings.max_bad_share)
    # Only now: a run that fails leaves the marts the results that they show.
    set_current_model(connection, key)
    return plan


@contextmanager
def _ending_stopped(is_stopped: Callable[[], bool]) -> Iterator[None]:
    """An engine that is down when the run is stopped is not the run's fault."""
    try:
        yield
    except EngineDownError as exc:
        if is_stopped():
            raise KeyboardInterrupt from exc
        raise


def _stream(
    connection: duckdb.DuckDBPyConnection,
    engine: Engine,
    plan: Plan,
    settings: InferSettings,
    in_flight: InFlight,
    is_stopped: Callable[[], bool],
    refusals: _Refusals,
) -> Iterator[Judged]:
    """All contents of the plan, or those until `is_stopped`; one part ends before the next."""
    read = partial(read_chunk, connection, data_dir=settings.data_dir, mask=settings.mask)
    with Judge(
        engine,
        settings.rationales,
        window=settings.chunk_items,
        begin=in_flight.begin,
        is_given_up=in_flight.is_deadly,
        leaves_rationales=refusals.is_over,
        empty_parts=settings.empty_parts,
    ) as judge:
        for first, end in in_flight.list_parts(connection, plan.count_contents):
            yield from judge.judge(read, first, end, is_stopped=is_stopped)


def _count(run: Run, judged: Judged) -> None:
    counts, found = run.counts, judged.rationales
    counts.count_rejects += len(judged.faults)
    counts.count_engine_labels += judged.count_labels
    counts.count_engine_rationales += found.total()
    counts.count_rationales_sample += found[RationaleReason.SAMPLE]
    counts.count_rationales_top += found[RationaleReason.TOP]
    counts.count_rationales_uncertain += found[RationaleReason.UNCERTAIN]
    counts.count_rationales_incomplete += judged.count_incomplete
    counts.count_rationales_cut += judged.count_cut
    counts.count_output_tokens += judged.count_output_tokens


def _check_bad_share(plan: Plan, faults: list[ItemFault], max_bad_share: float) -> None:
    """Fail a run whose engine fails, not one that meets some bad contents again.

    Counted are the contents that no run has failed on before; where there are none,
    all contents of the warehouse. A single bad content never fails a run, nor do those that
    lack their rationale alone.
    """
    faults = [fault for fault in faults if not fault.has_label]
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
    return (
        _list_reasons(faults) + ". Earlier results stay as they are. Mend the cause and run"
        " again; the items stand in the log above, and in `rejects` (stage infer) once"
        " `analytics marts` has published them."
    )


def _list_reasons(faults: list[ItemFault]) -> str:
    """The commonest reasons, each with how often."""
    reasons = Counter(fault.reason for fault in faults)
    shown = [f"{reason} ({n})" for reason, n in reasons.most_common(_SHOWN_REASONS)]
    more = f"; {len(reasons) - len(shown)} other reasons" if len(reasons) > len(shown) else ""
    return "; ".join(shown) + more
