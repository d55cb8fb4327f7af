"""The training loop of assistant and student; reads from top to bottom.

One optimisation step: its items are encoded, packed by shared prefixes and run pack by
pack; losses are sums divided by the counts of the whole step, over all processes.
"""

import contextlib
import json
import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from analytics.contract.errors import TrainingError
from distillation.training.batches import Plan, share_items
from distillation.training.checkpoint import (
    find_checkpoint,
    load_checkpoint,
    save_checkpoint,
)
from distillation.training.identity import describe_training
from distillation.training.losses import label_loss, mix_losses, response_loss
from distillation.training.modeling import Trainee, group_parameters
from distillation.training.packing import Pack, pack_items
from distillation.training.recipe import Recipe
from distillation.training.schedules import rate_factor
from distillation.training.sequences import Encoder, TrainingItem, make_filler
from distillation.training.soft_labels import SoftLabels
from distillation.training.weights import Weights

logger = logging.getLogger(__name__)

LOG_FILE = "log.jsonl"


@dataclass(slots=True, kw_only=True)
class Trained:
    """What a training gave: the log's rows, and the state dict if it is sharded."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    state: dict[str, Any] | None = None
    is_finished: bool = True


def train(
    trainee: Trainee,
    items: Sequence[TrainingItem],
    recipe: Recipe,
    *,
    folder: Path,
    soft_labels: SoftLabels | None = None,
    accelerator: Any = None,
    identity: Mapping[str, Any] | None = None,
    on_epoch: Callable[[int, Any], dict[str, Any]] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Trained:
    """Train in place; goes on from the newest checkpoint in `folder`, if there is one.

    That must be of the same `identity` (`describe_training`, by default without sources).
    `on_epoch(epoch, model)` scores the model; its figures go into the log. The log has
    one row a step: losses apart (cls, rea, and soft ones), learning rate, tokens.

    Raises:
        TrainingError: no items, or a loss that is not finite.
    """
    import torch
    from accelerate import Accelerator

    if not items:
        raise TrainingError("there is nothing to train on: the data hold no items")
    if recipe.loss.kd_weight > 0 and soft_labels is None:
        raise TrainingError("loss.kd_weight is above 0, but no soft labels were given")
    torch.manual_seed(recipe.seed)
    accelerator = accelerator or Accelerator()
    optim = recipe.optim
    plan = Plan(items=items, batch_size=optim.batch_size, n_epochs=optim.n_epochs, seed=recipe.seed)
    weights = Weights(
        trainee.model,
        first_step=int(optim.average_from * plan.n_steps),
        every=optim.average_every,
    )
    identity = identity or describe_training(recipe, items, n_processes=accelerator.num_processes)
    is_sharded = "FSDP" in str(accelerator.distributed_type)
    if weights.has_copies and is_sharded:
        raise TrainingError(
            "model.dtype = 'bfloat16' does not go together with FSDP. Set it to 'float32' and let "
            "FSDP's mixed precision choose the number type (docs/distillation)"
        )
    if is_sharded and optim.average_from < 1:
        # accelerate writes such state once, for all processes: a mean of pieces would be lost.
        raise TrainingError(
            "optim.average_from below 1 does not go together with FSDP. Set it to 1"
        )
    optimizer = torch.optim.AdamW(
        group_parameters(weights.masters, optim),
        betas=(optim.beta_1, optim.beta_2),
        fused=accelerator.device.type in ("cpu", "cuda"),
    )
    model, optimizer = accelerator.prepare(trainee.model, optimizer)
    if is_sharded:
        weights.rebind(model)
    accelerator.register_for_checkpointing(weights)
    encoder = trainee.encoder_of(recipe.pack)
    label_ids = torch.tensor(encoder.label_ids, device=accelerator.device)
    autocast = make_autocast(recipe, accelerator.device.type)
    trained = Trained()
    first_step = 0
    if (found := find_checkpoint(folder)) is not None:
        first_step, trained.rows = load_checkpoint(found, accelerator, identity)
        logger.info("going on from step %d of %d", first_step, plan.n_steps)
    model.train()
    for step, packs in _prepare(plan, first_step, encoder, trainee, recipe, accelerator):
        started = time.monotonic()
        rate = rate_factor(
            step, plan.n_steps, share_warmup=optim.share_warmup, decay=optim.schedule
        )
        for group in optimizer.param_groups:
            group["lr"] = group["base_lr"] * rate
        sums = _run_step(
            *(model, weights, packs, recipe, soft_labels, label_ids),
            accelerator=accelerator,
            autocast=autocast,
        )
        # Sharded models want their own list of parameters; theirs have no copies.
        learning = weights.masters.values() if weights.has_copies else model.parameters()
        norm = accelerator.clip_grad_norm_(learning, optim.max_grad_norm)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        weights.put_values()
        weights.average(step)
        row = {"step": step + 1, "rate": rate, **sums, "grad_norm": float(norm)}
        if not math.isfinite(row["loss"]):
            raise TrainingError(
                f"step {step + 1}: the loss is {row['loss']}. Lower optim.learning_rate, or train "
                "in float32 (model.autocast = '')"
            )
        row["seconds"] = round(time.monotonic() - started, 3)
        trained.rows.append(row)
        if (step + 1) % 10 == 0 or step + 1 == plan.n_steps:
            logger.info("step %d of %d: %s", step + 1, plan.n_steps, _shorten(row))
        is_epoch_end = (step + 1) % plan.n_steps_per_epoch == 0
        if is_epoch_end and on_epoch is not None:
            epoch = (step + 1) // plan.n_steps_per_epoch
            row.update(on_epoch(epoch, model))
            if step + 1 == plan.n_steps and weights.has_mean:
                with weights.with_means():
                    scores = on_epoch(epoch, model)
                row.update({f"average_{key}": value for key, value in scores.items()})
        is_due = recipe.checkpoint_every and (step + 1) % recipe.checkpoint_every == 0
        stops = _agree(accelerator, should_stop())
        if (is_due or stops) and step + 1 < plan.n_steps:
            save_checkpoint(folder, step + 1, accelerator, identity, trained.rows)
            _write_log(folder, accelerator, trained.rows)
        if stops and step + 1 < plan.n_steps:
            trained.is_finished = False
            return trained
    weights.finish()
    if accelerator.num_processes > 1:
        trained.state = accelerator.get_state_dict(model)
    _write_log(folder, accelerator, trained.rows)
    return trained


def _write_log(folder: Path, accelerator: Any, rows: list[dict[str, Any]]) -> None:
    """The rows of all steps so far, for who watches a long training."""
    if accelerator.is_main_process:
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / LOG_FILE).write_text(lines, encoding="utf-8")


def _agree(accelerator: Any, stops: bool) -> bool:
    """Whether any process was asked to stop: all of them leave after the same step, or none."""
    import torch

    if accelerator.num_processes == 1:
        return stops
    flag = torch.tensor([float(stops)], device=accelerator.device)
    return bool(accelerator.reduce(flag, reduction="sum").item())


def _run_step(
    model: Any,
    weights: Weights,
    packs: Sequence[Pack],
    recipe: Recipe,
    soft_labels: SoftLabels | None,
    label_ids: Any,
    *,
    accelerator: Any,
    autocast: Any,
) -> dict[str, float]:
    """Forward and backward of all packs of a step; the step's mean losses.

    Gradients add up in `weights`.
    """
    import torch

    device = accelerator.device
    n_labels = sum(p.sequence.purpose == "label" for pack in packs for p in pack.pieces)
    n_responses = sum(
        len(p.sequence.response_ids)
        for pack in packs
        for p in pack.pieces
        if p.sequence.purpose == "rationale"
    )
    counts = torch.tensor([n_labels, n_responses], device=device, dtype=torch.float64)
    counts = accelerator.reduce(counts, reduction="sum")
    # Processes average their gradients, the losses are means over all of them.
    scale_label, scale_response = (accelerator.num_processes / counts.clamp(min=1)).tolist()
    sums = torch.zeros(4, dtype=torch.float64, device=device)
    for number, pack in enumerate(packs):
        is_last = number == len(packs) - 1
        with contextlib.nullcontext() if is_last else accelerator.no_sync(model), autocast():
            logits = model(**pack.make_inputs(device)).logits[0]
            hard = _hard_losses(pack, logits, label_ids)
            soft = (
                soft_labels.compute(pack, logits, label_ids)
                if soft_labels is not None
                else (logits.sum() * 0.0, logits.sum() * 0.0)
            )
            parts = [
                hard[0] * scale_label,
                hard[1] * scale_response,
                soft[0] * scale_label,
                soft[1] * scale_response,
            ]
            accelerator.backward(mix_losses(parts, recipe.loss))
        # Several processes add up their gradients in the model until the last pack.
        if is_last or accelerator.num_processes == 1:
            weights.take_gradients()
        sums += torch.stack([part.detach().double() for part in parts])
    means = (accelerator.reduce(sums, reduction="sum") / accelerator.num_processes).tolist()
    names = ("hard_cls", "hard_rea", "soft_cls", "soft_rea")
    found = dict(zip(names, means, strict=True))
    found["loss"] = mix_losses(means, recipe.loss)
    found["n_labels"], found["n_responses"] = counts.tolist()
    found["n_tokens"] = float(sum(len(pack.token_ids) for pack in packs))
    return found


def _hard_losses(pack: Pack, logits: Any, label_ids: Any) -> tuple[Any, Any]:
    """Summed hard losses of a pack: over labels, over response positions."""
    import torch

    label_at = [p.start for p in pack.pieces if p.sequence.purpose == "label"]
    classes = [
        int(p.sequence.response_ids[0]) for p in pack.pieces if p.sequence.purpose == "label"
    ]
    response_at = [
        i for p in pack.pieces if p.sequence.purpose == "rationale" for i in range(p.start, p.stop)
    ]
    targets = [
        t for p in pack.pieces if p.sequence.purpose == "rationale" for t in p.sequence.response_ids
    ]
    zero = logits.sum() * 0.0
    label_sum, response_sum = zero, zero
    if label_at:
        wanted = torch.tensor(classes, device=logits.device)
        label_sum = label_loss(logits[label_at], label_ids, wanted)
    if response_at:
        wanted = torch.tensor(targets, device=logits.device)
        response_sum = response_loss(logits[response_at], wanted)
    return label_sum, response_sum


def _prepare(
    plan: Plan,
    first_step: int,
    encoder: Encoder,
    trainee: Trainee,
    recipe: Recipe,
    accelerator: Any,
) -> Iterator[tuple[int, list[Pack]]]:
    """Steps and their packs; the next step is encoded while one computes."""
    import torch

    rank, n_ranks = accelerator.process_index, accelerator.num_processes
    filler = make_filler(encoder) if n_ranks > 1 else None
    pack = partial(
        pack_items,
        max_tokens=recipe.pack.max_pack_tokens,
        image_token_id=trainee.image_token_id,
        filler=filler,
    )

    def encode(step: int, items: list[TrainingItem]) -> tuple[int, list[Pack]]:
        share = share_items(items, rank, n_ranks)
        return step, list(pack(encoder.encode(item) for item in share))

    def level(step: int, packs: list[Pack]) -> tuple[int, list[Pack]]:
        """The same number of packs in all processes: sharded models need it."""
        if filler is not None:
            count = torch.tensor([len(packs)], device=accelerator.device)
            most = int(accelerator.gather(count).max())
            packs = [*packs, *(next(pack([])) for _ in range(most - len(packs)))]
        return step, packs

    with ThreadPoolExecutor(1) as pool:
        pending: Any = None
        for step, items in plan.iterate(first_step):
            following = pool.submit(encode, step, items)
            if pending is not None:
                yield level(*pending.result())
            pending = following
        if pending is not None:
            yield level(*pending.result())


def make_autocast(recipe: Recipe, device_type: str) -> Callable[[], Any]:
    """A maker of contexts in which matrix products run in the recipe's number type."""
    import torch

    if not recipe.model.autocast:
        return contextlib.nullcontext
    dtype = getattr(torch, recipe.model.autocast)
    return lambda: torch.autocast(device_type, dtype)


def _shorten(row: dict[str, Any]) -> str:
    shown = ("loss", "hard_cls", "hard_rea", "soft_cls", "soft_rea", "grad_norm", "seconds")
    return " ".join(f"{key} {row[key]:.4g}" for key in shown if row.get(key))
