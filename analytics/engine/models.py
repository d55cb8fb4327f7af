"""From a model's name to a folder of weights, without loading anything heavy."""

import hashlib
import json
import logging
import os
import re
import tempfile
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from analytics.contract.digests import training_digest
from analytics.contract.errors import ConfigError, ContractMismatchError, EngineError
from analytics.engine import delta, smol
from analytics.engine.assembly import assemble_once, hash_file

logger = logging.getLogger(__name__)

# What changes a model's replies: weights, configurations, tokenizer, template.
_HASHED_PATTERNS = (
    "*.safetensors",
    "*.safetensors.index.json",
    "config.json",
    "generation_config.json",
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.*",
    "merges.txt",
    "*.model",
    "*.jinja",
    "chat_template.json",
    "preprocessor_config.json",
    "processor_config.json",
    "contract.json",
)
_IMAGE_TEXT_ARCHITECTURES = re.compile(
    r"Vision2Seq|ImageTextToText|VL(MoE|Moe)?For|Vlm|VLM|Idefics|Llava|PaliGemma|Pixtral|"
    r"InternVL|Blip2|Fuyu|Kosmos|Mllama|MllamaFor|Florence2"
)
_HUB_ID = re.compile(r"^[\w-][\w.-]*/[\w.-]+(@[\w./-]+)?$")
_CACHE_FILE = "model_cache.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFolder:
    """A folder of weights, ready for an engine, and what is known of it.

    `model_id` is `<name>@<12 hex digits of the sha256 of its files>`.
    """

    path: Path
    name: str
    model_id: str
    description: str
    is_distilled: bool
    accepts_images: bool


# Models that come with this package as differences to a base, one folder each.
_SHIPPED = Path(__file__).resolve().parent / "shipped"


def list_built_in(shipped: Path = _SHIPPED) -> list[str]:
    """The names of models that are assembled on this machine; the last is the best."""
    found = sorted(path.parent.name for path in shipped.glob(f"*/{delta.MANIFEST_FILE}"))
    return [smol.BASE_NAME, *found]


def resolve_model(name: str, *, cache_dir: Path, shipped: Path = _SHIPPED) -> ModelFolder:
    """The folder of a model given by a built-in name, a path or a hub id.

    Raises:
        ConfigError: no such name or folder.
        EngineError: the model cannot be assembled, fetched or used.
        ContractMismatchError: the model was trained under another contract.
    """
    cache = _Cache(cache_dir / _CACHE_FILE)
    built_in = list_built_in(shipped)
    if name in built_in:
        return _describe_folder(_assemble(name, cache_dir, shipped), cache, name=name)
    path = Path(name).expanduser()
    if name and path.is_dir():
        return _describe_folder(path.resolve(), cache, name=None)
    if _HUB_ID.match(name):
        return _describe_folder(_fetch_from_hub(name, cache), cache, name=name)
    if "/" in name or name.startswith((".", "~")):
        raise ConfigError(f"model {name!r}: there is no such folder. Give an existing model folder")
    near = get_close_matches(name, built_in, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ConfigError(
        f"model {name!r} is not known.{hint} Give one of {', '.join(built_in)}, "
        "a model folder, or a hub id of the form 'organisation/name'"
    )


def _assemble(name: str, cache_dir: Path, shipped: Path) -> Path:
    """The folder of a built-in model, made now if it is not there yet."""
    folder = cache_dir / "models"
    if name == smol.BASE_NAME:
        path = folder / f"{name}-{smol.BASE_VERSION}"
        assemble_once(path, smol.build_base, needed_bytes=smol.BASE_NEEDED_BYTES)
        return path
    source = shipped / name
    manifest = delta.read_manifest(source)
    base = _assemble(str(manifest["base"]), cache_dir, shipped)
    path = folder / f"{name}-{str(manifest['sha256'])[:12]}"
    assemble_once(
        path,
        lambda target: delta.apply_delta(source, base, target),
        needed_bytes=smol.BASE_NEEDED_BYTES,
    )
    return path


def _describe_folder(path: Path, cache: "_Cache", *, name: str | None) -> ModelFolder:
    config = _read_json(path / "config.json")
    if config is None:
        fix = (
            "It holds an adapter only: merge it into its base model first"
            if (path / "adapter_config.json").exists()
            else "Give a folder with config.json, *.safetensors and a tokenizer"
        )
        raise EngineError(f"{path}: no config.json, so this is no model folder. {fix}")
    if not any(path.glob("*.safetensors")):
        raise EngineError(f"{path}: no *.safetensors file. Save the model in safetensors format")
    about = _read_json(path / "model.json") or {}
    contract = _read_json(path / "contract.json")
    name = name or str(about.get("name") or path.name)
    is_distilled = _check_contract(contract, name)
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
        model_id=f"{name}@{_hash_folder(path, cache)[:12]}",
        description=description,
        is_distilled=is_distilled,
        accepts_images=_accepts_images(config),
    )


def _check_contract(contract: dict[str, Any] | None, name: str) -> bool:
    """Whether the model is distilled; raises if that was under another contract."""
    if contract is None:
        return False
    theirs, ours = str(contract.get("training_digest", "(none)")), training_digest()
    if theirs != ours:
        raise ContractMismatchError(
            f"model {name!r} was trained under contract {theirs[:12]} (its contract.json), the "
            f"installed contract is {ours[:12]}: prompts or labels differ. Distil the model again "
            "with this version (`analytics distill student`), or install the version of analytics "
            "that it was made with"
        )
    return True


def _accepts_images(config: dict[str, Any]) -> bool:
    if "vision_config" in config:
        return True
    names = config.get("architectures") or []
    return any(_IMAGE_TEXT_ARCHITECTURES.search(str(name)) for name in names)


def _fetch_from_hub(name: str, cache: "_Cache") -> Path:
    known = cache.get(f"hub:{name}")
    if known and (Path(known) / "config.json").is_file():
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


def _hash_folder(path: Path, cache: "_Cache") -> str:
    """The sha256 over names and contents of the files that change replies."""
    files = sorted({file for pattern in _HASHED_PATTERNS for file in path.glob(pattern)})
    lines, fresh = [], {}
    for file in files:
        stat = file.stat()
        key = f"sha256:{file}:{stat.st_size}:{stat.st_mtime_ns}"
        digest = cache.get(key)
        if digest is None:
            digest = fresh[key] = hash_file(file)
        lines.append(f"{file.name} {digest}\n")
    if fresh:
        cache.put(fresh)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as exc:
        raise EngineError(f"{path}: cannot be read as JSON ({exc}). Restore the file") from exc
    if not isinstance(value, dict):
        raise EngineError(f"{path}: holds no JSON object. Restore the file")
    return value


class _Cache:
    """A small JSON file of facts that are slow to find out. Losing it costs time only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values = self._read()

    def _read(self) -> dict[str, str]:
        try:
            values = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return values if isinstance(values, dict) else {}

    def get(self, key: str) -> str | None:
        value = self._values.get(key)
        return value if isinstance(value, str) else None

    def put(self, values: dict[str, str]) -> None:
        # Read again: another process may have added facts meanwhile.
        self._values = {**self._read(), **values}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, temp = tempfile.mkstemp(dir=self._path.parent, prefix=".model_cache")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(self._values, file, indent=0, sort_keys=True)
            os.replace(temp, self._path)
        except OSError as exc:
            logger.warning("%s: cannot be written (%s); hashes are made anew", self._path, exc)
