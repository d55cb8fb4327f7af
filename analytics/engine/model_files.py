"""What engines read from a model folder besides its weights."""

from pathlib import Path
from typing import Any

from analytics.contract.errors import ConfigError, EngineError
from analytics.contract.json_files import read_object
from analytics.contract.rendering import DEFAULT_MAX_MODEL_LEN
from analytics.engine.models import ModelFolder


def load_tokenizer(folder: ModelFolder) -> tuple[Any, Any]:
    """The tokenizer of a folder and, if it takes pictures, its processor (else None).

    Raises:
        EngineError: they cannot be loaded.
    """
    import transformers

    try:
        if not folder.accepts_images:
            return (
                transformers.AutoTokenizer.from_pretrained(folder.path, local_files_only=True),
                None,
            )
        loader: Any = transformers.AutoProcessor
        processor = loader.from_pretrained(folder.path, local_files_only=True)
    except Exception as exc:  # a folder can be broken in many ways
        hint = ". Install torchvision beside torch" if "torchvision" in str(exc).lower() else ""
        raise EngineError(
            f"model {folder.name!r}: its tokenizer or processor cannot be loaded from "
            f"{folder.path} ({type(exc).__name__}: {exc}){hint}"
        ) from exc
    return processor.tokenizer, processor


def limit_model_len(folder: Path, wanted: Any) -> int:
    """Tokens of prompt and reply together: what is wanted, or less if the model ends there.

    Raises:
        ConfigError: what is wanted is no whole number above 0.
    """
    limit = DEFAULT_MAX_MODEL_LEN if wanted is None else wanted
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise ConfigError(
            f"max_model_len in [model] options is {wanted!r}: must be a whole number above 0"
        )
    config = read_object(folder / "config.json") or {}
    for part in (config, config.get("text_config") or {}):
        known = part.get("max_position_embeddings")
        if isinstance(known, int):
            return min(limit, known)
    return limit


def list_eos_ids(folder: Path, tokenizer: Any) -> list[int]:
    """The tokens that end a reply: generation settings, else configuration and tokenizer.

    Raises:
        EngineError: the model names none.
    """
    config = read_object(folder / "config.json") or {}
    generation = read_object(folder / "generation_config.json") or {}
    for found in (
        generation.get("eos_token_id"),
        config.get("eos_token_id"),
        (config.get("text_config") or {}).get("eos_token_id"),
        tokenizer.eos_token_id,
    ):
        ids = [found] if isinstance(found, int) else list(found or [])
        if ids:
            return [int(i) for i in ids]
    raise EngineError(
        f"{folder}: names no end token, so its replies would never end. Add eos_token_id to its "
        "generation_config.json"
    )
