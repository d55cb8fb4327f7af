"""Small models as differences: what a fine-tuned model adds to a base that users have.

A delta folder holds `delta.safetensors` and the small files of a model folder. Each
weight matrix of the base gets a difference in 2 bits a number with one scale for each
run of 192 in a row; what the base does not have is stored in bfloat16. `distill ship`
(engine/delta_writing.py) makes it, here it is put together.
"""

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analytics.contract.errors import EngineError
from analytics.contract.json_files import read_object
from analytics.contract.model_folder import CONTRACT_FILE, ERRORS_FILE, share_weights
from analytics.engine.assembly import hash_file

FORMAT_VERSION = 2
WEIGHTS_FILE = "delta.safetensors"
MANIFEST_FILE = "delta.json"
GROUP = 192
# Of the best 2-bit quantiser of a normal variable (Max 1960), in units of its scale.
LEVELS = (-1.5104, -0.4528, 0.4528, 1.5104)
# What is copied as it is; the tokenizer is made from the base's.
SMALL_FILES = (
    "config.json",
    "generation_config.json",
    "processor_config.json",
    "preprocessor_config.json",
    "chat_template.jinja",
    CONTRACT_FILE,
    "calibration.json",
    ERRORS_FILE,
    "trained_on.json",
    "reference.json",
)


def read_manifest(delta: Path) -> dict[str, Any]:
    """What a delta folder says of itself.

    Raises:
        EngineError: it is of another format.
    """
    manifest = read_object(delta / MANIFEST_FILE) or {}
    if manifest.get("format_version") != FORMAT_VERSION:
        raise EngineError(
            f"{delta}: delta format {manifest.get('format_version')}, this version reads "
            f"{FORMAT_VERSION}. Install the version of analytics that it was made with"
        )
    return manifest


def apply_delta(delta: Path, base: Path, target: Path) -> None:
    """Write the whole model folder, in bfloat16.

    Raises:
        EngineError: the delta is of another format or of another base, or its
            weights are not those that were packed.
    """
    import torch
    import transformers
    from safetensors.torch import load_file, save_file

    manifest = read_manifest(delta)
    if (found := hash_file(delta / WEIGHTS_FILE)) != manifest["sha256"]:
        raise EngineError(
            f"{delta / WEIGHTS_FILE}: sha256 is {found[:12]}, {MANIFEST_FILE} says "
            f"{manifest['sha256'][:12]}. The file is damaged: copy or install it again"
        )
    theirs = read_tensors(base)
    if (found := hash_tensors(theirs)) != manifest["base_sha256"]:
        raise EngineError(
            f"{delta}: was made against a base with weights {manifest['base_sha256'][:12]}, "
            f"those of {base} are {found[:12]}. Delete that folder so that it is made again, or "
            "install the version of the base that the model was packed with"
        )
    stored = load_file(delta / WEIGHTS_FILE)
    renames = manifest["renames"]
    names = {key.partition(":")[2] for key in stored}
    back = {there: here for here, there in renames.items()}
    names |= {rename_tensor(name, back) for name in theirs}
    whole: dict[str, Any] = {}
    for name in sorted(names):
        if (full := stored.get(f"full:{name}")) is not None:
            whole[name] = full
            continue
        source = theirs.get(rename_tensor(name, renames))
        if source is None:
            raise EngineError(f"{delta}: its base {base} has no tensor for {name!r}")
        value = source.float()
        if (added := stored.get(f"add:{name}")) is not None:
            value = value + added.float()
        if (codes := stored.get(f"codes:{name}")) is not None:
            value = value + restore_difference(codes, stored[f"scales:{name}"])
        if (rows := stored.get(f"rows:{name}")) is not None:
            value = torch.cat([value, rows.float()])
        whole[name] = value.to(torch.bfloat16)
    save_file(
        {k: v.contiguous() for k, v in whole.items()},
        target / "model.safetensors",
        metadata={"format": "pt"},
    )
    share_weights(target)
    for file in SMALL_FILES:
        if (delta / file).is_file():
            shutil.copyfile(delta / file, target / file)
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(base)
    tokenizer.add_tokens(
        [
            transformers.AddedToken(token, special=True, normalized=False)
            for token in manifest["added_tokens"]
        ]
    )
    tokenizer.chat_template = None  # the folder's own file counts
    tokenizer.save_pretrained(target)


def restore_difference(codes: Any, scales: Any) -> Any:
    """The difference (rows, columns) in float32."""
    import torch

    rows = codes.shape[0]
    parts = [(codes.long() >> shift) & 3 for shift in (0, 2, 4, 6)]
    code = torch.stack(parts, dim=-1).view(rows, scales.shape[1], GROUP)
    return (torch.tensor(LEVELS)[code] * scales.float()[..., None]).view(rows, -1)


def rename_tensor(name: str, renames: Mapping[str, str]) -> str:
    """The name in the base: the first prefix that fits is replaced."""
    for ours, theirs in renames.items():
        if name.startswith(ours):
            return theirs + name[len(ours) :]
    return name


def read_tensors(folder: Path) -> dict[str, Any]:
    """All weights of a model folder by name.

    Raises:
        EngineError: it has none.
    """
    from safetensors.torch import load_file

    tensors: dict[str, Any] = {}
    for file in sorted(folder.glob("*.safetensors")):
        tensors.update(load_file(file))
    if not tensors:
        raise EngineError(f"{folder}: no *.safetensors file")
    return tensors


def hash_tensors(tensors: Mapping[str, Any]) -> str:
    """The sha256 over names, types, shapes and values: not over how a file is laid out."""
    import torch

    digest = hashlib.sha256()
    for name in sorted(tensors):
        value = tensors[name]
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()
