"""The loop: learns, resumes exactly, averages, and reports each loss by itself."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analytics.contract.errors import TrainingError
from analytics.contract.labels import LABELS
from analytics.engine.models import ModelFolder
from distillation.training.loop import Trained, train
from distillation.training.modeling import Trainee, load_trainee, write_model
from distillation.training.recipe import LossRecipe, ModelRecipe, OptimRecipe, PackRecipe, Recipe
from distillation.training.scoring import score_labels
from distillation.training.sequences import TrainingItem
from distillation.training.weights import Weights
from tests.engine.tiny_models import make_tiny_idefics3

pytestmark = pytest.mark.model

RECIPE = Recipe(
    name="toy",
    model=ModelRecipe(frozen=("embed_tokens", "lm_head")),
    optim=OptimRecipe(learning_rate=3e-3, new_learning_rate=3e-3, batch_size=4, n_epochs=3),
    pack=PackRecipe(max_pack_tokens=400, max_tokens=512, max_response_tokens=128),
)


def _train(
    toy: Path, items: list[TrainingItem], folder: Path, recipe: Recipe, **more: Any
) -> tuple[Trainee, Trained]:
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState, GradientState, PartialState

    for state in (AcceleratorState, GradientState, PartialState):
        state._reset_state()
    folder.mkdir(exist_ok=True)
    trainee = load_trainee(toy, recipe.model, device="cpu")
    accelerator = Accelerator(cpu=True)
    return trainee, train(trainee, items, recipe, folder=folder, accelerator=accelerator, **more)


def test_a_toy_model_overfits_eight_items(
    base_folder: ModelFolder, training_items: list[TrainingItem], tmp_path: Path
) -> None:
    # With fewer words it does not always learn to see: two of the items have one text.
    toy_folder = make_tiny_idefics3(tmp_path / "toy", tokenizer_from=base_folder.path)
    recipe = replace(RECIPE, optim=replace(RECIPE.optim, n_epochs=70, batch_size=8))
    trainee, trained = _train(toy_folder, training_items, tmp_path / "run", recipe)
    first, last = trained.rows[0], trained.rows[-1]
    assert last["hard_cls"] < 0.1 < first["hard_cls"]
    assert last["hard_rea"] < 0.6 * first["hard_rea"]
    encoder = trainee.make_encoder(max_tokens=512, max_response_tokens=128)
    scores = score_labels(
        trainee.model,
        encoder,
        training_items,
        image_token_id=trainee.image_token_id,
        max_pack_tokens=400,
        autocast=nullcontext,
    )
    assert [LABELS[i] for i in scores.argmax(1)] == [i.example.label for i in training_items]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_resuming_gives_the_same_curve(
    toy_folder: Path, training_items: list[TrainingItem], tmp_path: Path, dtype: str
) -> None:
    """Stopped twice in the middle of an epoch, with weight averages under way."""
    recipe = replace(
        RECIPE,
        model=replace(RECIPE.model, dtype=dtype),
        optim=replace(RECIPE.optim, average_from=0.2, average_every=1, batch_size=3),
    )
    whole, one = _train(toy_folder, training_items, tmp_path / "whole", recipe)
    assert one.is_finished
    calls = 0

    def stop_twice() -> bool:
        nonlocal calls
        calls += 1
        return calls in (2, 4)

    for _ in range(2):
        _, part = _train(
            toy_folder, training_items, tmp_path / "parts", recipe, should_stop=stop_twice
        )
        assert not part.is_finished
    resumed, other = _train(toy_folder, training_items, tmp_path / "parts", recipe)
    assert other.is_finished
    assert [r["loss"] for r in one.rows] == [r["loss"] for r in other.rows]
    theirs = dict(resumed.model.named_parameters())
    for name, parameter in whole.model.named_parameters():
        assert bool((parameter == theirs[name]).all()), name


def test_resuming_goes_on_with_the_dropout_where_it_was(
    toy_folder: Path, training_items: list[TrainingItem], tmp_path: Path
) -> None:
    import torch

    recipe = replace(
        RECIPE,
        model=ModelRecipe(method="lora", lora_dropout=0.3),
        optim=replace(RECIPE.optim, batch_size=3),
    )
    curves = []
    for name, n_parts in (("whole", 1), ("parts", 2)):
        for part in range(n_parts):
            # New LoRA matrices follow the seed; what came before a resumption must not count.
            torch.manual_seed(recipe.seed + 90 * part)
            steps = iter([False, part + 1 < n_parts])
            _, progress = _train(
                toy_folder,
                training_items,
                tmp_path / name,
                recipe,
                should_stop=lambda steps=steps: next(steps, False),  # type: ignore[misc]
            )
        assert progress.is_finished
        curves.append([row["loss"] for row in progress.rows])
    assert curves[0] == curves[1]


def test_a_checkpoint_of_another_recipe_is_refused(
    toy_folder: Path, training_items: list[TrainingItem], tmp_path: Path
) -> None:
    _train(toy_folder, training_items, tmp_path, RECIPE, should_stop=lambda: True)
    # Its log is there, too, for who watches.
    assert len((tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()) == 1
    changed = replace(RECIPE, loss=LossRecipe(alpha=0.9))
    with pytest.raises(TrainingError, match="another recipe or seed, so"):
        _train(toy_folder, training_items, tmp_path, changed)


def test_seeds_change_the_order_and_nothing_else_does(
    toy_folder: Path, training_items: list[TrainingItem], tmp_path: Path
) -> None:
    runs = [
        _train(toy_folder, training_items, tmp_path / str(n), replace(RECIPE, seed=seed))[1]
        for n, seed in enumerate((1, 1, 2))
    ]
    losses = [[row["loss"] for row in run.rows] for run in runs]
    assert losses[0] == losses[1] != losses[2]


def test_packing_does_not_change_the_curve(
    toy_folder: Path, training_items: list[TrainingItem], tmp_path: Path
) -> None:
    curves = []
    # At a higher rate AdamW makes much of rounding.
    optim = replace(RECIPE.optim, learning_rate=1e-3, new_learning_rate=1e-3)
    for n_tokens in (200, 4096):
        pack = replace(RECIPE.pack, max_pack_tokens=n_tokens)
        recipe = replace(RECIPE, optim=optim, pack=pack)
        _, run = _train(toy_folder, training_items, tmp_path / str(n_tokens), recipe)
        curves.append([row["loss"] for row in run.rows])
    assert curves[0] == pytest.approx(curves[1], rel=1e-3)


def test_gradients_of_packs_add_up_in_float32(
    toy_folder: Path, training_items: list[TrainingItem], tmp_path: Path
) -> None:
    """The norm of a step is that of a sum in float32 over its packs."""
    from accelerate import Accelerator

    recipe = replace(
        RECIPE,
        model=replace(RECIPE.model, dtype="bfloat16"),
        optim=replace(RECIPE.optim, batch_size=8, n_epochs=1),
        pack=replace(RECIPE.pack, max_pack_tokens=200),
    )
    trainee = load_trainee(toy_folder, recipe.model, device="cpu")
    learning = [p for p in trainee.model.parameters() if p.requires_grad]
    sums = [p.detach().float() * 0 for p in learning]
    n_passes = [0] * len(learning)

    def note(n: int, parameter: Any) -> None:
        sums[n] += parameter.grad.float()
        n_passes[n] += 1

    for n, parameter in enumerate(learning):
        parameter.register_post_accumulate_grad_hook(lambda p, n=n: note(n, p))
    trained = train(
        trainee, training_items, recipe, folder=tmp_path, accelerator=Accelerator(cpu=True)
    )
    assert max(n_passes) > 2
    norm = sum(float(total.double().square().sum()) for total in sums) ** 0.5
    assert trained.rows[0]["grad_norm"] == pytest.approx(norm, rel=1e-5)


def test_a_step_without_rationales_says_so(
    toy_folder: Path, training_items: list[TrainingItem], tmp_path: Path
) -> None:
    items = [replace(item, rationale=None) for item in training_items]
    _, run = _train(toy_folder, items, tmp_path, RECIPE)
    assert {(row["n_labels"], row["n_responses"]) for row in run.rows} == {(4.0, 0.0)}
    assert {row["hard_rea"] for row in run.rows} == {0.0}


def test_alpha_weighs_labels_against_rationales(
    toy_folder: Path, training_items: list[TrainingItem], tmp_path: Path
) -> None:
    recipe = replace(RECIPE, loss=LossRecipe(alpha=0.3))
    _, run = _train(toy_folder, training_items, tmp_path, recipe)
    for row in run.rows:
        assert row["loss"] == pytest.approx(0.3 * row["hard_cls"] + 0.7 * row["hard_rea"])
        assert row["n_labels"] == 4


def test_a_written_model_is_served_as_it_was_trained(
    toy_folder: Path, training_items: list[TrainingItem], tmp_path: Path
) -> None:
    from analytics.contract.decoding import Decoding
    from analytics.engine.loading import load_engine
    from analytics.engine.models import resolve_model

    trainee, _ = _train(toy_folder, training_items, tmp_path / "run", RECIPE)
    encoder = trainee.make_encoder(max_tokens=512, max_response_tokens=128)
    trained = score_labels(
        trainee.model,
        encoder,
        training_items,
        image_token_id=trainee.image_token_id,
        max_pack_tokens=400,
        autocast=nullcontext,
    )
    write_model(trainee, tmp_path / "model", recipe=RECIPE, about={"seed": 0})
    folder = resolve_model(str(tmp_path / "model"), cache_dir=tmp_path / "cache")
    assert folder.is_distilled
    engine = load_engine(
        "transformers",
        folder,
        decoding=Decoding(max_rationale_tokens=16),
        dtype="float32",
        options={"max_model_len": 512},
    )
    replies = engine.label([item.example.item for item in training_items])
    engine.close()
    for reply, row in zip(replies, trained, strict=True):
        assert reply.probabilities == pytest.approx(tuple(row), abs=1e-4)


def test_lora_trains_and_is_merged(
    toy_folder: Path, training_items: list[TrainingItem], tmp_path: Path
) -> None:
    pytest.importorskip("peft")
    recipe = replace(RECIPE, model=ModelRecipe(method="lora", lora_rank=4, lora_alpha=8))
    trainee, run = _train(toy_folder, training_items, tmp_path / "run", recipe)
    n_learning = sum(p.numel() for p in trainee.model.parameters() if p.requires_grad)
    assert 0 < n_learning < 20_000
    assert run.rows[-1]["loss"] < run.rows[0]["loss"]
    write_model(trainee, tmp_path / "model", recipe=recipe, about={})
    names = {path.name for path in (tmp_path / "model").iterdir()}
    assert "model.safetensors" in names
    assert "adapter_config.json" not in names


def test_nothing_to_train_on_is_an_error(toy_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="nothing to train on"):
        _train(toy_folder, [], tmp_path, RECIPE)


def test_freezing_everything_is_an_error(toy_folder: Path) -> None:
    with pytest.raises(TrainingError, match="freezes all"):
        load_trainee(toy_folder, ModelRecipe(frozen=("",)), device="cpu")


def test_means_go_where_the_model_is() -> None:
    """accelerate reads a checkpoint onto the CPU, and the model may be on a GPU."""
    import torch

    model = torch.nn.Linear(2, 2)
    weights = Weights(model, first_step=0, every=1)
    weights.average(0)
    state = weights.state_dict()
    elsewhere = Weights(model.to("meta"), first_step=0, every=1)
    elsewhere.load_state_dict({**state, "copies": {}})
    elsewhere.average(1)
    kept = elsewhere.state_dict()["means"]
    assert {value.device.type for value in kept.values()} == {"meta"}
