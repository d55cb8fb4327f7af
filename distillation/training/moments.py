"""What the matrices of a model get to see: second moments of their inputs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from distillation.training.modeling import load_trainee
from distillation.training.packing import pack_items
from distillation.training.recipe import ModelRecipe, PackRecipe
from distillation.training.sequences import TrainingItem

_PACK = PackRecipe(max_response_tokens=320)


def collect_moments(model: Path, items: Sequence[TrainingItem], *, dtype: str) -> dict[str, Any]:
    """Sums of x x^T (columns, columns) over the inputs of each linear layer, by weight name.

    Items run as packs, so the system prompt that all share counts once a pack. Memory:
    4 bytes times columns squared for each layer, so for small models only.
    """
    import torch

    recipe = ModelRecipe(dtype=dtype)
    trainee = load_trainee(model, recipe, device="cpu")
    trainee.model.eval()
    moments: dict[str, Any] = {}

    def watch(name: str) -> Any:
        def add(_module: Any, inputs: tuple[Any, ...], _output: Any) -> None:
            x = inputs[0].detach().float().reshape(-1, inputs[0].shape[-1])
            moments[name] = moments[name] + x.T @ x if name in moments else x.T @ x

        return add

    for name, module in trainee.model.named_modules():
        if isinstance(module, torch.nn.Linear):
            module.register_forward_hook(watch(f"{name}.weight"))
    encoder = trainee.make_encoder(
        max_tokens=_PACK.max_tokens, max_response_tokens=_PACK.max_response_tokens
    )
    encoded = map(encoder.encode, items)
    packs = pack_items(
        encoded, max_tokens=_PACK.max_pack_tokens, image_token_id=trainee.image_token_id
    )
    with torch.inference_mode():
        for pack in packs:
            trainee.model(**pack.make_inputs("cpu"))
    return moments
