"""Recipes: TOML files that say how a model is trained; shipped ones lie in `recipes/`."""

import math
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from difflib import get_close_matches
from importlib.resources import files
from operator import attrgetter
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from analytics.contract.errors import ConfigError
from distillation.data.condense import WHOLE


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecipe:
    """The model: where it starts, which of its parameters learn.

    `base` is a folder, a hub id or a built-in name. `frozen` are regular expressions
    over parameter names. `method` lora trains low-rank matrices (Hu et al. 2022) on
    `lora_targets`, full trains all that is not frozen. `dtype` auto is bfloat16 where the
    machine computes in it, else float32 (see `with_dtype`).
    """

    base: str = ""
    method: str = "full"
    frozen: tuple[str, ...] = ()
    lora_rank: int = 16
    lora_alpha: int = 32
    lora_dropout: float = 0.05
    lora_targets: str = r"(?!.*(vision|visual)).*\.(q|k|v|o|gate|up|down)_proj"
    dtype: str = "float32"
    autocast: str = ""
    is_checkpointing_gradients: bool = False


# What a student learns; `loss.kd_tasks` names those with soft labels.
TASKS = ("label", "rationale")


@dataclass(frozen=True, slots=True, kw_only=True)
class LossRecipe:
    """L = (1 - kd_weight) (alpha L_cls + (1 - alpha) L_rea) + kd_weight (the same, soft).

    A task that is not in `kd_tasks` has hard labels only, at full weight: an assistant that
    was trained on labels alone has nothing to say of rationales.
    """

    alpha: float = 0.5
    kd_weight: float = 0.0
    kd_tasks: tuple[str, ...] = TASKS
    temperature: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimRecipe:
    """AdamW and its schedule. `batch_size` counts items over all processes.

    `new_parameters` (regular expressions) learn at `new_learning_rate`: parts that
    start at random. `average_from` in 0-1: the weights are averaged from that share of
    the steps on (Izmailov et al. 2018); 1 keeps the last.
    """

    learning_rate: float = 3e-4
    new_learning_rate: float = 3e-4
    new_parameters: tuple[str, ...] = ()
    schedule: str = "linear"
    share_warmup: float = 0.05
    weight_decay: float = 0.01
    beta_1: float = 0.9
    beta_2: float = 0.999
    max_grad_norm: float = 1.0
    batch_size: int = 16
    n_epochs: int = 3
    average_from: float = 1.0
    average_every: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class PackRecipe:
    """Token budgets: of a pack (one forward pass), of an item, of a response.

    `part_sentences` cuts rationales: how many sentences of text analysis, image analysis,
    conflict resolution and final conclusion are kept; -1 keeps all, 0 leaves the part empty.
    """

    max_pack_tokens: int = 1024
    max_tokens: int = 1024
    max_response_tokens: int = 512
    part_sentences: tuple[int, ...] = WHOLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All settings of one training."""

    name: str
    description: str = ""
    seed: int = 0
    checkpoint_every: int = 0
    model: ModelRecipe = field(default_factory=ModelRecipe)
    loss: LossRecipe = field(default_factory=LossRecipe)
    optim: OptimRecipe = field(default_factory=OptimRecipe)
    pack: PackRecipe = field(default_factory=PackRecipe)


_POSITIVE = (
    "loss.temperature",
    "model.lora_rank",
    "model.lora_alpha",
    "optim.learning_rate",
    "optim.new_learning_rate",
    "optim.max_grad_norm",
    "optim.batch_size",
    "optim.n_epochs",
    "optim.average_every",
    "pack.max_pack_tokens",
    "pack.max_response_tokens",
)


def list_recipes() -> list[str]:
    """The names of the shipped recipes, with the role: `paper-student`."""
    folder = files("distillation") / "recipes"
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    )


def load_recipe(name_or_path: str, overrides: Sequence[str] = ()) -> Recipe:
    """A shipped recipe by name or a TOML file, with `section.key=value` overrides.

    Raises:
        ConfigError: no such recipe, an unknown key, a value of the wrong type.
    """
    path = Path(name_or_path)
    if path.suffix == ".toml":
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as exc:
            raise ConfigError(f"recipe {path}: cannot be read ({exc.strerror or exc})") from exc
        where = str(path)
    else:
        known = list_recipes()
        if name_or_path not in known:
            # Recipes go by pairs: `paper` is half of the name of two.
            near = [name for name in known if name_or_path and name.startswith(name_or_path)]
            near = near or get_close_matches(name_or_path, known, n=1)
            hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise ConfigError(
                f"recipe {name_or_path!r} is not known.{hint} Give one of {', '.join(known)}, or "
                "the path of a .toml file"
            )
        text = (files("distillation") / "recipes" / f"{name_or_path}.toml").read_text("utf-8")
        where = f"recipe {name_or_path}"
    try:
        values = tomllib.loads(text)
        for override in overrides:
            _override(values, override)
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(f"{where}: not TOML ({exc})") from exc
    values.setdefault("name", path.stem)
    recipe: Recipe = _build(Recipe, values, where, ())
    _check(recipe, where)
    return recipe


def with_seed(recipe: Recipe, seed: int | None) -> Recipe:
    """The recipe with another seed, if one is given."""
    return recipe if seed is None else replace(recipe, seed=seed)


def with_dtype(recipe: Recipe, dtype: str) -> Recipe:
    """The recipe with this number type in place of `auto`: what is trained in is written down."""
    if recipe.model.dtype != "auto":
        return recipe
    return replace(recipe, model=replace(recipe.model, dtype=dtype))


def _override(values: dict[str, Any], override: str) -> None:
    key, sign, text = override.partition("=")
    if not sign:
        raise ConfigError(f"--set {override!r}: give section.key=value, e.g. optim.n_epochs=1")
    try:
        value = tomllib.loads(f"x = {text}")["x"]
    except tomllib.TOMLDecodeError:
        value = text  # a bare word is a string
    *path, last = key.strip().split(".")
    for name in path:
        values = values.setdefault(name, {})
        if not isinstance(values, dict):
            raise ConfigError(f"--set {override!r}: {name!r} is a value, not a section")
    values[last] = value


def _build(kind: Any, values: dict[str, Any], where: str, path: tuple[str, ...]) -> Any:
    types = get_type_hints(kind)
    known = {f.name for f in fields(kind)}
    found = {}
    for key, value in values.items():
        name = ".".join((*path, key))
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(sorted(known))}"
            raise ConfigError(f"{where}: unknown key {name!r}.{hint}")
        found[key] = _convert(types[key], value, where, (*path, key))
    return kind(**found)


def _convert(kind: Any, value: Any, where: str, path: tuple[str, ...]) -> Any:
    name = ".".join(path)
    if is_dataclass(kind):
        if not isinstance(value, dict):
            raise ConfigError(f"{where}: {name!r} is a section, not {value!r}")
        return _build(kind, value, where, path)
    if get_origin(kind) is tuple:
        item = get_args(kind)[0]
        if not isinstance(value, list) or not all(isinstance(v, item) for v in value):
            raise ConfigError(f"{where}: {name} = {value!r} is no list of {item.__name__}")
        return tuple(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ConfigError(f"{where}: {name} = {value!r} is not of type {kind.__name__}")
    return value


def _check(recipe: Recipe, where: str) -> None:
    sentences = recipe.pack.part_sentences
    if len(sentences) != 4 or min(sentences) < -1:
        raise ConfigError(
            f"{where}: pack.part_sentences = {list(sentences)}. Give four numbers, one a part: -1 "
            "for all sentences, 0 for none"
        )
    if not recipe.loss.kd_tasks or not set(recipe.loss.kd_tasks) <= set(TASKS):
        raise ConfigError(
            f"{where}: loss.kd_tasks = {list(recipe.loss.kd_tasks)}. Name label, rationale or "
            "both; loss.kd_weight = 0 turns soft labels off"
        )
    choices = {
        "model.method": (recipe.model.method, ("full", "lora")),
        "model.dtype": (recipe.model.dtype, ("auto", "float32", "bfloat16")),
        "model.autocast": (recipe.model.autocast, ("", "bfloat16")),
        "optim.schedule": (recipe.optim.schedule, ("linear", "cosine", "constant")),
    }
    for name, (value, known) in choices.items():
        if value not in known:
            raise ConfigError(f"{where}: {name} = {value!r}. Give one of {', '.join(known)}")
    for name in ("loss.alpha", "loss.kd_weight", "optim.share_warmup", "optim.average_from"):
        if not 0.0 <= _get(recipe, name) <= 1.0:
            raise _name_fault(recipe, name, where, "a number from 0 to 1")
    for name in ("model.lora_dropout", "optim.beta_1", "optim.beta_2"):
        if not 0.0 <= _get(recipe, name) < 1.0:
            raise _name_fault(recipe, name, where, "a number from 0 to below 1")
    for name in _POSITIVE:
        if not 0 < _get(recipe, name) < math.inf:
            raise _name_fault(recipe, name, where, "a number above 0")
    for name in ("checkpoint_every", "optim.weight_decay"):
        if not 0 <= _get(recipe, name) < math.inf:
            raise _name_fault(recipe, name, where, "0 or more")
    if recipe.pack.max_tokens <= recipe.pack.max_response_tokens:
        wanted = f"more than pack.max_response_tokens = {recipe.pack.max_response_tokens}"
        raise _name_fault(recipe, "pack.max_tokens", where, wanted)
    for name in ("model.frozen", "model.lora_targets", "optim.new_parameters"):
        patterns = _get(recipe, name)
        for pattern in [patterns] if isinstance(patterns, str) else patterns:
            try:
                re.compile(pattern)
            except re.error as exc:
                raise ConfigError(
                    f"{where}: {name}: {pattern!r} is no regular expression ({exc})"
                ) from exc


def _get(recipe: Recipe, name: str) -> Any:
    """A setting by its dotted name."""
    return attrgetter(name)(recipe)


def _name_fault(recipe: Recipe, name: str, where: str, wanted: str) -> ConfigError:
    return ConfigError(f"{where}: {name} = {_get(recipe, name)}. Give {wanted}")
