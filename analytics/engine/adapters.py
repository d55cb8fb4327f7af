"""LoRA adapters: merged into their base once, then an ordinary model folder.

Both engines so serve the same weights, and an adapter costs nothing at run time. The
price is the disk that a model of the base's size takes in the cache.
"""

import shutil
from pathlib import Path
from typing import Any

from analytics.contract.errors import EngineError, MissingExtraError
from analytics.contract.extras import install_hint
from analytics.contract.json_files import read_object
from analytics.contract.model_folder import (
    CALIBRATION_FILE,
    CONTRACT_FILE,
    ERRORS_FILE,
    share_weights,
)
from analytics.contract.reference import REFERENCE_FILE

ADAPTER_FILE = "adapter_config.json"
WEIGHTS_FILE = "adapter_model.safetensors"
# What an adapter folder says for itself or not at all; most else is its base's.
_OWN_FILES = (CONTRACT_FILE, CALIBRATION_FILE, ERRORS_FILE, "trained_on.json", REFERENCE_FILE)
# True of the base alone.
_BASE_FILES = ("model.json", "model.safetensors.index.json")


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds an adapter and no model of its own."""
    return (folder / ADAPTER_FILE).is_file() and not (folder / "config.json").is_file()


def find_base(adapter: Path) -> str:
    """The name, folder or hub id of the model that an adapter was trained on.

    Raises:
        EngineError: it names none, or has no safetensors weights.
    """
    base = (read_object(adapter / ADAPTER_FILE) or {}).get("base_model_name_or_path")
    if not base or not isinstance(base, str):
        raise EngineError(
            f"{adapter / ADAPTER_FILE}: names no base_model_name_or_path. Write there the name, "
            "folder or hub id of the model that the adapter was trained on"
        )
    if not (adapter / WEIGHTS_FILE).is_file():
        raise EngineError(
            f"{adapter}: no {WEIGHTS_FILE}. Save the adapter in safetensors format (peft does)"
        )
    # A folder may be told from where the adapter lies.
    beside = adapter / base
    return str(beside.resolve()) if base.startswith(".") and beside.is_dir() else base


def merge_adapter(adapter: Path, base: Path, target: Path, *, accepts_images: bool) -> None:
    """Write the base with the adapter in its weights, in the base's number type.

    Raises:
        MissingExtraError: peft is not installed.
        EngineError: the adapter does not go with the base.
    """
    import transformers

    try:
        import peft
    except ImportError as exc:
        raise MissingExtraError(
            f"{adapter}: merging an adapter needs peft. {install_hint('lora')}"
        ) from exc
    kind: Any = (
        transformers.AutoModelForImageTextToText
        if accepts_images
        else transformers.AutoModelForCausalLM
    )
    try:
        model = kind.from_pretrained(base, dtype="auto", local_files_only=True)
        merged = peft.PeftModel.from_pretrained(model, adapter).merge_and_unload(safe_merge=True)
    except Exception as exc:  # shapes, names, versions: peft and torch raise many kinds
        raise EngineError(
            f"adapter {adapter} cannot be merged into {base} ({type(exc).__name__}: {exc}). Check "
            f"base_model_name_or_path in its {ADAPTER_FILE}"
        ) from exc
    for file in base.iterdir():
        is_left_out = file.suffix == ".safetensors" or file.name in (*_OWN_FILES, *_BASE_FILES)
        if file.is_file() and not is_left_out:
            shutil.copyfile(file, target / file.name)
    merged.save_pretrained(target)
    share_weights(target)
    for name in _OWN_FILES:
        if (adapter / name).is_file():
            shutil.copyfile(adapter / name, target / name)
