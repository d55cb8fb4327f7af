"""From a model's name to a folder of weights, without loading anything heavy."""

import logging
import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from analytics.contract.digests import digest_of, training_digest
from analytics.contract.errors import ConfigError, ContractMismatchError, EngineError
from analytics.contract.json_files import read_object
from analytics.contract.labels import NO_CALIBRATION, LabelCalibration
from analytics.contract.model_folder import CONTRACT_FILE
from analytics.engine import adapters, delta, smol
from analytics.engine.assembly import assemble_once
from analytics.engine.calibration import read_calibration
from analytics.engine.devices import share_cores
from analytics.engine.measured_errors import read_errors
from analytics.engine.model_digests import (
    FactCache,
    list_all_digests,
    list_file_digests,
    make_model_id,
)
from analytics.engine.registry import find_current, list_entries

logger = logging.getLogger(__name__)

_IMAGE_TEXT_ARCHITECTURES = re.compile(
    r"Vision2Seq|ImageTextToText|VL(MoE|Moe)?For|Vlm|VLM|Idefics|Llava|PaliGemma|Pixtral|"
    r"InternVL|Blip2|Fuyu|Kosmos|Mllama|MllamaFor|Florence2"
)
_HUB_ID = re.compile(r"^[\w-][\w.-]*/[\w.-]+(@[\w./-]+)?$")
_CONFIG_FILES = ("config.json", adapters.ADAPTER_FILE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFolder:
    """A folder of weights, ready for an engine, and what is known of it.

    `model_id` is `<name>@<12 hex digits of the sha256 of its files>`. Engines
    make probabilities of the labels' logits by `calibration`. `errors` is the text of its
    errors.json: what it gets wrong on labelled data, if that was measured.
    """

    path: Path
    name: str
    model_id: str
    description: str
    is_distilled: bool
    accepts_images: bool
    calibration: LabelCalibration = NO_CALIBRATION
    errors: str | None = None


# Models that come with this package as differences to a base, one folder each.
_SHIPPED = Path(__file__).resolve().parent / "shipped"


def list_built_in(shipped: Path = _SHIPPED) -> list[str]:
    """The names of models that are assembled on this machine; the last is the best."""
    found = sorted(path.parent.name for path in shipped.glob(f"*/{delta.MANIFEST_FILE}"))
    return [smol.BASE_NAME, *found]


def list_model_names(cache_dir: Path, shipped: Path = _SHIPPED) -> list[str]:
    """Names that `resolve_model` knows: the built-in ones, then those of the registry."""
    return [*list_built_in(shipped), *(entry.name for entry in list_entries(cache_dir))]


def resolve_model(
    name: str, *, cache_dir: Path, check_contract: bool = True, shipped: Path = _SHIPPED
) -> ModelFolder:
    """The folder of a model given by a built-in or registered name, a path or a hub id.

    A name is looked for in this order; `./name` is always a folder. A folder that
    `distill ship` made is assembled first, a LoRA adapter merged into its base.
    Without `check_contract` a model of another contract is given, too.

    Raises:
        ConfigError: no such name or folder.
        EngineError: the model cannot be assembled, fetched or used.
        ContractMismatchError: the model was trained under another contract.
    """
    share_cores()  # assembling imports torch
    cache = FactCache(cache_dir)

    def describe(path: Path, known_name: str | None) -> ModelFolder:
        return _describe_folder(path, cache, name=known_name, check_contract=check_contract)

    if name in list_built_in(shipped):
        return describe(_assemble(name, cache_dir, shipped, cache), name)
    entry = find_current(cache_dir, name)
    if entry is not None:
        return describe(entry.path, name)
    try:
        path = Path(name).expanduser()
    except RuntimeError:  # ~someone, who has no account here; said below
        path = Path(name)
    if name and path.is_dir():
        path = path.resolve()
        if (path / delta.MANIFEST_FILE).is_file():
            assembled = _assemble_delta(path, cache_dir, shipped, cache)
            return describe(assembled, path.name)
        if adapters.is_adapter(path):
            return describe(
                _assemble_adapter(path, path.name, cache_dir, shipped, cache), path.name
            )
        return describe(path, None)
    if _HUB_ID.match(name):
        path = _fetch_from_hub(name, cache)
        if adapters.is_adapter(path):
            path = _assemble_adapter(path, name.replace("/", "--"), cache_dir, shipped, cache)
        return describe(path, name)
    if "/" in name or name.startswith((".", "~")):
        raise ConfigError(f"model {name!r}: there is no such folder. Give an existing model folder")
    known = list_model_names(cache_dir, shipped)
    near = get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ConfigError(
        f"model {name!r} is not known.{hint} Give one of {', '.join(known)}, "
        "a model folder, or a hub id of the form 'organisation/name'"
    )


def _assemble(name: str, cache_dir: Path, shipped: Path, cache: FactCache) -> Path:
    """The folder of a built-in model, made now if it is not there yet.

    Its name tells all that it is made of, so that a changed file of a shipped folder
    (a new temperature, say) makes a new one.
    """
    if name == smol.BASE_NAME:
        path = cache_dir / "models" / f"{name}-{smol.BASE_VERSION}"
        assemble_once(path, smol.build_base, needed_bytes=smol.BASE_NEEDED_BYTES)
        return path
    return _assemble_delta(shipped / name, cache_dir, shipped, cache)


def _assemble_delta(source: Path, cache_dir: Path, shipped: Path, cache: FactCache) -> Path:
    """The folder of a model that is stored as a difference to a built-in one."""
    base_name = str(delta.read_manifest(source)["base"])
    if base_name not in list_built_in(shipped):
        raise EngineError(
            f"{source}: it is a difference to the model {base_name!r}, which this version does not "
            "have. Ship it anew with --base one of: " + ", ".join(list_built_in(shipped))
        )
    base = _assemble(base_name, cache_dir, shipped, cache)
    digest = digest_of({"base": base.name, "files": list_all_digests(source, cache)})
    path = cache_dir / "models" / f"{source.name}-{digest[:12]}"
    assemble_once(
        path,
        lambda target: delta.apply_delta(source, base, target),
        needed_bytes=smol.BASE_NEEDED_BYTES,
    )
    return path


def _assemble_adapter(
    source: Path, name: str, cache_dir: Path, shipped: Path, cache: FactCache
) -> Path:
    """The folder of an adapter's base with the adapter in its weights."""
    base_name = adapters.find_base(source)
    if Path(base_name).expanduser().resolve() == source:
        raise EngineError(f"{source / adapters.ADAPTER_FILE}: names itself as its base")
    base = resolve_model(base_name, cache_dir=cache_dir, check_contract=False, shipped=shipped)
    digest = digest_of({"base": base.model_id, "files": list_all_digests(source, cache)})
    path = cache_dir / "models" / f"{name}-{digest[:12]}"
    assemble_once(
        path,
        lambda target: adapters.merge_adapter(
            source, base.path, target, accepts_images=base.accepts_images
        ),
        needed_bytes=sum(file.stat().st_size for file in base.path.glob("*.safetensors")),
    )
    return path


def _describe_folder(
    path: Path, cache: FactCache, *, name: str | None, check_contract: bool
) -> ModelFolder:
    config = read_object(path / "config.json")
    if config is None:
        raise EngineError(
            f"{path}: no config.json, so this is no model folder. Give a folder with config.json, "
            "*.safetensors and a tokenizer, or one of a LoRA adapter"
        )
    if not any(path.glob("*.safetensors")):
        raise EngineError(f"{path}: no *.safetensors file. Save the model in safetensors format")
    about = read_object(path / "model.json") or {}
    contract = read_object(path / CONTRACT_FILE)
    name = name or str(about.get("name") or path.name)
    fault = _find_contract_fault(contract, name)
    if fault is not None and check_contract:
        raise ContractMismatchError(fault)
    is_distilled = contract is not None
    description = str(
        about.get("description")
        or (contract or {}).get("description")
        or (
            f"{name}, trained for this task"
            if is_distilled
            else f"{name}: no contract.json, so a general model that is not distilled for "
            "sentiment: its labels and rationales are not to be trusted without evaluation"
        )
    )
    return ModelFolder(
        path=path,
        name=name,
        model_id=make_model_id(name, list_file_digests(path, cache)),
        description=description,
        is_distilled=is_distilled,
        accepts_images=_accepts_images(config),
        calibration=read_calibration(path),
        errors=read_errors(path),
    )


def find_contract_fault(folder: ModelFolder) -> str | None:
    """Why a model was not made under the installed contract, or None if it was.

    Unlike `resolve_model`, a folder without contract.json is at fault here.
    """
    contract = read_object(folder.path / CONTRACT_FILE)
    if contract is None:
        return (
            f"{folder.path}: no {CONTRACT_FILE}, so nothing says under which prompts the model was "
            "trained. `analytics distill student` writes it"
        )
    return _find_contract_fault(contract, folder.name)


def _find_contract_fault(contract: dict[str, Any] | None, name: str) -> str | None:
    if contract is None:
        return None
    theirs, ours = str(contract.get("training_digest", "(none)")), training_digest()
    if theirs == ours:
        return None
    return (
        f"model {name!r} was trained under contract {theirs[:12]} (its {CONTRACT_FILE}), the "
        f"installed contract is {ours[:12]}: prompts or labels differ. Distil the model again "
        "with this version (`analytics distill student`), or install the version of analytics "
        "that it was made with"
    )


def _accepts_images(config: dict[str, Any]) -> bool:
    if "vision_config" in config:
        return True
    names = config.get("architectures") or []
    return any(_IMAGE_TEXT_ARCHITECTURES.search(str(name)) for name in names)


def _fetch_from_hub(name: str, cache: FactCache) -> Path:
    known = cache.get(f"hub:{name}")
    if known and any((Path(known) / file).is_file() for file in _CONFIG_FILES):
        return Path(known)
    repo_id, _, revision = name.partition("@")
    try:
        from huggingface_hub import snapshot_download
    except ImportError as exc:
        raise EngineError(
            f"model {name!r}: huggingface_hub is not installed. `pip install huggingface_hub`"
        ) from exc
    logger.info("fetching model %s from the hub", name)
    try:
        path = snapshot_download(
            repo_id,
            revision=revision or None,
            allow_patterns=["*.safetensors", "*.json", "*.jinja", "*.txt", "*.model"],
        )
    except Exception as exc:  # the hub client raises many kinds for "not reachable"
        raise EngineError(
            f"model {name!r} is no folder here and could not be fetched from the hub "
            f"({type(exc).__name__}). "
            "Without a network: fetch it on another machine "
            f"(`hf download {repo_id} --local-dir FOLDER`), copy the folder here and give its "
            f"path as model, or use the built-in {smol.BASE_NAME!r}"
        ) from exc
    cache.put({f"hub:{name}": path})
    return Path(path)
