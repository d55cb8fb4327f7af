"""Soft labels: resident and stored give the same loss; prompts get no gradient from them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from analytics.contract.errors import TrainingError
from analytics.contract.prompts import render_target
from distillation.training import sequences, soft_labels
from distillation.training.modeling import Trainee, load_trainee
from distillation.training.packing import Pack, pack_items
from distillation.training.recipe import ModelRecipe
from distillation.training.sequences import Encoder, TokenSequence, TrainingItem
from distillation.training.soft_labels import (
    SOFT_LABELS_FILE,
    ResidentAssistant,
    SoftLabels,
    StoredSoftLabels,
    write_soft_labels,
)

pytestmark = pytest.mark.model
TEMPERATURE = 2.0


@pytest.fixture(scope="module")
def student(toy_folder: Path) -> Trainee:
    return load_trainee(toy_folder, ModelRecipe(), device="cpu")


@pytest.fixture(scope="module")
def encoder(student: Trainee) -> Encoder:
    return student.make_encoder(max_tokens=512, max_response_tokens=128)


@pytest.fixture(scope="module")
def assistant(
    toy_folder: Path, encoder: Encoder, training_items: list[TrainingItem]
) -> ResidentAssistant:
    """The same toy with other weights and a vocabulary padded further."""
    import torch

    loaded = load_trainee(toy_folder, ModelRecipe(), device="cpu")
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in loaded.model.parameters():
            parameter.add_(0.3 * parameter.std() * torch.randn_like(parameter))
    n_words = loaded.model.get_input_embeddings().weight.shape[0]
    loaded.model.resize_token_embeddings(n_words + 64, mean_resizing=False)
    return ResidentAssistant(
        loaded.model,
        encoder,
        training_items,
        image_token_id=loaded.image_token_id,
        n_words=n_words,
        temperature=TEMPERATURE,
    )


def _packs(encoder: Encoder, student: Trainee, items: list[TrainingItem]) -> list[Pack]:
    encoded = [encoder.encode(item) for item in items]
    return list(pack_items(encoded, max_tokens=400, image_token_id=student.image_token_id))


def _losses(soft: SoftLabels, student: Trainee, encoder: Encoder, packs: list[Pack]) -> Any:
    import torch

    label_ids = torch.tensor(encoder.label_ids)
    sums = torch.zeros(2)
    with torch.no_grad():
        for pack in packs:
            logits = student.model.eval()(**pack.make_inputs("cpu")).logits[0]
            sums += torch.stack(list(soft.compute(pack, logits, label_ids)))
    return sums.tolist()


def test_stored_and_resident_give_the_same_loss(
    student: Trainee,
    encoder: Encoder,
    assistant: ResidentAssistant,
    training_items: list[TrainingItem],
    tmp_path: Path,
) -> None:
    packs = _packs(encoder, student, training_items)
    label, response = _losses(assistant, student, encoder, packs)
    assert label > 0
    assert response > 0
    n_words = student.model.get_input_embeddings().weight.shape[0]
    errors = []
    for k in (8, 512, n_words):
        folder = tmp_path / str(k)
        write_soft_labels(
            folder,
            assistant,
            training_items,
            k=k,
            about={},
        )
        stored = _losses(StoredSoftLabels(folder, temperature=TEMPERATURE), student, encoder, packs)
        assert stored[0] == pytest.approx(label, rel=1e-4)
        errors.append(abs(stored[1] - response) / response)
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-3


def test_responses_without_pictures_are_those_of_the_sequences(
    encoder: Encoder, training_items: list[TrainingItem], monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded = [encoder.encode(item) for item in training_items]
    monkeypatch.setattr(sequences, "open_picture", None)
    for item, found in zip(training_items, encoded, strict=True):
        listed = [(r.purpose, soft_labels.digest_response(r)) for r in encoder.list_responses(item)]
        assert listed == [(s.purpose, soft_labels.digest_response(s)) for s in found.sequences]


def test_storing_goes_on_where_it_was_stopped(
    assistant: ResidentAssistant,
    training_items: list[TrainingItem],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is run twice, and the file is that of a run without a stop."""
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    count = write_soft_labels(whole, assistant, training_items, k=8, about={"of": "it"})
    monkeypatch.setattr(soft_labels, "PART_ITEMS", 2)
    keys = [item.key for item in training_items]
    asked: list[str] = []
    limit = 5

    def run(items: Sequence[TrainingItem]) -> Iterator[tuple[TokenSequence, Any]]:
        for item in items:
            if len(asked) == limit:
                raise KeyboardInterrupt
            asked.append(item.key)
        yield from ResidentAssistant.run(assistant, items)

    monkeypatch.setattr(assistant, "run", run)
    with pytest.raises(KeyboardInterrupt):
        write_soft_labels(stopped, assistant, training_items, k=8, about={"of": "it"})
    assert not (stopped / SOFT_LABELS_FILE).exists()
    assert asked == keys[:5]
    asked.clear()
    limit = len(keys) + 1
    assert (
        write_soft_labels(stopped, assistant, training_items, k=8, about={"of": "it"}) == count > 5
    )
    assert asked == keys[4:]
    frames = [pl.read_parquet(folder / SOFT_LABELS_FILE) for folder in (whole, stopped)]
    columns = ["key", "purpose", "response_digest", "k"]
    assert frames[1].select(columns).equals(frames[0].select(columns))
    assert sorted(path.name for path in stopped.iterdir()) == sorted(
        path.name for path in whole.iterdir()
    )
    # Others are made from the first item on.
    asked.clear()
    limit = 3
    with pytest.raises(KeyboardInterrupt):
        write_soft_labels(stopped, assistant, training_items, k=8, about={"of": "this"})
    asked.clear()
    limit = len(keys) + 1
    write_soft_labels(stopped, assistant, training_items, k=8, about={"of": "that"})
    assert asked == keys


def test_tasks_without_soft_labels_are_neither_run_nor_asked_for(
    student: Trainee,
    encoder: Encoder,
    assistant: ResidentAssistant,
    training_items: list[TrainingItem],
    tmp_path: Path,
) -> None:
    packs = _packs(encoder, student, training_items)
    both = _losses(assistant, student, encoder, packs)
    seen = []
    hook = assistant._model.register_forward_pre_hook(
        lambda _, args, kwargs: seen.append(kwargs["input_ids"].numel()), with_kwargs=True
    )
    try:
        assert _losses(assistant, student, encoder, packs) == pytest.approx(both)
        n_both = sum(seen)
        seen.clear()
        on_labels = ResidentAssistant(
            assistant._model,
            encoder,
            training_items,
            image_token_id=student.image_token_id,
            n_words=assistant.n_words,
            temperature=TEMPERATURE,
            tasks=["label"],
        )
        assert _losses(on_labels, student, encoder, packs) == pytest.approx([both[0], 0.0])
        assert 0 < sum(seen) < n_both
    finally:
        hook.remove()
    plain = [replace(item, rationale=None) for item in training_items]
    write_soft_labels(tmp_path, on_labels, plain, k=8, about={})
    stored = StoredSoftLabels(tmp_path, temperature=TEMPERATURE, tasks=["label"])
    assert _losses(stored, student, encoder, packs) == pytest.approx([both[0], 0.0], rel=1e-4)


def test_prompt_positions_get_no_gradient_from_soft_labels(
    student: Trainee,
    encoder: Encoder,
    assistant: ResidentAssistant,
    training_items: list[TrainingItem],
) -> None:
    """Of all positions of a pass, only those have one that the text says predict a response.

    The gradient is read where the last layer ends, at all positions of the pass as it is
    trained; which ones should have it is found in the text, not in what the pack says.
    """
    import torch

    states: list[Any] = []

    def keep(_module: Any, _inputs: Any, output: Any) -> None:
        output.retain_grad()
        states.append(output)

    hook = student.model.get_decoder().norm.register_forward_hook(keep)
    try:
        packs = _packs(encoder, student, training_items)
        assert len(packs) > 1
        for pack in packs:
            states.clear()
            logits = student.model.eval()(**pack.make_inputs("cpu")).logits[0]
            sum(assistant.compute(pack, logits, torch.tensor(encoder.label_ids))).backward()  # type: ignore[union-attr]
            (state,) = states
            assert state.shape[:2] == (1, len(pack.token_ids))
            touched = set(state.grad[0].abs().sum(-1).nonzero().flatten().tolist())
            assert touched == _find_predicting(pack, student.tokenizer, training_items)
    finally:
        hook.remove()
        student.model.zero_grad()


def _find_predicting(pack: Pack, tokenizer: Any, items: list[TrainingItem]) -> set[int]:
    """Positions of a pack whose next token is of a response, by the text of its paths alone.

    Each leaf ends a prompt with its response, whose last token is not read. The label is
    predicted where its prompt ends, a rationale from the end of its given start on.
    """
    rationales = {render_target(item.rationale) for item in items if item.rationale}
    parents = pack.parents.tolist()
    found: set[int] = set()
    for leaf in set(range(len(parents))) - set(parents):
        path = [leaf]
        while parents[path[-1]] >= 0:
            path.append(parents[path[-1]])
        path.reverse()
        words = [tokenizer.decode([token]) for token in pack.token_ids[path]]
        text = "".join(words)
        start = text.rindex("<|im_start|>assistant\n") + len("<|im_start|>assistant\n")
        said = text[start:]
        assert said in {"", *rationales}
        start += len("Text analysis:") if said else 0
        ends = [len("".join(words[: n + 1])) for n in range(len(words))]
        found |= set(path[ends.index(start) :])
    return found


def test_missing_and_foreign_soft_labels_are_errors(
    student: Trainee,
    encoder: Encoder,
    assistant: ResidentAssistant,
    training_items: list[TrainingItem],
    tmp_path: Path,
) -> None:
    import torch

    write_soft_labels(
        tmp_path,
        assistant,
        training_items[:4],
        k=4,
        about={},
    )
    with pytest.raises(TrainingError, match="temperature"):
        StoredSoftLabels(tmp_path, temperature=1.0)
    stored = StoredSoftLabels(tmp_path, temperature=TEMPERATURE)
    label_ids = torch.tensor(encoder.label_ids)

    def compute(items: list[TrainingItem]) -> None:
        for pack in _packs(encoder, student, items):
            n_words = student.model.get_input_embeddings().weight.shape[0]
            stored.compute(pack, torch.zeros(len(pack.kept), n_words), label_ids)

    compute(training_items[:4])
    stored.check_items(training_items[:4], encoder)
    # All that lack theirs are told of before anything is trained.
    with pytest.raises(TrainingError, match=r"for \d of \d+ labels and .* the label of item '4'"):
        stored.check_items(training_items, encoder)
    rationale = training_items[0].rationale
    assert rationale is not None
    other = replace(training_items[0], rationale=replace(rationale, text_analysis="Else."))
    for look in (compute, lambda items: stored.check_items(items, encoder)):
        with pytest.raises(TrainingError, match="into different tokens"):
            look([other])
    # The same label and rationale, but of another post under the same key.
    example = training_items[0].example
    item = replace(example.item, text="Another post", content_key="another")
    with pytest.raises(TrainingError, match="got another text, aspect or picture"):
        compute([replace(training_items[0], example=replace(example, item=item))])
