"""What saves memory changes no training: gradient checkpointing exactly, autocast nearly."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from distillation.training.loop import make_autocast, train
from distillation.training.losses import label_loss, response_loss
from distillation.training.modeling import load_trainee
from distillation.training.packing import pack_items
from distillation.training.recipe import ModelRecipe, OptimRecipe, PackRecipe, Recipe
from distillation.training.sequences import TrainingItem

pytestmark = pytest.mark.model

# Embeddings are frozen: then nothing before the checkpointed blocks asks for a gradient.
RECIPE = Recipe(
    name="toy",
    model=ModelRecipe(frozen=("embed_tokens", "lm_head")),
    optim=OptimRecipe(learning_rate=3e-3, new_learning_rate=3e-3, batch_size=4, n_epochs=2),
    pack=PackRecipe(max_pack_tokens=400, max_tokens=512, max_response_tokens=128),
)


def _find_gradient(toy: Path, items: list[TrainingItem], recipe: Recipe) -> dict[str, Any]:
    """Gradients of the summed losses of one pack, by parameter, with the loss as `loss`."""
    import torch

    trainee = load_trainee(toy, recipe.model, device="cpu")
    encoder = trainee.make_encoder(max_tokens=512, max_response_tokens=128)
    encoded = [encoder.encode(item) for item in items]
    (pack,) = pack_items(encoded, max_tokens=4096, image_token_id=trainee.image_token_id)
    model = trainee.model.train()
    label_ids = torch.tensor(encoder.label_ids)
    with make_autocast(recipe, "cpu")():
        logits = model(**pack.make_inputs("cpu")).logits[0]
        loss = logits.sum() * 0.0
        for piece in pack.pieces:
            wanted = torch.from_numpy(piece.sequence.response_ids)
            ours = logits[piece.start : piece.stop]
            if piece.sequence.purpose == "label":
                loss = loss + label_loss(ours, label_ids, wanted)
            else:
                loss = loss + response_loss(ours, wanted)
        loss.backward()
    found = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
    return {**found, "loss": loss.detach()}


def _differ(one: dict[str, Any], other: dict[str, Any]) -> float:
    """The length of the difference of all gradients over the length of one."""
    assert one.keys() == other.keys()
    names = one.keys() - {"loss"}
    distance = sum(float((one[n] - other[n]).square().sum()) for n in names)
    return (distance / sum(float(other[n].square().sum()) for n in names)) ** 0.5


def test_checkpointing_gives_the_same_gradient_and_curve(
    toy_folder: Path, training_items: list[TrainingItem], tmp_path: Path
) -> None:
    from accelerate import Accelerator

    saving = replace(RECIPE, model=replace(RECIPE.model, is_checkpointing_gradients=True))
    plain, saved = (_find_gradient(toy_folder, training_items, r) for r in (RECIPE, saving))
    assert float(saved["loss"]) == pytest.approx(float(plain["loss"]), rel=1e-6)
    assert _differ(saved, plain) < 1e-5
    curves = []
    for n, recipe in enumerate((RECIPE, saving)):
        folder = tmp_path / str(n)
        folder.mkdir()
        trainee = load_trainee(toy_folder, recipe.model, device="cpu")
        trained = train(
            trainee, training_items, recipe, folder=folder, accelerator=Accelerator(cpu=True)
        )
        is_on = [getattr(m, "gradient_checkpointing", False) for m in trainee.model.modules()]
        assert any(is_on) == recipe.model.is_checkpointing_gradients
        curves.append([row["loss"] for row in trained.rows])
    assert curves[0] == pytest.approx(curves[1], rel=1e-4)


def test_autocast_rounds_and_does_no_more(
    toy_folder: Path, training_items: list[TrainingItem]
) -> None:
    cast = replace(RECIPE, model=replace(RECIPE.model, autocast="bfloat16"))
    plain, rounded = (_find_gradient(toy_folder, training_items, r) for r in (RECIPE, cast))
    assert float(rounded["loss"]) == pytest.approx(float(plain["loss"]), rel=0.02)
    # bfloat16 has 8 bits: it must show, and must not lead elsewhere.
    assert 1e-4 < _differ(rounded, plain) < 0.2
    assert {str(gradient.dtype) for gradient in rounded.values()} == {"torch.float32"}
