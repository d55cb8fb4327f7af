"""An assistant that gives soft labels: held in memory, or run once and written to disk."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from analytics.contract.digests import digest_of
from analytics.contract.errors import TrainingError
from analytics.contract.json_files import read_object
from distillation.data.locks import lock_folder
from distillation.data.manifests import MANIFEST_FILE
from distillation.data.seen import copy_seen
from distillation.training.identity import describe_training
from distillation.training.modeling import load_trainee
from distillation.training.recipe import TASKS, Recipe
from distillation.training.sequences import TrainingItem
from distillation.training.soft_labels import ResidentAssistant, write_soft_labels


def load_assistant(
    folder: Path,
    recipe: Recipe,
    items: Sequence[TrainingItem],
    *,
    device: Any,
    tasks: Sequence[str] = TASKS,
) -> ResidentAssistant:
    """A model that does not learn; the student's recipe says how it is held and fed.

    Raises:
        TrainingError: the folder cannot be loaded.
    """
    fixed = replace(recipe.model, method="full", frozen=(), is_checkpointing_gradients=False)
    held = load_trainee(folder, fixed, device=device)
    held.model.requires_grad_(False)
    return ResidentAssistant(
        held.model,
        held.encoder_of(recipe.pack),
        items,
        image_token_id=held.image_token_id,
        n_words=len(held.tokenizer),
        temperature=recipe.loss.temperature,
        tasks=tasks,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftLabelJob:
    """Which soft labels are written where.

    `model_id` changes with the assistant's weights; `top_k` tokens of each position of a
    response are kept.
    """

    recipe: Recipe
    model: Path
    model_id: str
    folder: Path
    data: tuple[str, ...]
    top_k: int


def store_soft_labels(
    job: SoftLabelJob, items: Sequence[TrainingItem], *, device: Any
) -> dict[str, Any]:
    """Write what a student of these items needs of an assistant; the report.

    Soft labels that are there and are the same are not made again.

    Raises:
        TrainingError: no items, another process writes into the folder, or it cannot be
            written.
    """
    if not items:
        raise TrainingError("there is nothing to store soft labels of: the data hold no items")
    told = describe_training(job.recipe, items, n_processes=1, sources={"assistant": job.model_id})
    made_with = {
        "assistant": job.model_id,
        "items": told["data"],
        "tasks": list(job.recipe.loss.kd_tasks),
        "pack": digest_of(asdict(job.recipe.pack)),
        "dtype": job.recipe.model.dtype,
        "k": job.top_k,
        "temperature": job.recipe.loss.temperature,
        "training_digest": told["contract"],
    }
    with lock_folder(job.folder, writer="distill soft-labels"):
        manifest = read_object(job.folder / MANIFEST_FILE) or {}
        if made_with.items() <= manifest.items():
            count = int(manifest["count"])
        else:
            assistant = load_assistant(
                job.model, job.recipe, items, device=device, tasks=job.recipe.loss.kd_tasks
            )
            about = {"recipe": job.recipe.name, "data": list(job.data), **made_with}
            # The manifest vouches for all that is there, so it is the last to come.
            (job.folder / MANIFEST_FILE).unlink(missing_ok=True)
            copy_seen(job.model, job.folder)
            count = write_soft_labels(job.folder, assistant, items, k=job.top_k, about=about)
    return {
        "status": "done",
        "folder": str(job.folder),
        "count_items": len(items),
        "count_soft_labels": count,
    }
