"""Judges contents in a window: labels, then the rationales that the policy wants.

At most `window` contents are under way at once, so memory, and what a killed run loses, are
bounded. Labels are asked for a quarter of the window at a time. Contents that want a
rationale are gathered, so that rationales decode in large batches although few contents want
one. An engine that takes several calls at once gets the next labels while rationales decode.
"""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from analytics.contract.engine import Engine, LabelReply, TextReply, ask_each
from analytics.contract.errors import DeadlyItemError, EngineDownError, UnfinishedError
from analytics.contract.labels import label_of
from analytics.contract.parser import list_missing_parts, parse_reply
from analytics.contract.policy import RationalePolicy, RationaleReason
from analytics.contract.records import Item, ResponseStatus, Verdict
from analytics.store.in_flight import DEADLY_AFTER
from analytics.store.predictions import ItemFault, PlannedItem

logger = logging.getLogger(__name__)

_PORTIONS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Contents that are done: each has a verdict or a fault.

    A content whose rationale failed has both. The counts are of what the engine answered for
    them; `count_incomplete` rationales lack a part or their prediction, `count_cut` of them as
    the token limit came before it, and `count_left` were not asked for. `down` is why the engine
    answers no more.
    """

    contents: Sequence[PlannedItem]
    verdicts: list[Verdict]
    faults: list[ItemFault] = field(default_factory=list)
    count_labels: int = 0
    rationales: Counter[RationaleReason] = field(default_factory=Counter)
    count_incomplete: int = 0
    count_cut: int = 0
    count_left: int = 0
    count_output_tokens: int = 0
    down: EngineDownError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Labelled:
    """A content that waits for its rationale, and why it gets one."""

    planned: PlannedItem
    label: LabelReply
    reason: RationaleReason


class Judge:
    """Asks an engine. Used in a `with` block, which ends its threads.

    `begin` is told the content keys under way before the engine is asked for more of them;
    `is_given_up` says of some whether they are not to be asked for, and `leaves_rationales`
    whether no more rationales are. `empty_parts` are left out
    of its rationales by a model that was taught so.
    """

    def __init__(
        self,
        engine: Engine,
        policy: RationalePolicy,
        *,
        window: int,
        begin: Callable[[list[str]], None] = lambda keys: None,
        is_given_up: Callable[[list[str]], bool] = lambda keys: False,
        leaves_rationales: Callable[[], bool] = lambda: False,
        empty_parts: Collection[str] = (),
    ) -> None:
        self._engine = engine
        self._policy = policy
        self._window = window
        self._portion = max(1, window // _PORTIONS)
        self._begin = begin
        self._is_given_up = is_given_up
        self._leaves_rationales = leaves_rationales
        self._empty_parts = empty_parts
        n_calls = engine.facts.max_calls
        # While the labels of one portion are stored the engine has those of the next to give.
        self._n_label_calls = min(2, n_calls)
        # Rationales of an engine that takes one call at a time wait for a full window.
        self._gathered = self._portion if n_calls > 1 else window
        self._executor: Executor = ThreadPoolExecutor(n_calls) if n_calls > 1 else _Inline()

    def __enter__(self) -> "Judge":
        return self

    def __exit__(self, *error: object) -> None:
        # Calls that are under way end with the engine: it is closed next.
        self._executor.shutdown(wait=False, cancel_futures=True)

    def judge(
        self,
        read: Callable[[int, int], list[PlannedItem]],
        first: int,
        end: int,
        *,
        is_stopped: Callable[[], bool] = lambda: False,
    ) -> Iterator[Judged]:
        """Judge the contents numbered from `first` up to `end`, which `read` gives.

        They come in the order in which they are done. After `is_stopped`, calls that are
        under way end, contents that wait for a rationale come with their label alone, and
        those that the engine left unfinished do not come.

        Raises:
            EngineDownError: the engine answers no content any more; labels that it gave came
                before.
        """
        position = first
        open_keys: dict[str, None] = {}
        waiting: list[_Labelled] = []
        labelling: set[Future[tuple[Judged, list[_Labelled]]]] = set()
        explaining: set[Future[Judged]] = set()
        down: EngineDownError | None = None
        while True:
            goes_on = down is None and not is_stopped()
            n_next = min(self._portion, end - position)
            has_room = len(open_keys) + n_next <= self._window
            if goes_on and n_next and has_room and len(labelling) < self._n_label_calls:
                portion = read(position, position + n_next)
                position += n_next
                open_keys |= dict.fromkeys(one.item.content_key for one in portion)
                labelling.add(self._start_labels(portion, list(open_keys)))
                if len(labelling) < self._n_label_calls:
                    continue
            if goes_on and waiting and self._leaves_rationales():
                left, waiting = waiting, []
                yield self._finish(left, {}, {}, count_left=len(left))
                for labelled in left:
                    del open_keys[labelled.planned.item.content_key]
                continue
            is_full = not labelling or len(waiting) >= self._gathered
            if goes_on and waiting and is_full:
                explaining.add(self._executor.submit(self._explain, waiting))
                waiting = []
            jobs: set[Future[Any]] = explaining | labelling
            if not jobs:
                break
            done, _ = wait(jobs, return_when=FIRST_COMPLETED)
            results: list[Judged] = []
            for job in labelling & done:
                judged, found = job.result()
                waiting += found
                results.append(judged)
            results += [job.result() for job in explaining & done]
            labelling -= done
            explaining -= done
            for judged in results:
                down = down or judged.down
                if judged.contents:
                    yield judged
                for one in judged.contents:
                    del open_keys[one.item.content_key]
        if waiting:
            yield self._finish(waiting, {}, {})
        if down is not None:
            raise down

    def _start_labels(
        self, portion: list[PlannedItem], open_keys: list[str]
    ) -> "Future[tuple[Judged, list[_Labelled]]]":
        """Ask for labels, unless an earlier run died on just these."""
        if not self._is_given_up(open_keys):
            self._begin(open_keys)
            return self._executor.submit(self._label, portion)
        fault = DeadlyItemError(f"{DEADLY_AFTER} runs died while they judged it, alone")
        faults = [make_fault(one.item.content_key, fault) for one in portion]
        done: Future[tuple[Judged, list[_Labelled]]] = Future()
        done.set_result((Judged(contents=portion, verdicts=[], faults=faults), []))
        return done

    def _label(self, portion: list[PlannedItem]) -> tuple[Judged, list[_Labelled]]:
        """What needs no rationale or cannot be labelled, and what waits for one."""
        known = {one.item.content_key: one.label for one in portion if one.label is not None}
        unknown = [one.item for one in portion if one.label is None]
        try:
            labels, errors = ask_each(self._engine.label, unknown)
        except EngineDownError as exc:
            return Judged(contents=[], verdicts=[], down=exc), []
        labels |= known
        waiting = [
            _Labelled(planned=one, label=labels[one.item.content_key], reason=one.reason)
            for one in portion
            if one.item.content_key in labels
            and one.reason is not None
            and self._is_wanted(one.reason, labels[one.item.content_key])
        ]
        waits = {one.planned.item.content_key for one in waiting}
        waits |= {key for key, error in errors.items() if isinstance(error, UnfinishedError)}
        done = [one for one in portion if one.item.content_key not in waits]
        judged = Judged(
            contents=done,
            verdicts=[
                self._make_verdict(one.item, labels[one.item.content_key], None)
                for one in done
                if one.item.content_key in labels
            ],
            faults=_list_faults(errors),
            count_labels=sum(one.label is None for one in done if one.item.content_key in labels),
        )
        return judged, waiting

    def _is_wanted(self, reason: RationaleReason, label: LabelReply) -> bool:
        is_open = reason is RationaleReason.UNCERTAIN
        return not is_open or self._policy.is_uncertain(label.probabilities)

    def _explain(self, waiting: list[_Labelled]) -> Judged:
        items = [one.planned.item for one in waiting]
        try:
            replies, errors = ask_each(self._engine.rationalize, items)
        except EngineDownError as exc:
            return self._finish(waiting, {}, {}, down=exc)
        return self._finish(waiting, replies, errors)

    def _finish(
        self,
        labelled: list[_Labelled],
        replies: dict[str, TextReply],
        errors: dict[str, Exception],
        *,
        down: EngineDownError | None = None,
        count_left: int = 0,
    ) -> Judged:
        verdicts = [
            self._make_verdict(
                one.planned.item, one.label, replies.get(one.planned.item.content_key)
            )
            for one in labelled
        ]
        return Judged(
            contents=[one.planned for one in labelled],
            verdicts=verdicts,
            faults=_list_faults(errors, has_label=True),
            count_labels=sum(one.planned.label is None for one in labelled),
            rationales=Counter(
                one.reason for one in labelled if one.planned.item.content_key in replies
            ),
            count_incomplete=sum(
                self._is_incomplete(one.planned.item, verdict)
                for one, verdict in zip(labelled, verdicts, strict=True)
            ),
            count_cut=sum(
                verdict.rationale_status is ResponseStatus.TRUNCATED for verdict in verdicts
            ),
            count_output_tokens=sum(reply.n_output_tokens for reply in replies.values()),
            count_left=count_left,
            down=down,
        )

    def _make_verdict(self, item: Item, label: LabelReply, reply: TextReply | None) -> Verdict:
        return make_verdict(item, label, reply, has_image=self._shows_image(item))

    def _shows_image(self, item: Item) -> bool:
        return self._engine.facts.accepts_images and item.image_path is not None

    def _is_incomplete(self, item: Item, verdict: Verdict) -> bool:
        rationale = verdict.rationale
        if rationale is None:
            return False
        missing = list_missing_parts(
            rationale, has_image=self._shows_image(item), may_be_empty=self._empty_parts
        )
        return rationale.label is None or bool(missing)


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


def make_fault(content_key: str, error: Exception, *, has_label: bool = False) -> ItemFault:
    """A content that could not be judged, with the reason as users read it; it is logged.

    One that `has_label` lacks the rationale that was wanted.
    """
    what = "explained" if has_label else "judged"
    logger.warning("content %s cannot be %s: %s", content_key[:12], what, error)
    is_deadly = isinstance(error, DeadlyItemError)
    advice = ". It is not sent again, but by `analytics infer --retry`" if is_deadly else ""
    missing = "no rationale: " if has_label else ""
    reason = f"{missing}{type(error).__name__}: {error}{advice}"
    return ItemFault(
        content_key=content_key, reason=reason, is_deadly=is_deadly, has_label=has_label
    )


def _list_faults(errors: Mapping[str, Exception], *, has_label: bool = False) -> list[ItemFault]:
    """The faults of contents; one that a stop left unfinished has none."""
    return [
        make_fault(key, error, has_label=has_label)
        for key, error in errors.items()
        if not isinstance(error, UnfinishedError)
    ]


class _Inline(Executor):
    """Runs at once, in this thread: Ctrl-C reaches what it runs."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future
