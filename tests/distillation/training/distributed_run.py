"""Run in each process by test_distributed: a short training; rank 0 writes its losses.

python distributed_run.py TOY_FOLDER ITEMS_PICKLE OUTPUT [fsdp]
"""

import json
import pickle
import sys
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


def main() -> None:
    """Train two epochs and write losses and a sum of the weights."""
    from accelerate import Accelerator

    from distillation.training.loop import train
    from distillation.training.modeling import load_trainee
    from distillation.training.recipe import ModelRecipe, OptimRecipe, PackRecipe, Recipe

    toy, items_path, output = map(Path, sys.argv[1:4])
    items = pickle.loads(items_path.read_bytes())
    recipe = Recipe(
        name="toy",
        model=ModelRecipe(frozen=("embed_tokens", "lm_head")),
        optim=OptimRecipe(learning_rate=1e-3, new_learning_rate=1e-3, batch_size=4, n_epochs=2),
        pack=PackRecipe(max_pack_tokens=300, max_tokens=512, max_response_tokens=128),
    )
    accelerator = make_sharding_accelerator() if "fsdp" in sys.argv[4:] else Accelerator(cpu=True)
    trainee = load_trainee(toy, recipe.model, device="cpu")
    folder = output.parent / f"{output.stem}-run"
    folder.mkdir(exist_ok=True)
    trained = train(trainee, items, recipe, folder=folder, accelerator=accelerator)
    state = trained.state or trainee.model.state_dict()
    if accelerator.is_main_process:
        norms = {name: float(value.float().norm()) for name, value in state.items()}
        result = {
            "n_processes": accelerator.num_processes,
            "kind": str(accelerator.distributed_type),
            "losses": [row["loss"] for row in trained.rows],
            "norms": norms,
        }
        output.write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
