"""Rationale augmentation: the assistant explains the training set itself.

What it writes joins the teacher's rationales where it ends in the right label and has
all its parts; the rest are rejects with their reason (MulCoT-RD, rationale augmentation).
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from analytics.contract.digests import training_digest
from analytics.contract.engine import Engine, TextReply, ask_each
from analytics.contract.errors import EngineError
from analytics.contract.model_folder import read_pack
from distillation.data.examples import Example
from distillation.data.locks import make_folder
from distillation.data.rationales import read_manifest, write_rationales
from distillation.data.seen import copy_seen
from distillation.evaluation.judging import MAX_BAD_SHARE
from distillation.teacher.journal import check_journal, open_journal
from distillation.teacher.replies import RULES_VERSION, check_reply
from distillation.teacher.run import (
    check_examples,
    check_output,
    count_reasons,
    make_key,
    make_rows,
)
from distillation.teacher.stages import Outcome

_CHUNK = 64
_MIN_FAULTS = 8
MAKER = "assistant"


def augment(
    examples: Sequence[Example],
    engine: Engine,
    *,
    output: Path,
    dataset: str,
    split: str,
    version: str,
    max_rationale_tokens: int,
    may_be_empty: Collection[str] = (),
    model: Path | None = None,
    is_stopped: Callable[[], bool] = lambda: False,
    on_start: Callable[[int], None] = lambda n: None,
    on_done: Callable[[int], None] = lambda n: None,
) -> dict[str, Any] | None:
    """Let an engine explain the examples that the journal in `output` does not hold.

    Gives the manifest of the data set, or None where it was stopped before the end. A
    batch that fails is halved until the example at fault is found; that one is a reject, and
    the next run asks it again. Parts in `may_be_empty` may be left out by the assistant
    (`find_empty_parts`). The `model` folder says what the assistant was trained on; that is
    kept in `output`.

    Raises:
        TrainingError: `output` holds something else, or ids are not unique.
        EngineError: more than 5 % of the examples of this run (and 8 of them) could not be
            asked: the engine is at fault. What is finished is kept.
    """
    check_examples(examples)
    check_output(output, maker=MAKER)
    identity = identify(
        engine.facts.model_id,
        dataset=dataset,
        split=split,
        max_rationale_tokens=max_rationale_tokens,
        may_be_empty=may_be_empty,
    )
    keys = [make_key(example, identity) for example in examples]
    started = time.monotonic()
    with open_journal(output, identity) as journal:
        todo = journal.list_open(keys, examples)
        on_start(len(todo))
        n_asked = n_faults = 0
        for start in range(0, len(todo), _CHUNK):
            if is_stopped():
                break
            chunk = todo[start : start + _CHUNK]
            replies, errors = ask_each(engine.rationalize, [example.item for _, example in chunk])
            answers: dict[str, TextReply | Exception] = {**replies, **errors}
            for key, example in chunk:
                reply = answers[example.item.content_key]
                journal.append(_judge(key, example, reply, may_be_empty))
            on_done(len(chunk))
            n_asked, n_faults = n_asked + len(chunk), n_faults + len(errors)
            if n_faults > max(_MIN_FAULTS, MAX_BAD_SHARE * n_asked):
                raise EngineError(
                    f"{n_faults} of {n_asked} posts could not be explained; the last: "
                    f"{next(iter(errors.values()), 'see above')}. Mend the engine and run the "
                    f"command again: what is finished is kept in {output}"
                )
        if todo:
            journal.end_run(time.monotonic() - started)
        if not all(key in journal.outcomes for key in keys):
            return None
        outcomes = [journal.outcomes[key] for key in keys]
        totals = journal.totals
    reasons = Counter(outcome.reason for outcome in outcomes if outcome.rationale is None)
    manifest = {
        **identity,
        "analytics_version": version,
        "count_examples": len(examples),
        "count_rejects_by_reason": count_reasons(reasons),
        "prompt_tokens": totals.n_prompt_tokens,
        "output_tokens": totals.n_output_tokens,
        "count_runs": totals.n_runs,
        "wall_s": round(totals.wall_s, 3),
    }
    if model is not None:
        copy_seen(model, output)
    rows, rejects = make_rows(outcomes, examples, identity)
    write_rationales(output, rows, rejects, manifest)
    return read_manifest(output)


def identify(
    model_id: str,
    *,
    dataset: str,
    split: str,
    max_rationale_tokens: int,
    may_be_empty: Collection[str] = (),
) -> dict[str, Any]:
    """What a data set is made of; a folder goes on with the same alone."""
    return {
        "maker": MAKER,
        "model": model_id,
        "prompt_digest": training_digest(),
        "rules_version": RULES_VERSION,
        "dataset": dataset,
        "split": split,
        "max_rationale_tokens": max_rationale_tokens,
        "may_be_empty": sorted(may_be_empty),
    }


def check_folder(output: Path, identity: dict[str, Any]) -> None:
    """See that `output` can take a data set, before an engine is loaded.

    Raises:
        TrainingError: it cannot be written, or holds something else.
    """
    make_folder(output)
    check_output(output, maker=MAKER)
    check_journal(output, identity)


def find_response_tokens(model: Path) -> int:
    """How long the replies were that a model was trained on; 512 where it does not say."""
    return int(read_pack(model).get("max_response_tokens", 512))


def _judge(
    key: str, example: Example, reply: TextReply | Exception, may_be_empty: Collection[str]
) -> Outcome:
    if isinstance(reply, Exception):
        return Outcome(
            key=key,
            example_id=example.example_id,
            stage="assistant",
            reason=f"engine: {reply}",
            is_final=False,
        )
    checked = check_reply(
        reply.text,
        finish_reason=reply.finish_reason,
        has_picture=example.item.image_path is not None,
        may_be_empty=may_be_empty,
    )
    reason, rationale = checked.reason, checked.rationale
    if rationale is not None and rationale.label != example.label:
        reason, rationale = f"predicts {rationale.label}, the label is {example.label}", None
    return Outcome(
        key=key,
        example_id=example.example_id,
        stage="assistant",
        rationale=rationale,
        reason=reason,
        reply="" if rationale is not None else reply.text,
        n_attempts=1,
        n_prompt_tokens=reply.n_prompt_tokens,
        n_output_tokens=reply.n_output_tokens,
    )
