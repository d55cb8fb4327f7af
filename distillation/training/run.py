"""One whole training: load, train, score, write the model and its soft labels."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analytics.contract.engine import LabelReply
from analytics.contract.json_files import write_object
from distillation.data.examples import Example
from distillation.data.rationales import read_manifest
from distillation.data.seen import copy_seen, write_seen
from distillation.evaluation.judging import judge
from distillation.evaluation.scores import count_rows, score_counts
from distillation.training.checkpoint import drop_checkpoints
from distillation.training.loop import make_autocast, train
from distillation.training.modeling import Trainee, load_trainee, write_model
from distillation.training.recipe import Recipe
from distillation.training.scoring import score_labels
from distillation.training.sequences import Encoder, TrainingItem
from distillation.training.soft_labels import (
    ResidentAssistant,
    SoftLabels,
    StoredSoftLabels,
    write_soft_labels,
)

logger = logging.getLogger(__name__)

MODEL_FOLDER = "model"
REPORT_FILE = "training.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRun:
    """What is trained from what. `base` and `assistant` are model folders.

    `rationales` are the folders that the items' rationales came from.
    """

    recipe: Recipe
    base: Path
    folder: Path
    data: tuple[str, ...]
    counts: dict[str, int]
    assistant: Path | None = None
    soft_labels_in: Path | None = None
    soft_labels_out: Path | None = None
    top_k: int = 64
    rationales: tuple[Path, ...] = ()

    def list_assistants(self) -> list[Path]:
        """Folders that say what an assistant was trained on that the model learns from."""
        wrote = [f for f in self.rationales if read_manifest(f).get("maker") == "assistant"]
        return [f for f in (self.assistant, self.soft_labels_in, *wrote) if f is not None]


def run_training(
    run: TrainingRun,
    items: Sequence[TrainingItem],
    dev: Sequence[Example],
    *,
    should_stop: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Train a model and write it to `<folder>/model`; the report, also written as JSON."""
    from accelerate import Accelerator

    started = time.monotonic()
    recipe = run.recipe
    run.folder.mkdir(parents=True, exist_ok=True)
    accelerator = Accelerator()
    trainee = load_trainee(run.base, recipe.model, device=accelerator.device)
    soft_labels = _find_soft_labels(run, items, accelerator.device)
    dev_items = [TrainingItem(key=example.example_id, example=example) for example in dev]
    encoder = _make_encoder(trainee, recipe)

    def score(epoch: int, model: Any) -> dict[str, Any]:
        if not dev_items:
            return {}
        probabilities = score_labels(
            model,
            encoder,
            dev_items,
            image_token_id=trainee.image_token_id,
            max_pack_tokens=recipe.pack.max_pack_tokens,
            autocast=make_autocast(recipe, accelerator.device.type),
        )
        replies = {
            example.item.content_key: LabelReply(probabilities=tuple(row))
            for example, row in zip(dev, probabilities.tolist(), strict=True)
        }
        judged = judge(dev, replies)
        found = score_counts(count_rows(judged).sum(0))
        scores = {f"dev_{name}": float(value) for name, value in found.items()}
        logger.info("epoch %d: %s", epoch, scores)
        return scores

    trained = train(
        trainee,
        items,
        recipe,
        folder=run.folder,
        soft_labels=soft_labels,
        accelerator=accelerator,
        on_epoch=score,
        should_stop=should_stop,
    )
    report: dict[str, Any] = {
        "status": "done" if trained.is_finished else "stopped",
        "recipe": recipe.name,
        "seed": recipe.seed,
        "data": list(run.data),
        **run.counts,
        "count_items": len(items),
        "count_steps": len(trained.rows),
        "seconds": round(sum(row["seconds"] for row in trained.rows), 1),
        "last": {k: v for k, v in trained.rows[-1].items() if k != "seconds"},
    }
    if not trained.is_finished or not accelerator.is_main_process:
        return report
    if trained.state is not None:  # the model itself lies in pieces in many processes
        trainee = load_trainee(run.base, recipe.model, device="cpu")
        trainee.model.load_state_dict(trained.state)
    if run.soft_labels_out is not None:
        report["count_soft_labels"] = _write_soft_labels(run, trainee, items)
    target = run.folder / MODEL_FOLDER
    about = {key: report[key] for key in ("seed", "data", "count_items", "count_steps")}
    write_model(trainee, target, recipe=recipe, about=about)
    examples = (item.example for item in items)
    write_seen(target, examples, base=run.base, assistants=run.list_assistants())
    if run.soft_labels_out is not None:
        copy_seen(target, run.soft_labels_out)
    drop_checkpoints(run.folder)
    report["model"] = str(target)
    report["wall_seconds"] = round(time.monotonic() - started, 1)
    write_object(run.folder / REPORT_FILE, report)
    return report


def _find_soft_labels(
    run: TrainingRun, items: Sequence[TrainingItem], device: Any
) -> SoftLabels | None:
    temperature = run.recipe.loss.temperature
    if run.soft_labels_in is not None:
        return StoredSoftLabels(run.soft_labels_in, temperature=temperature)
    if run.assistant is None:
        return None
    assistant = load_trainee(run.assistant, run.recipe.model, device=device)
    return _make_assistant(run, assistant, items)


def _write_soft_labels(run: TrainingRun, trainee: Trainee, items: Sequence[TrainingItem]) -> int:
    assert run.soft_labels_out is not None
    return write_soft_labels(
        run.soft_labels_out,
        _make_assistant(run, trainee, items),
        items,
        k=run.top_k,
        about={"recipe": run.recipe.name, "seed": run.recipe.seed, "data": list(run.data)},
    )


def _make_assistant(
    run: TrainingRun, trainee: Trainee, items: Sequence[TrainingItem]
) -> ResidentAssistant:
    return ResidentAssistant(
        trainee.model,
        _make_encoder(trainee, run.recipe),
        items,
        image_token_id=trainee.image_token_id,
        n_words=len(trainee.tokenizer),
        temperature=run.recipe.loss.temperature,
    )


def _make_encoder(trainee: Trainee, recipe: Recipe) -> Encoder:
    return trainee.make_encoder(
        max_tokens=recipe.pack.max_tokens, max_response_tokens=recipe.pack.max_response_tokens
    )
