"""What training and serving agree on about a model folder, besides its weights."""

import hashlib
import os
from pathlib import Path
from typing import Any

from analytics.contract.json_files import read_object, write_object
from analytics.contract.prompts import PARTS

# The stamp of the training contract, see `digests.training_digest`.
CONTRACT_FILE = "contract.json"
# Temperature and bias, see `analytics.engine.calibration`.
CALIBRATION_FILE = "calibration.json"
# What the model gets wrong on labelled data, see `analytics.estimates.model_errors`.
ERRORS_FILE = "errors.json"


def digest_calibration(folder: Path) -> str | None:
    """The sha256 of a folder's `calibration.json`; None without one."""
    try:
        return hashlib.sha256((folder / CALIBRATION_FILE).read_bytes()).hexdigest()
    except FileNotFoundError:
        return None


def find_empty_parts(folder: Path) -> list[str]:
    """The parts of a rationale that a model was taught to leave out.

    Its stamp says so: 0 sentences in `pack.part_sentences` of the recipe.
    """
    sentences = read_pack(folder).get("part_sentences")
    if not isinstance(sentences, list):
        return []
    return [part for part, n in zip(PARTS, sentences, strict=False) if n == 0]


def read_pack(folder: Path) -> dict[str, Any]:
    """`[pack]` of the recipe that a model folder was trained with; {} where it does not say."""
    stamp = read_object(folder / CONTRACT_FILE) or {}
    recipe = stamp.get("recipe")
    pack = recipe.get("pack") if isinstance(recipe, dict) else None
    return pack if isinstance(pack, dict) else {}


def drop_origin(folder: Path) -> None:
    """Take the place that a model was read from out of its `config.json`.

    transformers writes it into configurations within one: a path of the machine that
    trained the model, which others have no use for.

    Raises:
        EngineError: the file cannot be read.
        OSError: it cannot be written.
    """
    path = folder / "config.json"
    values = read_object(path)
    if values is not None and (kept := _drop_key(values, "_name_or_path")) != values:
        write_object(path, kept)


def _drop_key(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _drop_key(kept, name) for key, kept in value.items() if key != name}
    return value


def share_weights(folder: Path) -> None:
    """Let those read a folder's weights who may read any other new file.

    safetensors writes them for their owner alone, whatever the umask says, so that a
    model trained by one account could not be served by another.

    Raises:
        OSError: a file is another account's.
    """
    umask = os.umask(0o077)
    os.umask(umask)
    for file in folder.glob("*.safetensors"):
        file.chmod(0o666 & ~umask)
