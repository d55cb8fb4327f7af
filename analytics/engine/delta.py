"""Small models as differences: what a fine-tuned model adds to a base that users have.

A delta folder holds `delta.safetensors` and the small files of a model folder. Each
weight matrix of the base gets a difference in 2 bits a number with one scale for each
run of 192 in a row (levels of the best 2-bit quantiser of a normal variable, Max 1960;
scales by least squares); what the base does not have is stored in bfloat16.
"""

import shutil
from pathlib import Path
from typing import Any

from analytics.contract.errors import EngineError
from analytics.contract.json_files import read_object, write_object
from analytics.engine.assembly import hash_file

FORMAT_VERSION = 1
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
    "contract.json",
    "calibration.json",
    "trained_on.json",
)


def pack_delta(
    model: Path, base: Path, target: Path, *, renames: dict[str, str], about: dict[str, Any]
) -> dict[str, Any]:
    """Write a delta folder from a model folder and its base; what was stored and how well.

    `renames` maps prefixes of the model's tensor names to those of the base.
    """
    import torch
    import transformers
    from safetensors.torch import save_file

    ours, theirs = _read_tensors(model), _read_tensors(base)
    stored: dict[str, Any] = {}
    error = total = 0.0
    for name, value in ours.items():
        source = theirs.get(_rename(name, renames))
        if source is None or source.shape[1:] != value.shape[1:] or len(value) < len(source):
            stored[f"full:{name}"] = value.to(torch.bfloat16)
            continue
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
    target.mkdir(parents=True, exist_ok=True)
    save_file({k: v.contiguous() for k, v in stored.items()}, target / WEIGHTS_FILE)
    for file in _SMALL_FILES:
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
        "relative_error": round((error / total) ** 0.5, 4) if total else 0.0,
        "bytes": (target / WEIGHTS_FILE).stat().st_size,
    }
    write_object(target / MANIFEST_FILE, manifest)
    return manifest


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
        EngineError: the delta is of another format, or of another base.
    """
    import torch
    import transformers
    from safetensors.torch import load_file, save_file

    manifest = read_manifest(delta)
    stored, theirs = load_file(delta / WEIGHTS_FILE), _read_tensors(base)
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
