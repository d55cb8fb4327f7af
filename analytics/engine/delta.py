"""Small models as differences: what a fine-tuned model adds to a base that users have.

A delta folder holds `delta.safetensors` and the small files of a model folder. Each
weight matrix of the base gets a difference in 2 bits a number with one scale for each
run of 192 in a row (levels of the best 2-bit quantiser of a normal variable, Max 1960;
scales by least squares); what the base does not have is stored in bfloat16.
"""

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analytics.contract.errors import EngineError
from analytics.contract.json_files import read_object, write_object
from analytics.contract.model_folder import CONTRACT_FILE, share_weights
from analytics.engine.assembly import hash_file

FORMAT_VERSION = 2
WEIGHTS_FILE = "delta.safetensors"
MANIFEST_FILE = "delta.json"
GROUP = 192
_LEVELS = (-1.5104, -0.4528, 0.4528, 1.5104)
_EDGE = 0.9816  # between the two levels of one sign, in units of the root mean square
_REFINEMENTS = 4
# What is copied as it is; the tokenizer is made from the base's.
_SMALL_FILES = (
    "config.json",
    "generation_config.json",
    "processor_config.json",
    "preprocessor_config.json",
    "chat_template.jinja",
    CONTRACT_FILE,
    "calibration.json",
    "trained_on.json",
)


def pack_delta(
    model: Path,
    base: Path,
    target: Path,
    *,
    renames: dict[str, str],
    about: dict[str, Any],
    max_bytes: int | None = None,
) -> dict[str, Any]:
    """Write a delta folder from a model folder and its base; what was stored and how well.

    `renames` maps prefixes of the model's tensor names to those of the base.

    Raises:
        EngineError: no tensor of the model is one of the base, or the delta would
            exceed `max_bytes`. Nothing is written then.
    """
    import torch
    import transformers
    from safetensors.torch import save_file

    ours, theirs = _read_tensors(model), _read_tensors(base)
    stored: dict[str, Any] = {}
    error = total = 0.0
    n_matched = 0
    for name, value in ours.items():
        source = theirs.get(_rename(name, renames))
        if source is None or source.shape[1:] != value.shape[1:] or len(value) < len(source):
            stored[f"full:{name}"] = value.to(torch.bfloat16)
            continue
        n_matched += 1
        if len(value) > len(source):  # new words of the vocabulary
            stored[f"rows:{name}"] = value[len(source) :].to(torch.bfloat16)
        difference = value[: len(source)].float() - source.float()
        if not bool(difference.any()):
            continue
        if difference.dim() < 2 or difference.shape[1] % GROUP:
            stored[f"add:{name}"] = difference.to(torch.bfloat16)
            continue
        codes, scales = _quantise(difference)
        stored[f"codes:{name}"], stored[f"scales:{name}"] = codes, scales
        error += float((_restore(codes, scales) - difference).square().sum())
        total += float(difference.square().sum())
    n_bytes = sum(v.numel() * v.element_size() for v in stored.values())
    _check_pack(model, base, n_matched, len(ours), n_bytes, max_bytes, renames)
    target.mkdir(parents=True, exist_ok=True)
    save_file({k: v.contiguous() for k, v in stored.items()}, target / WEIGHTS_FILE)
    share_weights(target)
    for file in _SMALL_FILES:
        (target / file).unlink(missing_ok=True)  # of a model that was here before
        if (model / file).is_file():
            shutil.copyfile(model / file, target / file)
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(model)
    known: Any = transformers.AutoTokenizer.from_pretrained(base)
    added = [t for t in tokenizer.get_added_vocab() if t not in known.get_vocab()]
    added.sort(key=tokenizer.convert_tokens_to_ids)
    manifest = {
        **about,
        "format_version": FORMAT_VERSION,
        "renames": renames,
        "added_tokens": added,
        "model_max_length": tokenizer.model_max_length,
        "sha256": hash_file(target / WEIGHTS_FILE),
        "base_sha256": _hash_tensors(theirs),
        "count_tensors": len(ours),
        "count_tensors_of_base": n_matched,
        "relative_error": round((error / total) ** 0.5, 4) if total else 0.0,
        "bytes": (target / WEIGHTS_FILE).stat().st_size,
    }
    write_object(target / MANIFEST_FILE, manifest)
    return manifest


def _check_pack(
    model: Path,
    base: Path,
    n_matched: int,
    n_tensors: int,
    n_bytes: int,
    max_bytes: int | None,
    renames: dict[str, str],
) -> None:
    pairs = ", ".join(f"{ours}={theirs}" for ours, theirs in renames.items()) or "none"
    if not n_matched:
        raise EngineError(
            f"{model}: none of its {n_tensors} tensors is one of {base} by name and shape "
            f"(renamed prefixes: {pairs}). Give the base that it was trained from, or the "
            "prefixes that differ (--rename OURS=BASE)"
        )
    if max_bytes is not None and n_bytes > max_bytes:
        raise EngineError(
            f"{model}: its difference to {base} takes {n_bytes / 1e6:.1f} MB, more than "
            f"{max_bytes / 1e6:g} MB; {n_matched} of {n_tensors} tensors are differences, the "
            f"others are stored whole (renamed prefixes: {pairs}). Give another base or other "
            "prefixes, or allow more (--max-megabytes)"
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
    theirs = _read_tensors(base)
    if (found := _hash_tensors(theirs)) != manifest["base_sha256"]:
        raise EngineError(
            f"{delta}: was made against a base with weights {manifest['base_sha256'][:12]}, "
            f"those of {base} are {found[:12]}. Delete that folder so that it is made again, or "
            "install the version of the base that the model was packed with"
        )
    stored = load_file(delta / WEIGHTS_FILE)
    renames = manifest["renames"]
    names = {key.partition(":")[2] for key in stored}
    back = {there: here for here, there in renames.items()}
    names |= {_rename(name, back) for name in theirs}
    whole: dict[str, Any] = {}
    for name in sorted(names):
        if (full := stored.get(f"full:{name}")) is not None:
            whole[name] = full
            continue
        source = theirs.get(_rename(name, renames))
        if source is None:
            raise EngineError(f"{delta}: its base {base} has no tensor for {name!r}")
        value = source.float()
        if (added := stored.get(f"add:{name}")) is not None:
            value = value + added.float()
        if (codes := stored.get(f"codes:{name}")) is not None:
            value = value + _restore(codes, stored[f"scales:{name}"])
        if (rows := stored.get(f"rows:{name}")) is not None:
            value = torch.cat([value, rows.float()])
        whole[name] = value.to(torch.bfloat16)
    save_file(
        {k: v.contiguous() for k, v in whole.items()},
        target / "model.safetensors",
        metadata={"format": "pt"},
    )
    share_weights(target)
    for file in _SMALL_FILES:
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


def _quantise(difference: Any) -> tuple[Any, Any]:
    """Codes (rows, columns / 4) of uint8 and scales (rows, groups) of float16."""
    import torch

    rows, columns = difference.shape
    groups = difference.view(rows, columns // GROUP, GROUP)
    scale = groups.square().mean(-1, keepdim=True).sqrt().clamp(min=1e-12)
    levels = torch.tensor(_LEVELS)
    for _ in range(_REFINEMENTS):
        code = (groups >= 0).long() * 2 + ((groups.abs() >= _EDGE * scale) ^ (groups < 0)).long()
        picked = levels[code]
        scale = (groups * picked).sum(-1, keepdim=True) / picked.square().sum(-1, keepdim=True)
        scale = scale.clamp(min=1e-12)
    code = code.view(rows, columns // 4, 4)
    packed = code[..., 0] | code[..., 1] << 2 | code[..., 2] << 4 | code[..., 3] << 6
    return packed.to(torch.uint8), scale[..., 0].to(torch.float16)


def _restore(codes: Any, scales: Any) -> Any:
    """The difference (rows, columns) in float32."""
    import torch

    rows = codes.shape[0]
    parts = [(codes.long() >> shift) & 3 for shift in (0, 2, 4, 6)]
    code = torch.stack(parts, dim=-1).view(rows, scales.shape[1], GROUP)
    return (torch.tensor(_LEVELS)[code] * scales.float()[..., None]).view(rows, -1)


def _rename(name: str, renames: dict[str, str]) -> str:
    for ours, theirs in renames.items():
        if name.startswith(ours):
            return theirs + name[len(ours) :]
    return name


def _read_tensors(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    tensors: dict[str, Any] = {}
    for file in sorted(folder.glob("*.safetensors")):
        tensors.update(load_file(file))
    if not tensors:
        raise EngineError(f"{folder}: no *.safetensors file")
    return tensors


def _hash_tensors(tensors: Mapping[str, Any]) -> str:
    """The sha256 over names, types, shapes and values: not over how a file is laid out."""
    import torch

    digest = hashlib.sha256()
    for name in sorted(tensors):
        value = tensors[name]
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()
