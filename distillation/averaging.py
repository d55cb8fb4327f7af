"""One model from several: the mean of the weights of trainings with a common start.

Trainings that began from the same weights lie in one basin, where the mean of their weights
is often better than each (Wortsman et al. 2022, "Model soups"). It costs no more to serve.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analytics.contract.errors import TrainingError
from analytics.contract.json_files import read_object, write_object
from analytics.contract.model_folder import (
    CALIBRATION_FILE,
    CONTRACT_FILE,
    ERRORS_FILE,
    drop_origin,
    share_weights,
)
from analytics.contract.reference import REFERENCE_FILE
from distillation.data.seen import SEEN_FILE, merge_seen
from distillation.data.whole_folders import fill_folder

CONFIG_FILE = "config.json"
# Of one model only.
_LEFT_OUT = (CALIBRATION_FILE, ERRORS_FILE, REFERENCE_FILE, SEEN_FILE, CONTRACT_FILE)
_Places = dict[str, Path]
_READ = {"pack"}
_MAY_DIFFER = ("_name_or_path", "transformers_version", "dtype", "torch_dtype")


def average_models(
    models: Sequence[Path],
    output: Path,
    *,
    weights: Sequence[float] | None = None,
    description: str | None = None,
) -> dict[str, Any]:
    """Write a model folder whose weights are the (weighted) mean of several models'.

    `weights` are shares, one a model; they are scaled to a sum of 1, and equal without
    any. Number type, tokenizer, configuration and token budgets are those of the first
    model; of the recipes the stamp says what all agree in, and of each model its own recipe
    and data. What any of them was trained on counts as seen by the result, which says
    nothing of it where one of them does not (`is_silent`). That they began from one start is
    not checked.

    Raises:
        TrainingError: fewer than two models, weights that are no shares, models of
            different shape or contract, or an `output` that is not empty or not
            writable.
    """
    from safetensors import SafetensorError

    shares = _make_shares(models, weights)
    places = [_find_tensors(model) for model in models]
    for model, place in zip(models[1:], places[1:], strict=True):
        _check_same(models[0], model, places[0], place)
    # Sharded as the first model is, one of its files in memory at a time.
    files = sorted(set(places[0].values()))
    stamps = [read_object(model / CONTRACT_FILE) or {} for model in models]
    about = description or f"mean of {len(models)} models: {stamps[0].get('description', '?')}"
    report = {
        "description": about,
        "average_of": [
            {
                **{key: value for key, value in stamp.items() if key != "training_digest"},
                "description": stamp.get("description"),
                "seed": _seed(stamp),
                "share": round(weight, 6),
                "is_silent": not (model / SEEN_FILE).is_file(),
            }
            for model, stamp, weight in zip(models, stamps, shares, strict=True)
        ],
    }
    kept = {key: stamps[0][key] for key in ("training_digest",) if key in stamps[0]}
    recipes = [stamp["recipe"] for stamp in stamps if isinstance(stamp.get("recipe"), dict)]
    if recipes:
        # Serving reads `pack` (`read_pack`): how long replies are, which parts are left out.
        kept["recipe"] = _agree(recipes) | {
            key: recipes[0][key] for key in _READ & recipes[0].keys()
        }
    try:
        with fill_folder(output) as temp:
            _write_means(files, places, shares, temp)
            for path in models[0].iterdir():
                if path.is_file() and path.suffix != ".safetensors" and path.name not in _LEFT_OUT:
                    shutil.copyfile(path, temp / path.name)
            drop_origin(temp)
            merge_seen(models, temp)
            write_object(temp / CONTRACT_FILE, {**kept, **report})
    except (OSError, SafetensorError) as exc:
        raise TrainingError(
            f"{output}: the mean cannot be written ({exc}). Make room, or give another folder"
        ) from exc
    return report


def name_silent_parts(model: Path) -> list[str]:
    """Which of the models that a mean was made of do not say what they were trained on."""
    parts = (read_object(model / CONTRACT_FILE) or {}).get("average_of")
    return [
        f"{n}. {part.get('description') or '(no description)'!r}"
        for n, part in enumerate(parts if isinstance(parts, list) else [], start=1)
        if isinstance(part, dict) and part.get("is_silent")
    ]


def _agree(values: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What all of some nested objects have in common."""
    first = values[0]
    found: dict[str, Any] = {}
    for key, value in first.items():
        theirs = [other.get(key) for other in values]
        if isinstance(value, dict) and all(isinstance(other, dict) for other in theirs):
            found[key] = _agree([other for other in theirs if isinstance(other, dict)])
        elif all(other == value for other in theirs):
            found[key] = value
    return found


def _write_means(
    files: Sequence[Path], places: Sequence[_Places], shares: Sequence[float], folder: Path
) -> None:
    import torch
    from safetensors import safe_open
    from safetensors.torch import save_file

    for file in files:
        mean: dict[str, Any] = {}
        with safe_open(file, "pt") as opened:
            names = list(opened.keys())
            metadata = opened.metadata() or {"format": "pt"}
            for name in names:
                value = opened.get_tensor(name)
                total = value.to(torch.float32) * shares[0]
                for place, share in zip(places[1:], shares[1:], strict=True):
                    with safe_open(place[name], "pt") as other:
                        theirs = other.get_tensor(name)
                    total += theirs.to(torch.float32) * share
                mean[name] = total.to(value.dtype).contiguous()
        save_file(mean, folder / file.name, metadata=metadata)
    share_weights(folder)


def _make_shares(models: Sequence[Path], weights: Sequence[float] | None) -> list[float]:
    if len(models) < 2:
        raise TrainingError("a mean needs at least two models. Name more")
    weights = list(weights or [1.0] * len(models))
    if len(weights) != len(models) or min(weights) < 0 or not sum(weights) > 0:
        raise TrainingError(
            f"weights {weights} of {len(models)} models: give one a model, 0 or more, and not "
            "all of them 0"
        )
    return [weight / sum(weights) for weight in weights]


def _find_tensors(model: Path) -> _Places:
    """In which file each tensor of a model folder lies."""
    from safetensors import SafetensorError, safe_open

    found: _Places = {}
    for file in sorted(model.glob("*.safetensors")):
        try:
            with safe_open(file, "pt") as opened:
                found.update(dict.fromkeys(opened.keys(), file))
        except (OSError, SafetensorError) as exc:
            raise TrainingError(f"{file}: cannot be read ({exc}). Restore the file") from exc
    if not found:
        raise TrainingError(f"{model}: no *.safetensors file. Give a model folder")
    return found


def _check_same(first: Path, model: Path, ours: _Places, theirs: _Places) -> None:
    if ours.keys() != theirs.keys():
        only = sorted(ours.keys() ^ theirs.keys())
        raise TrainingError(
            f"{model}: {len(only)} tensors are not in both it and {first}, e.g. {only[0]}. Give "
            "models that were trained from one start"
        )
    configs = [_take_off(read_object(folder / CONFIG_FILE) or {}) for folder in (first, model)]
    differing = [
        key
        for key in sorted(configs[0].keys() | configs[1].keys())
        if configs[0].get(key) != configs[1].get(key)
    ]
    if differing:
        raise TrainingError(
            f"{model}: its {CONFIG_FILE} differs from that of {first} in {', '.join(differing)}. "
            "Give models that were trained from one start"
        )
    stamps = [read_object(folder / CONTRACT_FILE) or {} for folder in (first, model)]
    if stamps[0].get("training_digest") != stamps[1].get("training_digest"):
        raise TrainingError(
            f"{model}: its {CONTRACT_FILE} names another training_digest than that of {first}. "
            "Train both under the prompts of one version"
        )
    for name, place in ours.items():
        shapes = [_read_shape(file, name) for file in (place, theirs[name])]
        if shapes[0] != shapes[1]:
            raise TrainingError(
                f"{model}: {name} has the shape {shapes[1]}, in {first} {shapes[0]}. Give models "
                "that were trained from one start"
            )


def _take_off(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration, and those within it, without what may differ."""
    return {
        key: _take_off(value) if isinstance(value, dict) else value
        for key, value in config.items()
        if key not in _MAY_DIFFER
    }


def _read_shape(file: Path, name: str) -> list[int]:
    from safetensors import safe_open

    with safe_open(file, "pt") as opened:
        return list(opened.get_slice(name).get_shape())


def _seed(stamp: dict[str, Any]) -> int | None:
    recipe = stamp.get("recipe")
    return recipe.get("seed") if isinstance(recipe, dict) else stamp.get("seed")
