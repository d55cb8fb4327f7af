"""A disk that fills up ends a training in words, and leaves no half of anything."""

from pathlib import Path

import pytest

from analytics.contract.errors import TrainingError
from distillation.training.loop import train
from distillation.training.modeling import load_trainee, write_model
from distillation.training.recipe import ModelRecipe, OptimRecipe, PackRecipe, Recipe
from distillation.training.sequences import TrainingItem
from tests.full_disk import small_files

pytestmark = pytest.mark.model

RECIPE = Recipe(
    name="toy",
    model=ModelRecipe(frozen=("embed_tokens", "lm_head")),
    optim=OptimRecipe(batch_size=4, n_epochs=2),
    pack=PackRecipe(max_pack_tokens=400, max_tokens=512, max_response_tokens=128),
)


def test_a_checkpoint_without_room_is_an_error_and_leaves_nothing(
    toy_folder: Path, training_items: list[TrainingItem], tmp_path: Path
) -> None:
    trainee = load_trainee(toy_folder, RECIPE.model, device="cpu")
    with (
        small_files(100_000),
        pytest.raises(TrainingError, match=r"cannot be written .* Make room"),
    ):
        train(trainee, training_items, RECIPE, folder=tmp_path, should_stop=lambda: True)
    assert [path.name for path in tmp_path.iterdir()] == []


def test_a_model_without_room_is_an_error(toy_folder: Path, tmp_path: Path) -> None:
    trainee = load_trainee(toy_folder, RECIPE.model, device="cpu")
    with small_files(100_000), pytest.raises(TrainingError, match="the model cannot be written"):
        write_model(trainee, tmp_path / "model", recipe=RECIPE, about={})
    assert not (tmp_path / "model/contract.json").exists()
