"""One packed pass equals separate passes, in loss and in gradient."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distillation.training.losses import label_loss, response_loss
from distillation.training.modeling import Trainee, load_trainee
from distillation.training.packing import Pack, pack_items
from distillation.training.recipe import ModelRecipe
from distillation.training.sequences import Encoder, TrainingItem, make_filler

pytestmark = pytest.mark.model


@pytest.fixture(scope="module", params=["toy_folder", "toy_qwen_folder"])
def trainee(request: pytest.FixtureRequest) -> Trainee:
    """In float64, so that "equal" can be tested strictly."""
    folder: Path = request.getfixturevalue(request.param)
    loaded = load_trainee(folder, ModelRecipe(), device="cpu")
    loaded.model.double()
    return loaded


@pytest.mark.parametrize("dense", [False, True], ids=["tree", "dense mask"])
def test_tree_attention_equals_the_dense_mask(
    trainee: Trainee, encoder: Encoder, training_items: list[TrainingItem], dense: bool
) -> None:
    import torch

    (pack,) = _pack(encoder, trainee, training_items, 4096)
    with torch.inference_mode():
        logits = trainee.model.eval()(**pack.make_inputs("cpu", dense=dense)).logits
        trainee.model.set_attn_implementation("sdpa" if dense else "tree")
        other = trainee.model(**pack.make_inputs("cpu", dense=True)).logits
        trainee.model.set_attn_implementation("tree")
    torch.testing.assert_close(logits, other, rtol=1e-5, atol=1e-5)


@pytest.fixture(scope="module")
def encoder(trainee: Trainee) -> Encoder:
    return trainee.make_encoder(max_tokens=512, max_response_tokens=128)


def _sum_losses(trainee: Trainee, encoder: Encoder, packs: list[Pack]) -> dict[str, Any]:
    """Losses by sequence, and the gradient of their sum."""
    import torch

    model = trainee.model.train()
    model.zero_grad()
    label_ids = torch.tensor(encoder.label_ids)
    found = {}
    for pack in packs:
        logits = model(**pack.make_inputs("cpu")).logits[0]
        total = logits.sum() * 0.0
        for piece in pack.pieces:
            ours = logits[piece.start : piece.stop]
            wanted = torch.from_numpy(piece.sequence.response_ids)
            if piece.sequence.purpose == "label":
                loss = label_loss(ours, label_ids, wanted)
            else:
                loss = response_loss(ours, wanted)
            found[piece.sequence.key, piece.sequence.purpose] = loss.item()
            total = total + loss
        total.backward()
    gradient = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    return {"losses": found, "gradient": gradient}


def _differ(one: Any, other: Any) -> float:
    """The length of the difference over the length of one of them."""
    return float((one - other).norm() / other.norm().clamp(min=1e-6))


def _pack(encoder: Encoder, trainee: Trainee, items: list[TrainingItem], n: int) -> list[Pack]:
    encoded = [encoder.encode(item) for item in items]
    return list(pack_items(encoded, max_tokens=n, image_token_id=trainee.image_token_id))


def test_packed_pass_equals_two_passes(
    trainee: Trainee, encoder: Encoder, training_items: list[TrainingItem]
) -> None:
    """All sequences in one trie against each sequence by itself."""
    together = _pack(encoder, trainee, training_items, 4096)
    assert len(together) == 1
    alone = []
    for item in training_items:
        encoded = encoder.encode(item)
        for sequence in encoded.sequences:
            one = type(encoded)(sequences=(sequence,), pixels=encoded.pixels)
            alone += pack_items([one], max_tokens=1, image_token_id=trainee.image_token_id)
    assert len(alone) == sum(1 + (item.rationale is not None) for item in training_items)
    one, many = (_sum_losses(trainee, encoder, packs) for packs in (together, alone))
    assert one["losses"].keys() == many["losses"].keys()
    for key, loss in one["losses"].items():
        assert loss == pytest.approx(many["losses"][key], rel=1e-6), key
    assert one["gradient"].keys() == many["gradient"].keys()
    for name, gradient in one["gradient"].items():
        assert _differ(gradient, many["gradient"][name]) < 1e-5, name


def test_packed_logits_equal_the_models_own_forward(
    trainee: Trainee, encoder: Encoder, training_items: list[TrainingItem]
) -> None:
    """Against the plain forward with no mask or positions of ours."""
    import torch

    (pack,) = _pack(encoder, trainee, training_items, 4096)
    model = trainee.model.eval()
    with torch.inference_mode():
        logits = model(**pack.make_inputs("cpu")).logits[0]
        for piece in pack.pieces:
            sequence = piece.sequence
            pixels = dict(zip(pack.pictures, pack.pixels, strict=True)).get(sequence.picture, {})
            ids = torch.from_numpy(sequence.token_ids)[None]
            if len(sequence.position_ids) == 3:  # Qwen finds its positions by these
                pixels = {**pixels, "mm_token_type_ids": (ids == trainee.image_token_id).int()}
            plain = model(input_ids=ids, **pixels).logits[0]
            torch.testing.assert_close(
                logits[piece.start : piece.stop], plain[sequence.first_kept :], rtol=1e-5, atol=1e-5
            )


def test_shared_prefixes_are_paid_once(
    trainee: Trainee, encoder: Encoder, training_items: list[TrainingItem]
) -> None:
    encoded = [encoder.encode(item) for item in training_items]
    n_apart = sum(len(s.token_ids) for item in encoded for s in item.sequences)
    (pack,) = _pack(encoder, trainee, training_items, 4096)
    assert len(pack.token_ids) < 0.6 * n_apart
    assert len(pack.pictures) == 4
    per_picture = {
        s.picture: int((s.token_ids == trainee.image_token_id).sum())
        for item in encoded
        for s in item.sequences
        if s.picture
    }
    n_image = int((pack.token_ids == trainee.image_token_id).sum())
    assert n_image == sum(per_picture.values()) >= 4 * 4  # each picture once


def test_packs_stay_within_their_budget(
    trainee: Trainee, encoder: Encoder, training_items: list[TrainingItem]
) -> None:
    packs = _pack(encoder, trainee, training_items, 300)
    assert len(packs) > 1
    assert all(len(pack.token_ids) <= 300 for pack in packs)
    keys = [(p.sequence.key, p.sequence.purpose) for pack in packs for p in pack.pieces]
    assert (
        len(keys)
        == len(set(keys))
        == sum(1 + (item.rationale is not None) for item in training_items)
    )


def test_mask_shows_ancestors_only(
    trainee: Trainee, encoder: Encoder, training_items: list[TrainingItem]
) -> None:
    (pack,) = _pack(encoder, trainee, training_items, 4096)
    mask = pack.make_mask()
    for piece in pack.pieces:
        last = pack.kept[piece.stop - 1]
        seen = np.flatnonzero(mask[last])
        # What the last token sees is exactly its own sequence, in order.
        assert pack.token_ids[seen].tolist() == piece.sequence.token_ids.tolist()
        assert pack.position_ids[:, seen].tolist() == piece.sequence.position_ids.tolist()


def test_prompt_is_what_an_engine_sends_and_the_response_ends(
    trainee: Trainee, encoder: Encoder, training_items: list[TrainingItem]
) -> None:
    item = training_items[0]
    label, rationale = encoder.encode(item).sequences
    decode = trainee.tokenizer.decode
    assert decode(label.token_ids).endswith("<|im_start|>assistant\n")
    prompt = decode(rationale.token_ids[: rationale.first_kept + 1])
    assert prompt.endswith("<|im_start|>assistant\nText analysis:")
    response = decode(rationale.response_ids)
    assert response.startswith(" The words are about tram.\nImage analysis:")
    assert response.endswith(f"Prediction: {item.example.label}<|im_end|>")


def test_filler_teaches_nothing(
    trainee: Trainee, encoder: Encoder, training_items: list[TrainingItem]
) -> None:
    filler = make_filler(encoder)
    encoded = [encoder.encode(item) for item in training_items]
    plain, filled = (
        list(
            pack_items(
                encoded, max_tokens=4096, image_token_id=trainee.image_token_id, filler=extra
            )
        )
        for extra in (None, filler)
    )
    one, other = (_sum_losses(trainee, encoder, packs) for packs in (plain, filled))
    assert one["losses"] == pytest.approx(other["losses"], rel=1e-6)
    for name, gradient in one["gradient"].items():
        assert _differ(gradient, other["gradient"][name]) < 1e-5, name
    (empty,) = pack_items([], max_tokens=10, image_token_id=trainee.image_token_id, filler=filler)
    assert _sum_losses(trainee, encoder, [empty])["losses"] == {}
