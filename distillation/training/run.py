"""One whole training: load, train, score, write the model."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from analytics.contract.engine import LabelReply
from analytics.contract.errors import EngineError, TrainingError
from analytics.contract.json_files import read_object, write_object
from analytics.contract.model_folder import CONTRACT_FILE
from distillation.data.examples import Example
from distillation.data.locks import lock_folder
from distillation.data.rationales import read_manifest
from distillation.data.seen import write_seen
from distillation.evaluation.judging import judge
from distillation.evaluation.scores import count_rows, score_counts
from distillation.training.assistants import load_assistant
from distillation.training.checkpoint import drop_checkpoints
from distillation.training.identity import describe_training, name_changes
from distillation.training.loop import make_autocast, train
from distillation.training.modeling import load_trainee, write_model
from distillation.training.recipe import Recipe
from distillation.training.scoring import score_labels
from distillation.training.sequences import Encoder, TrainingItem
from distillation.training.soft_labels import SoftLabels, StoredSoftLabels, digest_soft_labels

logger = logging.getLogger(__name__)

MODEL_FOLDER = "model"
REPORT_FILE = "training.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRun:
    """What is trained from what. `base` and `assistant` are model folders.

    `base_id` and `assistant_id` change with the weights; by default they are the places.
    `rationales` are the folders that the items' rationales came from.
    """

    recipe: Recipe
    base: Path
    folder: Path
    data: tuple[str, ...]
    counts: dict[str, int]
    base_id: str = ""
    assistant: Path | None = None
    assistant_id: str = ""
    soft_labels: Path | None = None
    rationales: tuple[Path, ...] = ()

    def list_assistants(self) -> list[Path]:
        """Folders that say what an assistant was trained on that the model learns from."""
        wrote = [f for f in self.rationales if read_manifest(f).get("maker") == "assistant"]
        return [f for f in (self.assistant, self.soft_labels, *wrote) if f is not None]

    def name_sources(self) -> dict[str, str]:
        """Ids of the models and soft labels that it begins with."""
        found = {"base": self.base_id or str(self.base)}
        if self.assistant is not None:
            found["assistant"] = self.assistant_id or str(self.assistant)
        if self.soft_labels is not None:
            found["soft_labels"] = digest_soft_labels(self.soft_labels)
        return found


def run_training(
    run: TrainingRun,
    items: Sequence[TrainingItem],
    dev: Sequence[Example],
    *,
    should_stop: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Train a model and write it to `<folder>/model`; the report, also written as JSON.

    A training that is finished is not done again: its report is given.

    Raises:
        TrainingError: another process trains into the folder, or it holds another training.
    """
    from accelerate import Accelerator

    accelerator = Accelerator()
    identity = describe_training(
        run.recipe, items, n_processes=accelerator.num_processes, sources=run.name_sources()
    )
    with ExitStack() as held:

        def open_folder() -> dict[str, Any] | None:
            held.enter_context(lock_folder(run.folder, writer="training"))
            finished = find_finished(run.folder, identity)
            if finished is None:  # a report without its model vouches for nothing
                (run.folder / REPORT_FILE).unlink(missing_ok=True)
            return finished

        report: dict[str, Any] | None = _ask_main(accelerator, open_folder)
        if report is not None:
            logger.info("%s: the training is finished, nothing is trained anew", run.folder)
            return report
        return _train_and_write(run, items, dev, identity, accelerator, should_stop)


def find_finished(folder: Path, identity: Mapping[str, Any]) -> dict[str, Any] | None:
    """The report of a finished training in a folder; None if there is none.

    Raises:
        TrainingError: it is of something else.
    """
    report = read_object(folder / REPORT_FILE)
    if report is None or not (folder / MODEL_FOLDER / CONTRACT_FILE).is_file():
        return None
    before = report.pop("identity", None)
    changes = name_changes(before, identity) if before else "version of analytics"
    if changes:
        raise TrainingError(
            f"{folder}: holds a finished training with another {changes}. Give another --output, "
            "or remove the folder"
        )
    return report


def _ask_main(accelerator: Any, find: Callable[[], Any]) -> Any:
    """What `find` gives (or raises) in the main process, in all processes."""
    from accelerate.utils import broadcast_object_list

    found: list[Any] = [None, None]
    if accelerator.is_main_process:
        try:
            found[0] = find()
        except (TrainingError, EngineError) as exc:
            found[1] = exc
    broadcast_object_list(found)
    if found[1] is not None:
        raise found[1]
    return found[0]


def _train_and_write(
    run: TrainingRun,
    items: Sequence[TrainingItem],
    dev: Sequence[Example],
    identity: Mapping[str, Any],
    accelerator: Any,
    should_stop: Callable[[], bool],
) -> dict[str, Any]:
    import torch

    started = time.monotonic()
    recipe = run.recipe
    # Before the model is loaded: new low-rank matrices are drawn then.
    torch.manual_seed(recipe.seed)
    trainee = load_trainee(run.base, recipe.model, device=accelerator.device)
    encoder = trainee.encoder_of(recipe.pack)
    soft_labels = _find_soft_labels(run, items, encoder, accelerator.device)
    dev_items = [TrainingItem(key=example.example_id, example=example) for example in dev]
    is_main = accelerator.is_main_process
    cuts = _count_cuts(encoder, recipe, items, dev_items) if is_main else {}

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
        identity=identity,
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
        **cuts,
        "count_steps": len(trained.rows),
        "seconds": round(sum(row["seconds"] for row in trained.rows), 1),
        "last": {k: v for k, v in trained.rows[-1].items() if k != "seconds"},
    }
    if not trained.is_finished or not is_main:
        return report
    if trained.state is not None:  # the model itself lies in pieces in many processes
        trainee = load_trainee(run.base, recipe.model, device="cpu")
        trainee.model.load_state_dict(trained.state)
    target = run.folder / MODEL_FOLDER
    about = {key: report[key] for key in ("seed", "data", "count_items", "count_steps")}
    named = replace(recipe.model, base=run.base_id or run.base.name)
    write_model(trainee, target, recipe=replace(recipe, model=named), about=about)
    examples = (item.example for item in items)
    write_seen(target, examples, base=run.base, assistants=run.list_assistants())
    report["model"] = str(target)
    report["wall_seconds"] = round(time.monotonic() - started, 1)
    write_object(run.folder / REPORT_FILE, {**report, "identity": identity})
    drop_checkpoints(run.folder)
    return report


def _count_cuts(
    encoder: Encoder,
    recipe: Recipe,
    items: Sequence[TrainingItem],
    dev_items: Sequence[TrainingItem],
) -> dict[str, int]:
    """How many items lose a part to the recipe's token budgets; said before time is spent."""
    n_prompts, n_responses = encoder.count_cuts(items)
    n_dev, _ = encoder.count_cuts(dev_items)
    if n_prompts or n_dev:
        logger.warning(
            "%d of %d items and %d of %d dev posts are cut in the middle: pack.max_tokens = %d "
            "leaves %d tokens for the prompt",
            *(n_prompts, len(items), n_dev, len(dev_items)),
            *(recipe.pack.max_tokens, recipe.pack.max_tokens - recipe.pack.max_response_tokens),
        )
    if n_responses:
        logger.warning(
            "%d of %d rationales are longer than pack.max_response_tokens = %d: their rest and "
            "their end are not learned",
            n_responses,
            sum(item.rationale is not None for item in items),
            recipe.pack.max_response_tokens,
        )
    return {
        "count_cut_prompts": n_prompts,
        "count_cut_responses": n_responses,
        "count_cut_dev_prompts": n_dev,
    }


def _find_soft_labels(
    run: TrainingRun, items: Sequence[TrainingItem], encoder: Encoder, device: Any
) -> SoftLabels | None:
    temperature, tasks = run.recipe.loss.temperature, run.recipe.loss.kd_tasks
    if run.soft_labels is not None:
        stored = StoredSoftLabels(run.soft_labels, temperature=temperature, tasks=tasks)
        stored.check_items(items, encoder)
        return stored
    if run.assistant is None:
        return None
    return load_assistant(run.assistant, run.recipe, items, device=device, tasks=tasks)
