"""A whole training: seeded, resumed only as the same, finished once; soft labels likewise."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analytics.contract.errors import EngineError, TrainingError
from distillation.data.examples import drop_pictures
from distillation.data.locks import lock_folder
from distillation.training.assistants import SoftLabelJob, load_assistant, store_soft_labels
from distillation.training.identity import describe_training, name_changes
from distillation.training.modeling import load_trainee
from distillation.training.recipe import ModelRecipe, OptimRecipe, PackRecipe, Recipe
from distillation.training.run import REPORT_FILE, TrainingRun, run_training
from distillation.training.sequences import TrainingItem
from distillation.training.soft_labels import SOFT_LABELS_FILE, StoredSoftLabels

pytestmark = pytest.mark.model

RECIPE = Recipe(
    name="toy",
    model=ModelRecipe(frozen=("embed_tokens", "lm_head", "vision_model")),
    optim=OptimRecipe(learning_rate=1e-3, new_learning_rate=1e-3, batch_size=4, n_epochs=2),
    pack=PackRecipe(max_pack_tokens=2048, max_tokens=512, max_response_tokens=128),
)


@pytest.fixture(autouse=True)
def fresh_accelerator() -> Iterator[None]:
    from accelerate.state import AcceleratorState, GradientState, PartialState

    yield
    for state in (AcceleratorState, GradientState, PartialState):
        state._reset_state()


def _run(
    toy: Path, folder: Path, items: list[TrainingItem], n_steps: int | None = None, **changes: Any
) -> dict[str, Any]:
    """A training of four steps; stopped after `n_steps`, if given."""
    run = TrainingRun(recipe=RECIPE, base=toy, folder=folder, data=("toy:train",), counts={})
    n_done = 0

    def should_stop() -> bool:
        nonlocal n_done
        n_done += 1
        return n_done == n_steps

    return run_training(replace(run, **changes), items, [], should_stop=should_stop)


def _read_losses(folder: Path) -> list[float]:
    lines = (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["loss"] for line in lines]


def test_new_low_rank_matrices_follow_the_seed(
    toy_folder: Path, training_items: list[TrainingItem], tmp_path: Path
) -> None:
    """They are drawn while the model is loaded, whatever was drawn before."""
    import torch

    pytest.importorskip("peft")
    lora = replace(RECIPE, model=ModelRecipe(method="lora", lora_rank=4, lora_dropout=0.2))
    curves = []
    for n, seed in enumerate((0, 0, 1)):
        torch.manual_seed(100 + n)
        _run(toy_folder, tmp_path / str(n), training_items, recipe=replace(lora, seed=seed))
        curves.append(_read_losses(tmp_path / str(n)))
    assert curves[0] == curves[1] != curves[2]


def _with_other_label(items: list[TrainingItem]) -> list[TrainingItem]:
    first = items[0]
    label = next(i.example.label for i in items if i.example.label != first.example.label)
    return [replace(first, example=replace(first.example, label=label)), *items[1:]]


def _with_other_text(items: list[TrainingItem]) -> list[TrainingItem]:
    first = items[0]
    item = replace(first.example.item, text="Else", content_key="else")
    return [replace(first, example=replace(first.example, item=item)), *items[1:]]


def _with_other_rationale(items: list[TrainingItem]) -> list[TrainingItem]:
    assert items[0].rationale is not None
    changed = replace(items[0].rationale, image_analysis="Something else.")
    return [replace(items[0], rationale=changed), *items[1:]]


def _without_pictures(items: list[TrainingItem]) -> list[TrainingItem]:
    examples = drop_pictures([item.example for item in items])
    return [replace(i, example=e) for i, e in zip(items, examples, strict=True)]


def test_resuming_takes_no_other_data_models_or_soft_labels(
    toy_folder: Path, training_items: list[TrainingItem], tmp_path: Path
) -> None:
    stopped = _run(toy_folder, tmp_path, training_items, n_steps=2, base_id="base@1")
    assert stopped["status"] == "stopped"
    for change in (_with_other_label, _with_other_text, _with_other_rationale, _without_pictures):
        with pytest.raises(TrainingError, match="with another data or rationales, so"):
            _run(toy_folder, tmp_path, change(training_items), base_id="base@1")
    for changes, message in (
        ({"base_id": "base@2"}, "with another base model, so"),
        ({"base_id": "base@1", "assistant": toy_folder}, "with another assistant, so"),
        ({"base_id": "base@1", "recipe": replace(RECIPE, seed=3)}, "recipe or seed, so"),
    ):
        with pytest.raises(TrainingError, match=message):
            _run(toy_folder, tmp_path, training_items, **changes)
    report = _run(toy_folder, tmp_path, training_items, base_id="base@1")
    made = json.loads((Path(report["model"]) / "contract.json").read_text(encoding="utf-8"))
    assert made["recipe"]["model"]["base"] == "base@1"
    assert (report["status"], report["count_steps"]) == ("done", 4)


def test_processes_and_soft_labels_are_part_of_a_training(
    training_items: list[TrainingItem],
) -> None:
    one = describe_training(RECIPE, training_items, n_processes=1, sources={"soft_labels": "a"})
    two = describe_training(RECIPE, training_items, n_processes=2, sources={"soft_labels": "b"})
    assert name_changes(one, two) == "soft labels, number of processes"
    # How often a checkpoint is written changes nothing.
    other = replace(RECIPE, checkpoint_every=7)
    assert not name_changes(
        describe_training(other, training_items, n_processes=2, sources={"soft_labels": "b"}), two
    )


def test_a_finished_training_is_left_as_it_is(
    toy_folder: Path, training_items: list[TrainingItem], tmp_path: Path
) -> None:
    first = _run(toy_folder, tmp_path, training_items)
    weights = tmp_path / "model" / "model.safetensors"
    before = weights.stat().st_mtime_ns
    again = _run(toy_folder, tmp_path, training_items)
    assert again == first
    with pytest.raises(TrainingError, match="a finished training with another recipe or seed"):
        _run(toy_folder, tmp_path, training_items, recipe=replace(RECIPE, seed=1))
    with pytest.raises(TrainingError, match="a finished training with another data"):
        _run(toy_folder, tmp_path, _with_other_label(training_items))
    assert weights.stat().st_mtime_ns == before
    report = json.loads((tmp_path / REPORT_FILE).read_text(encoding="utf-8"))
    assert report.pop("identity")["n_processes"] == 1
    assert report == first
    (tmp_path / REPORT_FILE).write_text(json.dumps(report), encoding="utf-8")
    with pytest.raises(TrainingError, match="with another version of analytics"):
        _run(toy_folder, tmp_path, training_items)


def test_two_trainings_do_not_write_one_folder(
    toy_folder: Path, training_items: list[TrainingItem], tmp_path: Path
) -> None:
    with (
        lock_folder(tmp_path, writer="training"),
        pytest.raises(TrainingError, match="another training is writing it"),
    ):
        _run(toy_folder, tmp_path, training_items)
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match=r"file/x: cannot be written \(Not a directory\)"):
        _run(toy_folder, tmp_path / "file" / "x", training_items)


def test_a_damaged_checkpoint_is_named_and_the_one_before_can_be_used(
    toy_folder: Path, training_items: list[TrainingItem], tmp_path: Path
) -> None:
    recipe = replace(RECIPE, checkpoint_every=1)
    whole = _run(toy_folder, tmp_path / "whole", training_items, recipe=recipe)
    folder = tmp_path / "stopped"
    _run(toy_folder, folder, training_items, 3, recipe=recipe)
    older, newest = sorted(folder.glob("checkpoint-*"))
    for name in ("optimizer.bin", "training.json"):
        (newest / name).write_bytes((newest / name).read_bytes()[:100])
        with pytest.raises(
            TrainingError, match=r"checkpoint-0+3: the checkpoint is damaged .* Rem"
        ):
            _run(toy_folder, folder, training_items, recipe=recipe)
    shutil.rmtree(newest)
    assert older.is_dir()
    assert _run(toy_folder, folder, training_items, recipe=recipe)["last"] == whole["last"]


def _store(
    model: Path, folder: Path, items: list[TrainingItem], recipe: Recipe, *, top_k: int
) -> dict[str, Any]:
    job = SoftLabelJob(
        recipe=recipe, model=model, model_id="m", folder=folder, data=("toy:train",), top_k=top_k
    )
    return store_soft_labels(job, items, device="cpu")


def test_soft_labels_are_written_once(
    toy_folder: Path, training_items: list[TrainingItem], tmp_path: Path
) -> None:
    soft = tmp_path / "soft"
    (soft / SOFT_LABELS_FILE).mkdir(parents=True)
    with pytest.raises(TrainingError, match=r"cannot be written .* give another --output"):
        _store(toy_folder, soft, training_items, RECIPE, top_k=8)
    (soft / SOFT_LABELS_FILE).rmdir()
    report = _store(toy_folder, soft, training_items, RECIPE, top_k=8)
    n_rationales = sum(item.rationale is not None for item in training_items)
    assert report["count_soft_labels"] == len(training_items) + n_rationales
    written = (soft / SOFT_LABELS_FILE).stat().st_mtime_ns
    assert _store(toy_folder, soft, training_items, RECIPE, top_k=8) == report
    assert (soft / SOFT_LABELS_FILE).stat().st_mtime_ns == written
    _store(toy_folder, soft, training_items, RECIPE, top_k=4)
    assert (soft / SOFT_LABELS_FILE).stat().st_mtime_ns != written
    before = (soft / SOFT_LABELS_FILE).read_bytes()
    rounded = replace(RECIPE, model=replace(RECIPE.model, dtype="bfloat16"))
    _store(toy_folder, soft, training_items, rounded, top_k=4)
    assert (soft / SOFT_LABELS_FILE).read_bytes() != before
    with pytest.raises(TrainingError, match="nothing to store soft labels of"):
        _store(toy_folder, tmp_path / "none", [], RECIPE, top_k=4)
    StoredSoftLabels(soft, temperature=1.0)


def test_soft_labels_of_a_low_rank_model_are_those_of_the_merged_one(
    toy_folder: Path, training_items: list[TrainingItem], tmp_path: Path
) -> None:
    """What is stored is what the written model gives when it is held in memory."""
    pytest.importorskip("peft")
    import polars as pl

    recipe = replace(RECIPE, model=ModelRecipe(method="lora", lora_rank=4, lora_alpha=64))
    _run(toy_folder, tmp_path / "run", training_items, recipe=recipe)
    model = tmp_path / "run" / "model"
    _store(model, tmp_path / "soft", training_items, recipe, top_k=64)
    held = load_assistant(model, recipe, training_items, device="cpu")
    assert not any("lora" in name for name, _ in held._model.named_parameters())
    import torch

    frame = pl.read_parquet(tmp_path / "soft" / SOFT_LABELS_FILE)
    stored = {
        key: torch.frombuffer(bytearray(values), dtype=torch.float32)
        for key, purpose, values in frame.select("key", "purpose", "log_probs").iter_rows()
        if purpose == "label"
    }
    for sequence, logits in held.run(training_items):
        if sequence.purpose == "label":
            found = logits[0, list(held.label_ids)].float().log_softmax(-1)
            assert torch.allclose(found, stored[sequence.key], atol=1e-5)


def test_cut_prompts_and_responses_are_counted(
    toy_folder: Path,
    training_items: list[TrainingItem],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """By the tokens that an encoder with room makes; the report and the log say it."""
    trainee = load_trainee(toy_folder, RECIPE.model, device="cpu")
    wide = trainee.make_encoder(max_tokens=4096, max_response_tokens=1024)
    n_tokens = sorted(
        len(sequence.response_ids)
        for item in training_items
        for sequence in wide.encode(item).sequences
        if sequence.purpose == "rationale"
    )
    limit = n_tokens[2]  # the shortest are no longer than this
    n_long = sum(n > limit for n in n_tokens)
    assert 0 < n_long < len(n_tokens)
    example = training_items[3].example
    text = example.item.text + " and so on" * 200
    long = replace(example, item=replace(example.item, text=text, content_key="long"))
    items = [*training_items, TrainingItem(key="long", example=long)]
    recipe = replace(
        RECIPE,
        pack=replace(RECIPE.pack, max_tokens=400, max_response_tokens=limit),
        optim=replace(RECIPE.optim, n_epochs=1),
    )
    with caplog.at_level("WARNING"):
        report = _run(toy_folder, tmp_path, items, recipe=recipe)
    counts = [report[f"count_cut_{name}"] for name in ("prompts", "responses", "dev_prompts")]
    assert counts == [1, n_long, 0]
    assert f"1 of {len(items)} items and 0 of 0 dev posts are cut in the middle" in caplog.text
    assert f"{n_long} of {len(n_tokens)} rationales are longer than" in caplog.text


def test_a_budget_without_room_for_a_post_names_the_recipes_key(toy_folder: Path) -> None:
    trainee = load_trainee(toy_folder, RECIPE.model, device="cpu")
    with pytest.raises(EngineError, match=r"pack\.max_tokens = 100 .* Raise pack\.max_tokens"):
        trainee.make_encoder(max_tokens=100, max_response_tokens=50)
