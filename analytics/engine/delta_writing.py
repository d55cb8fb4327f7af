"""Writing a delta folder from a trained model and its base."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analytics.contract.errors import EngineError
from analytics.contract.json_files import write_object
from analytics.contract.model_folder import drop_origin, share_weights
from analytics.engine.assembly import hash_file
from analytics.engine.delta import (
    FORMAT_VERSION,
    GROUP,
    MANIFEST_FILE,
    SMALL_FILES,
    WEIGHTS_FILE,
    hash_tensors,
    read_tensors,
    rename_tensor,
    restore_difference,
)
from analytics.engine.rounding import round_fitted, round_nearest, sum_outputs


def pack_delta(
    model: Path,
    base: Path,
    target: Path,
    *,
    renames: Mapping[str, str],
    about: dict[str, Any],
    moments: Mapping[str, Any] | None = None,
    max_bytes: int | None = None,
) -> dict[str, Any]:
    """Write a delta folder from a model folder and its base; what was stored and how well.

    `renames` maps prefixes of the model's tensor names to those of the base; `moments`
    (`collect_moments`) let the rounding of those matrices keep their outputs.

    Raises:
        EngineError: no tensor of the model is one of the base, or the delta would
            exceed `max_bytes`. Nothing is written then.
    """
    import torch
    import transformers
    from safetensors.torch import save_file

    ours, theirs = read_tensors(model), read_tensors(base)
    stored: dict[str, Any] = {}
    # Pairs of squared error and square: of the differences, and of the fitted ones' outputs.
    numbers: list[tuple[float, float]] = []
    outputs: list[tuple[float, float]] = []
    n_matched = 0
    for name, value in ours.items():
        source = theirs.get(rename_tensor(name, renames))
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
        found = (moments or {}).get(name)
        is_fitted = found is not None
        codes, scales = round_fitted(difference, found) if is_fitted else round_nearest(difference)
        stored[f"codes:{name}"], stored[f"scales:{name}"] = codes, scales
        error = restore_difference(codes, scales) - difference
        numbers.append((float(error.square().sum()), float(difference.square().sum())))
        if is_fitted:
            outputs.append((sum_outputs(error, found), sum_outputs(difference, found)))
    n_bytes = sum(v.numel() * v.element_size() for v in stored.values())
    _check_pack(model, base, n_matched, len(ours), n_bytes, max_bytes, renames)
    target.mkdir(parents=True, exist_ok=True)
    save_file({k: v.contiguous() for k, v in stored.items()}, target / WEIGHTS_FILE)
    share_weights(target)
    copy_small_files(model, target)
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(model)
    known: Any = transformers.AutoTokenizer.from_pretrained(base)
    added = [t for t in tokenizer.get_added_vocab() if t not in known.get_vocab()]
    added.sort(key=tokenizer.convert_tokens_to_ids)
    manifest = {
        **about,
        "format_version": FORMAT_VERSION,
        "renames": dict(renames),
        "added_tokens": added,
        "model_max_length": tokenizer.model_max_length,
        "sha256": hash_file(target / WEIGHTS_FILE),
        "base_sha256": hash_tensors(theirs),
        "count_tensors": len(ours),
        "count_tensors_of_base": n_matched,
        "count_tensors_fitted": len(outputs),
        "relative_error": _take_ratio(numbers),
        "relative_error_of_outputs": _take_ratio(outputs) if outputs else None,
        "bytes": (target / WEIGHTS_FILE).stat().st_size,
    }
    write_object(target / MANIFEST_FILE, manifest)
    return manifest


def copy_small_files(model: Path, target: Path) -> None:
    """What of a model folder comes along as it is, but for the place it was trained at."""
    for file in SMALL_FILES:
        (target / file).unlink(missing_ok=True)  # of a model that was here before
        if (model / file).is_file():
            shutil.copyfile(model / file, target / file)
    drop_origin(target)


def _check_pack(
    model: Path,
    base: Path,
    n_matched: int,
    n_tensors: int,
    n_bytes: int,
    max_bytes: int | None,
    renames: Mapping[str, str],
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


def _take_ratio(pairs: list[tuple[float, float]]) -> float:
    error, total = (sum(values) for values in zip(*pairs, strict=True)) if pairs else (0.0, 0.0)
    return round((error / total) ** 0.5, 4) if total else 0.0
