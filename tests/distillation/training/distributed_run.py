"""Run in each process by test_distributed: a short training; rank 0 writes its losses.

python distributed_run.py TOY_FOLDER ITEMS_PICKLE OUTPUT [fsdp] [lora] [stored] [stop]

`lora` also mixes in the soft labels of an assistant, which is resident, or with `stored` has
left them in a folder beside the output; `stop` stops after three steps. All
processes but the first are slow to write what a checkpoint has of them.
"""

import json
import pickle
import sys
import time
from pathlib import Path
from typing import Any


def make_sharding_accelerator() -> Any:
    """FSDP on the CPU, by the settings in the environment.

    accelerate knows how, but takes that way by itself on GPUs only.
    """
    from accelerate import Accelerator, DistributedType, FullyShardedDataParallelPlugin
    from accelerate.state import PartialState

    plugin = FullyShardedDataParallelPlugin()  # reads what `accelerate launch` has set
    accelerator = Accelerator(cpu=True)
    # Each new AcceleratorState takes the values of the PartialState.
    PartialState().distributed_type = DistributedType.FSDP
    accelerator.state.distributed_type = DistributedType.FSDP
    accelerator.state.fsdp_plugin = plugin
    return accelerator


def make_recipe(*, lora: bool) -> Any:
    """Two epochs; with LoRA half of the loss is an assistant's."""
    from distillation.training.recipe import (
        LossRecipe,
        ModelRecipe,
        OptimRecipe,
        PackRecipe,
        Recipe,
    )

    model = ModelRecipe(frozen=("embed_tokens", "lm_head"))
    if lora:
        model = ModelRecipe(method="lora", lora_rank=4, lora_dropout=0.0)
    return Recipe(
        name="toy",
        model=model,
        loss=LossRecipe(kd_weight=0.5 if lora else 0.0, temperature=2.0),
        optim=OptimRecipe(learning_rate=1e-3, new_learning_rate=1e-3, batch_size=4, n_epochs=2),
        pack=PackRecipe(max_pack_tokens=300, max_tokens=512, max_response_tokens=128),
        checkpoint_every=1,
    )


def make_assistant(toy: Path, items: Any, recipe: Any) -> Any:
    """The toy itself, resident, with other words in its mouth."""
    import torch

    from distillation.training.modeling import load_trainee
    from distillation.training.recipe import ModelRecipe
    from distillation.training.soft_labels import ResidentAssistant

    assistant = load_trainee(toy, ModelRecipe(), device="cpu")
    assistant.model.requires_grad_(False)
    torch.manual_seed(7)
    for parameter in assistant.model.parameters():
        parameter.mul_(1 + 0.1 * torch.randn_like(parameter))
    encoder = assistant.make_encoder(
        max_tokens=recipe.pack.max_tokens, max_response_tokens=recipe.pack.max_response_tokens
    )
    return ResidentAssistant(
        assistant.model,
        encoder,
        items,
        image_token_id=assistant.image_token_id,
        n_words=len(assistant.tokenizer),
        temperature=recipe.loss.temperature,
    )


def read_soft_labels(folder: Path, toy: Path, items: Any, recipe: Any) -> Any:
    """What the assistant stored; the first run, of one process, lets it."""
    from distillation.training.soft_labels import StoredSoftLabels, write_soft_labels

    if not folder.exists():
        assistant = make_assistant(toy, items, recipe)
        write_soft_labels(folder, assistant, items, k=64, about={})
    return StoredSoftLabels(folder, temperature=recipe.loss.temperature)


def delay_checkpoints() -> None:
    """Write this process's part of a checkpoint late."""
    import accelerate.accelerator as module

    save = module.save_accelerator_state

    def save_late(*args: Any, **kwargs: Any) -> Any:
        time.sleep(0.5)
        return save(*args, **kwargs)

    module.save_accelerator_state = save_late


def main() -> None:
    """Train two epochs and write losses and norms of the weights."""
    import torch
    from accelerate import Accelerator

    from distillation.training.loop import train
    from distillation.training.modeling import load_trainee

    toy, items_path, output = map(Path, sys.argv[1:4])
    options = set(sys.argv[4:])
    items = pickle.loads(items_path.read_bytes())
    recipe = make_recipe(lora="lora" in options)
    accelerator = make_sharding_accelerator() if "fsdp" in options else Accelerator(cpu=True)
    folder = output.parent / f"{output.stem.removesuffix('-stop')}-run"
    folder.mkdir(exist_ok=True)
    if not accelerator.is_main_process:
        delay_checkpoints()
    soft_labels: Any = None
    if "stored" in options:
        soft_labels = read_soft_labels(output.parent / "soft", toy, items, recipe)
    elif recipe.loss.kd_weight:
        soft_labels = make_assistant(toy, items, recipe)
    n_done = 0

    def should_stop() -> bool:
        nonlocal n_done
        n_done += 1
        return "stop" in options and n_done == 3

    torch.manual_seed(recipe.seed)  # of new low-rank matrices
    trainee = load_trainee(toy, recipe.model, device="cpu")
    trained = train(
        trainee,
        items,
        recipe,
        folder=folder,
        accelerator=accelerator,
        soft_labels=soft_labels,
        should_stop=should_stop,
    )
    state = trained.state or trainee.model.state_dict()
    if accelerator.is_main_process:
        norms = {name: float(value.float().norm()) for name, value in state.items()}
        result = {
            "n_processes": accelerator.num_processes,
            "kind": str(accelerator.distributed_type),
            "is_finished": trained.is_finished,
            "losses": [row["loss"] for row in trained.rows],
            "norms": norms,
        }
        output.write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
