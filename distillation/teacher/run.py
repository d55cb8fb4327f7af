"""A teacher run: examples in, a rationale data set out, resumable at any point."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from analytics.chat.client import ChatClient
from analytics.contract.digests import digest_of, teacher_digest
from analytics.contract.errors import AnalyticsError, EngineError, TrainingError
from distillation.data.examples import Example
from distillation.data.manifests import MANIFEST_FILE
from distillation.data.rationales import (
    RationaleRow,
    RejectRow,
    read_manifest,
    write_rationales,
)
from distillation.teacher.journal import JOURNAL_FILE, Journal, open_journal, read_maker
from distillation.teacher.replies import RULES_VERSION
from distillation.teacher.stages import Outcome, TeacherSettings, explain_example

logger = logging.getLogger(__name__)

# Refusals before the first reply after which the server is taken to refuse all.
_MAX_FIRST_REFUSALS = 10
# Examples in a row without a reply after which the server is taken to be gone.
_MIN_UNAVAILABLE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What a server asks for a million tokens of prompt and of reply, in any one currency."""

    per_million_in: float
    per_million_out: float

    def cost(self, n_in: int, n_out: int) -> float:
        """The price of some tokens."""
        return (n_in * self.per_million_in + n_out * self.per_million_out) / 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherRun:
    """What a run did; `manifest` is None where it was stopped before the end."""

    n_examples: int
    n_asked: int
    n_done: int
    manifest: dict[str, Any] | None


def run_teacher(
    examples: Sequence[Example],
    *,
    output: Path,
    dataset: str,
    split: str,
    client: ChatClient,
    settings: TeacherSettings,
    version: str,
    concurrency: int = 16,
    prices: Prices | None = None,
    is_stopped: Callable[[], bool] = lambda: False,
    on_start: Callable[[int], None] = lambda n: None,
    on_done: Callable[[], None] = lambda: None,
) -> TeacherRun:
    """Ask the teacher about each example that the journal in `output` does not hold.

    At the end the data set is written to `output`. `version` is that of this
    software, for the manifest. `on_start` is told how many examples will be
    asked, `on_done` is called after each.

    Raises:
        EngineError: the server is not there, takes no request of ours, or went away.
        TrainingError: `output` holds something else, or ids are not unique.
    """
    check_examples(examples)
    check_output(output, maker="teacher")
    identity = {
        "maker": "teacher",
        "model": client.model,
        "prompt_digest": teacher_digest(),
        "rules_version": RULES_VERSION,
        "dataset": dataset,
        "split": split,
        **asdict(settings),
    }
    keys = [make_key(example, identity) for example in examples]
    started = time.monotonic()
    with open_journal(output, identity) as journal:
        todo = journal.list_open(keys, examples)
        on_start(len(todo))
        watch = _Watch(client=client, limit=max(_MIN_UNAVAILABLE, concurrency))
        try:
            if todo:
                asyncio.run(
                    _ask_all(
                        todo, client, settings, journal, watch, concurrency, is_stopped, on_done
                    )
                )
        finally:
            if todo:
                journal.end_run(time.monotonic() - started)
        n_done = sum(journal.is_done(key) for key in keys)
        if watch.failure is not None:
            raise watch.failure
        manifest = None
        if not is_stopped() or n_done == len(examples):
            outcomes = [journal.outcomes[key] for key in keys]
            manifest = describe_run(outcomes, examples, journal, identity, prices, version)
            rows, rejects = make_rows(outcomes, examples, identity)
            write_rationales(output, rows, rejects, manifest)
            manifest = read_manifest(output)
    return TeacherRun(
        n_examples=len(examples), n_asked=watch.n_asked, n_done=n_done, manifest=manifest
    )


def check_examples(examples: Sequence[Example]) -> None:
    """Ids name rows of the data set, so each must occur once.

    Raises:
        TrainingError: one occurs twice, or there are no examples.
    """
    if not examples:
        raise TrainingError("there are no examples to explain. Check --data, --split and --limit")
    example_id, n = Counter(example.example_id for example in examples).most_common(1)[0]
    if n > 1:
        raise TrainingError(f"example id {example_id!r} occurs {n} times. Make the ids unique")


def check_output(output: Path, *, maker: str) -> None:
    """See that no other data set would be overwritten.

    Raises:
        TrainingError: `output` holds a data set that another command made.
    """
    if not (output / MANIFEST_FILE).exists() and not (output / JOURNAL_FILE).exists():
        return
    if (output / MANIFEST_FILE).exists():
        made_by = read_manifest(output).get("maker")
    else:
        made_by = read_maker(output)
    # A journal that names no maker is refused with the reason when it is opened.
    if made_by not in (maker, None):
        raise TrainingError(
            f"{output}: holds a data set made by {made_by!r}, not by {maker!r}. Give another "
            "--output"
        )


def make_key(example: Example, identity: Mapping[str, Any]) -> str:
    """What an outcome is kept under: the example, its content, and how it was asked."""
    return digest_of([example.example_id, example.item.content_key, str(example.label), identity])


@dataclass(slots=True, kw_only=True)
class _Watch:
    """Sees when going on makes no sense: a server that is gone, or refuses all."""

    client: ChatClient
    limit: int
    n_asked: int = 0
    n_unavailable: int = 0
    n_refused: int = 0
    has_reply: bool = False
    failure: AnalyticsError | None = None

    def note(self, outcome: Outcome) -> None:
        """Count an outcome and maybe set `failure`."""
        self.n_asked += 1
        self.has_reply |= outcome.n_attempts > 0
        is_unavailable = outcome.reason.startswith("unavailable")
        self.n_unavailable = self.n_unavailable + 1 if is_unavailable else 0
        self.n_refused += outcome.reason.startswith("refused")
        url = self.client.shown_url
        if self.n_unavailable >= self.limit:
            self.failure = self.failure or EngineError(
                f"{url}: the last {self.n_unavailable} posts got no reply ({outcome.reason}). What "
                "was finished is kept; run the same command again when the server is well"
            )
        if not self.has_reply and self.n_refused >= _MAX_FIRST_REFUSALS:
            self.failure = self.failure or EngineError(
                f"{url}: each of the first {self.n_refused} posts was refused ({outcome.reason}). "
                "Check --max-tokens against the server's context, and whether the model takes "
                "pictures (--text-only leaves them out)"
            )


async def _ask_all(
    todo: list[tuple[str, Example]],
    client: ChatClient,
    settings: TeacherSettings,
    journal: Journal,
    watch: _Watch,
    concurrency: int,
    is_stopped: Callable[[], bool],
    on_done: Callable[[], None],
) -> None:
    """Ask with `concurrency` workers; a failure or a stop ends after what is under way."""
    waiting = iter(todo)

    async def work() -> None:
        for key, example in waiting:
            if is_stopped() or watch.failure is not None:
                return
            try:
                outcome = await explain_example(example, client, settings, key=key)
            except AnalyticsError as exc:
                watch.failure = watch.failure or exc
                return
            journal.append(outcome)
            watch.note(outcome)
            on_done()

    async with client:
        await client.check_server()
        await asyncio.gather(*(work() for _ in range(min(concurrency, len(todo)))))


def make_rows(
    outcomes: Sequence[Outcome], examples: Sequence[Example], identity: dict[str, Any]
) -> tuple[list[RationaleRow], list[RejectRow]]:
    """The rows of the data set, in the order of the examples."""
    rows, rejects = [], []
    for outcome, example in zip(outcomes, examples, strict=True):
        if outcome.rationale is None or outcome.rationale.label is None:
            rejects.append(
                RejectRow(
                    example_id=example.example_id,
                    dataset=identity["dataset"],
                    split=identity["split"],
                    stage=outcome.stage,
                    reason=outcome.reason,
                    reply=outcome.reply,
                    n_attempts=outcome.n_attempts,
                )
            )
            continue
        rows.append(
            RationaleRow(
                example_id=example.example_id,
                dataset=identity["dataset"],
                split=identity["split"],
                group=example.group,
                text=example.item.text,
                aspect=example.item.aspect,
                image_sha256=example.item.image_sha256,
                label=str(example.label),
                text_analysis=outcome.rationale.text_analysis,
                image_analysis=outcome.rationale.image_analysis,
                conflict_resolution=outcome.rationale.conflict_resolution,
                final_conclusion=outcome.rationale.final_conclusion,
                rationale_label=str(outcome.rationale.label),
                stage=outcome.stage,
                model=identity["model"],
                prompt_digest=identity["prompt_digest"],
                n_attempts=outcome.n_attempts,
                n_prompt_tokens=outcome.n_prompt_tokens,
                n_output_tokens=outcome.n_output_tokens,
            )
        )
    return rows, rejects


def describe_run(
    outcomes: Sequence[Outcome],
    examples: Sequence[Example],
    journal: Journal,
    identity: dict[str, Any],
    prices: Prices | None,
    version: str,
) -> dict[str, Any]:
    """The manifest of a teacher's data set.

    `stage_1_accuracy` is over the examples with a well-formed answer in stage 1
    (`count_stage_1`). Tokens, attempts, retries, cost and wall time are summed
    over all runs of the folder; runs that were killed add no wall time.
    """
    names = ("maker", "model", "prompt_digest", "dataset", "split", "rules_version")
    pairs = zip(outcomes, examples, strict=True)
    first = [
        outcome.first_label == example.label for outcome, example in pairs if outcome.first_label
    ]
    totals = journal.totals
    reasons = Counter(outcome.reason for outcome in outcomes if outcome.rationale is None)
    return {
        **{name: identity[name] for name in names},
        "settings": {k: v for k, v in identity.items() if k not in names},
        "analytics_version": version,
        "count_examples": len(examples),
        "count_stage_1": len(first),
        "stage_1_accuracy": sum(first) / len(first) if first else None,
        "count_rejects_by_reason": count_reasons(reasons),
        "count_attempts": totals.n_attempts,
        "count_retries": totals.n_retries,
        "count_replies_without_usage": totals.n_without_usage,
        "prompt_tokens": totals.n_prompt_tokens,
        "output_tokens": totals.n_output_tokens,
        "cost": prices.cost(totals.n_prompt_tokens, totals.n_output_tokens) if prices else None,
        "prices_per_million": asdict(prices) if prices else None,
        "count_runs": totals.n_runs,
        "wall_s": round(totals.wall_s, 3),
    }


def count_reasons(reasons: Counter[str]) -> dict[str, int]:
    """Counts by reason, the most frequent first; what a server said is left out."""
    counts: Counter[str] = Counter()
    for reason, n in reasons.items():
        kind, _, _ = reason.partition(":")
        counts[reason if kind == "malformed" else kind] += n
    return dict(counts.most_common())
