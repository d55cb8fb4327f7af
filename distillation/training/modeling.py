"""Loading a model to be trained, choosing what learns, and writing what was learned."""

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from analytics.contract.digests import training_digest
from analytics.contract.errors import MissingExtraError, TrainingError
from analytics.contract.extras import install_hint
from analytics.contract.json_files import read_object, write_object
from analytics.contract.model_folder import CONTRACT_FILE, drop_origin, share_weights
from distillation.training.recipe import ModelRecipe, OptimRecipe, PackRecipe, Recipe
from distillation.training.sequences import Encoder
from distillation.training.suitability import check_config, check_passes, find_reach
from distillation.training.tree_attention import register_tree_attention

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainee:
    """A model with all that is needed to feed it.

    `reach` is how many tokens, itself included, a token sees; None: all before it.
    """

    model: Any
    tokenizer: Any
    processor: Any
    image_token_id: int | None
    eos_id: int
    reach: int | None = None

    def encoder_of(self, pack: PackRecipe) -> Encoder:
        """The encoder for a recipe's token budgets; raises as `make_encoder` does."""
        return self.make_encoder(
            max_tokens=pack.max_tokens, max_response_tokens=pack.max_response_tokens
        )

    def make_encoder(self, *, max_tokens: int, max_response_tokens: int) -> Encoder:
        """An encoder for this model's tokenizer, pictures and positions.

        Raises:
            TrainingError: sequences may be longer than a token of this model can see.
        """
        if self.reach is not None and max_tokens > self.reach:
            raise TrainingError(
                f"a token of this model sees {self.reach} tokens at most (sliding_window or "
                f"attention_chunk_size of its config.json), which training in packs does not "
                f"know of; pack.max_tokens = {max_tokens} is more. Lower it, or take another model"
            )
        return Encoder(
            self.tokenizer,
            processor=self.processor,
            locate=_find_locator(self.model),
            eos_id=self.eos_id,
            max_tokens=max_tokens,
            max_response_tokens=max_response_tokens,
        )


def load_trainee(folder: Path, recipe: ModelRecipe, *, device: Any) -> Trainee:
    """Load a model folder and make the recipe's parameters trainable.

    Raises:
        TrainingError: the folder cannot be loaded, its attention does not go with packs,
            or nothing in it would learn.
        MissingExtraError: LoRA is asked for and peft is not installed.
    """
    import torch
    import transformers

    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        takes_images = "vision_config" in config
        if takes_images:
            loader: Any = transformers.AutoProcessor
            processor = loader.from_pretrained(folder, local_files_only=True)
            tokenizer = processor.tokenizer
            kind: Any = transformers.AutoModelForImageTextToText
        else:
            processor = None
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
            kind = transformers.AutoModelForCausalLM
        model = kind.from_pretrained(
            folder,
            dtype=getattr(torch, recipe.dtype),
            attn_implementation=register_tree_attention(),
            local_files_only=True,
        )
    except Exception as exc:  # a folder can be broken in many ways
        raise TrainingError(
            f"model {folder}: cannot be loaded for training ({type(exc).__name__}: {exc})"
        ) from exc
    check_config(model.config, folder)
    trainee = Trainee(
        model=model.to(device),
        tokenizer=tokenizer,
        processor=processor,
        image_token_id=getattr(model.config, "image_token_id", None),
        eos_id=_find_eos(model, tokenizer, folder),
    )
    reach = find_reach(model.config)
    check_passes(
        model,
        trainee.make_encoder(max_tokens=4096, max_response_tokens=1024),
        image_token_id=trainee.image_token_id,
        reach=reach,
        folder=folder,
    )
    if recipe.is_checkpointing_gradients:
        model.gradient_checkpointing_enable({"use_reentrant": False})
        # Without it, no gradient enters checkpointed blocks when embeddings are frozen.
        model.enable_input_require_grads()
    if recipe.method == "lora":
        model = _add_lora(model, recipe)
    else:
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(not any(re.search(p, name) for p in recipe.frozen))
    if not any(p.requires_grad for p in model.parameters()):
        raise TrainingError(
            f"model {folder}: the recipe freezes all parameters (model.frozen = "
            f"{list(recipe.frozen)}); nothing would learn. Take a pattern out"
        )
    return replace(trainee, model=model.to(device), reach=reach)


def write_model(
    trainee: Trainee, folder: Path, *, recipe: Recipe, about: Mapping[str, Any]
) -> None:
    """Write an ordinary model folder with a contract stamp; LoRA is merged into it.

    Raises:
        TrainingError: the weights cannot be written.
    """
    from safetensors import SafetensorError

    model = trainee.model
    if recipe.model.method == "lora":
        model = model.merge_and_unload()
    try:
        model.save_pretrained(folder)
        share_weights(folder)
        drop_origin(folder)
    except (OSError, SafetensorError) as exc:
        raise TrainingError(
            f"{folder}: the model cannot be written ({exc}). Make room, and run the same command: "
            "it goes on from the last checkpoint"
        ) from exc
    (trainee.processor or trainee.tokenizer).save_pretrained(folder)
    stamp = {
        "training_digest": training_digest(),
        "description": recipe.description or f"{recipe.name}, trained for this task",
        "recipe": asdict(recipe),
        **about,
    }
    write_object(folder / CONTRACT_FILE, stamp)
    generation = folder / "generation_config.json"
    values = read_object(generation) or {}
    values.setdefault("eos_token_id", trainee.eos_id)
    write_object(generation, values)


def group_parameters(named: Mapping[str, Any], optim: OptimRecipe) -> list[dict[str, Any]]:
    """AdamW groups: new parts with their own rate; no decay for vectors (norms, biases)."""
    groups: dict[tuple[float, float], list[Any]] = {}
    for name, parameter in named.items():
        is_new = any(re.search(pattern, name) for pattern in optim.new_parameters)
        rate = optim.new_learning_rate if is_new else optim.learning_rate
        decay = optim.weight_decay if parameter.dim() > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return [
        {"params": found, "lr": rate, "base_lr": rate, "weight_decay": decay}
        for (rate, decay), found in groups.items()
    ]


def _add_lora(model: Any, recipe: ModelRecipe) -> Any:
    try:
        import peft
    except ImportError as exc:
        raise MissingExtraError(f"method = 'lora' needs peft. {install_hint('distill')}") from exc
    config = peft.LoraConfig(
        r=recipe.lora_rank,
        lora_alpha=recipe.lora_alpha,
        lora_dropout=recipe.lora_dropout,
        target_modules=recipe.lora_targets,
        task_type="CAUSAL_LM",
    )
    try:
        return peft.get_peft_model(model, config)
    except ValueError as exc:
        raise TrainingError(
            f"LoRA: no module matches model.lora_targets = {recipe.lora_targets!r} ({exc})"
        ) from exc


def _find_eos(model: Any, tokenizer: Any, folder: Path) -> int:
    for found in (
        getattr(model.generation_config, "eos_token_id", None),
        getattr(model.config, "eos_token_id", None),
        tokenizer.eos_token_id,
    ):
        if found is not None:
            return int(found[0] if isinstance(found, list) else found)
    raise TrainingError(f"{folder}: names no end token. Add eos_token_id to generation_config.json")


def _find_locator(model: Any) -> Any:
    """A function from ids (n,) and pixels to positions (3, n); None for plain positions."""
    inner = getattr(model, "base_model", model)
    owner = next((m for m in (inner, *inner.modules()) if hasattr(type(m), "get_rope_index")), None)
    if owner is None:
        return None
    import numpy as np
    import torch

    image_token_id = model.config.image_token_id
    find = owner.get_rope_index

    def locate(ids: Any, pixels: Mapping[str, Any]) -> Any:
        if not pixels:
            return np.broadcast_to(np.arange(len(ids)), (3, len(ids)))
        tensor = torch.from_numpy(ids)[None]
        positions, _ = find(
            input_ids=tensor,
            mm_token_type_ids=(tensor == image_token_id).int(),
            image_grid_thw=pixels.get("image_grid_thw"),
        )
        return positions[:, 0].numpy()

    return locate
