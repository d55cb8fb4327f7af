"""Looks at the installation, the configuration and the warehouse."""

import importlib.metadata
import json
import logging
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from analytics.config.loading import cache_folder, decoding_of, load_config
from analytics.config.settings import Config, SourceConfig
from analytics.contract.errors import AnalyticsError, ConfigError, ConnectorError, EngineDownError
from analytics.contract.model_folder import ERRORS_FILE
from analytics.contract.reference import REFERENCE_FILE, read_reference
from analytics.engine.loading import (
    AUTO,
    SERVED,
    EngineStatus,
    check_options,
    describe_engines,
    find_model,
    load_engine,
)
from analytics.engine.models import ModelFolder
from analytics.engine.openai_engine import describe_server
from analytics.engine.registry import list_entries
from analytics.engine.served import ServedModel, limit_patience
from analytics.engine.served_handshake import NoLogprobsError
from analytics.reading import choose_for_source
from analytics.store.author_key import key_path, load_author_key
from analytics.store.lock import read_holder
from connectors.archive_members import is_archive
from connectors.protocol import ChecksMapping
from connectors.registry import load_connectors

logger = logging.getLogger(__name__)

_PACKAGES = ("duckdb", "polars", "pyarrow", "pillow", "torch", "transformers", "httpx", "jinja2")
_MAPPING_FIX = (
    "set mapping in [[sources]] to columns that the file has, e.g. mapping = { text = 'body' };"
    " a field that is left out is guessed"
)
_GIB = 1024**3
_LOW_SPACE = 2 * _GIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; `fix` says what to do when it is not ok."""

    area: str
    name: str
    is_ok: bool
    detail: str
    fix: str = ""
    is_needed: bool = True


_NO_SOURCES = Finding(
    area="Configuration",
    name="source",
    is_ok=False,
    detail="no [[sources]]: `analytics run` and `analytics ingest` have nothing to read",
    fix="name your dumps in [[sources]] of analytics.toml, or one file: `analytics ingest PATH`",
)


def examine(config_path: Path | None) -> list[Finding]:
    """All findings, in the order of the way of the data."""
    findings = _examine_packages()
    config: Config | None = None
    try:
        config = load_config(config_path)
        named = f"{len(config.sources)} sources, {len(config.aspects)} aspects"
        findings.append(Finding(area="Configuration", name="settings", is_ok=True, detail=named))
    except ConfigError as exc:
        findings.append(
            Finding(
                area="Configuration",
                name="settings",
                is_ok=False,
                detail=str(exc),
                fix="mend what it names; `analytics init` writes a fresh file",
            )
        )
    if config is not None:
        if not config.sources:
            findings.append(_NO_SOURCES)
        for source in config.sources:
            findings += examine_source(source)
        findings += _examine_warehouse(config)
    findings += _examine_connectors()
    engines = describe_engines()
    findings += _examine_engines(engines, config)
    if config is not None:
        findings += _examine_model(config)
        findings += _examine_options(engines, config)
    findings += _examine_registry()
    return findings


def examine_source(source: SourceConfig) -> list[Finding]:
    """What a source is, and whether the columns of its tables are those it names."""

    def find(detail: str, fix: str = "") -> Finding:
        return Finding(area="Configuration", name="source", is_ok=not fix, detail=detail, fix=fix)

    if not source.path.exists():
        return [
            find(str(source.path), "there is no such file or folder: set its path in [[sources]]")
        ]
    if is_archive(source.path):
        return [find(f"{source.path}: an archive; it is unpacked and looked into when it is read")]
    faults = []
    try:
        connector, detection, options = choose_for_source(source)
        files = connector.list_files(source.path)
        if isinstance(connector, ChecksMapping):
            for file in files:
                try:
                    connector.check_mapping(file, options)
                except ConnectorError as exc:
                    faults.append(find(str(exc), _MAPPING_FIX))
    except Exception as exc:  # a stranger's connector may raise anything
        return [find(str(exc) or repr(exc), "set path and format in [[sources]]")]
    if source.mapping and not isinstance(connector, ChecksMapping):
        logger.warning(
            "%s: the mapping was not checked: connector '%s' does not say which fields it takes",
            source.path,
            connector.name,
        )
    return faults or [find(f"{source.path}: {detection.found}")]


def _examine_packages() -> list[Finding]:
    findings = [
        Finding(
            area="Installation",
            name="python",
            is_ok=sys.version_info >= (3, 11),
            detail=sys.version.split()[0],
            fix="Python 3.11 or newer is needed",
        )
    ]
    for package in _PACKAGES:
        try:
            version = importlib.metadata.version(package)
            findings.append(Finding(area="Installation", name=package, is_ok=True, detail=version))
        except importlib.metadata.PackageNotFoundError:
            findings.append(
                Finding(
                    area="Installation",
                    name=package,
                    is_ok=False,
                    detail="not installed",
                    fix="install this project again with pip",
                )
            )
    return findings


def _examine_warehouse(config: Config) -> list[Finding]:
    path = config.warehouse.path
    folder = next(parent for parent in path.parents if parent.exists())
    free = shutil.disk_usage(folder).free
    holder = read_holder(path.with_name(path.name + ".lock"))
    findings = [
        Finding(
            area="Warehouse",
            name="folder",
            is_ok=os.access(folder, os.W_OK),
            detail=str(path),
            fix=f"{folder} cannot be written: set [warehouse] path",
        ),
        Finding(
            area="Warehouse",
            name="disk space",
            is_ok=free > _LOW_SPACE,
            detail=f"{free / _GIB:.1f} GiB free",
            fix="free some space: the snapshot alone needs as much as the warehouse",
            is_needed=False,
        ),
        Finding(
            area="Warehouse",
            name="writer",
            is_ok=not holder,
            detail=f"pid {holder['pid']} is writing" if holder else "nobody is writing",
            fix="wait for it before you run a command that writes",
            is_needed=False,
        ),
    ]
    try:
        is_there = key_path().exists()
        if is_there:
            load_author_key()
        detail = str(key_path()) if is_there else f"{key_path()} (made on first use)"
        findings.append(Finding(area="Warehouse", name="author key", is_ok=True, detail=detail))
    except AnalyticsError as exc:
        findings.append(
            Finding(
                area="Warehouse",
                name="author key",
                is_ok=False,
                detail=str(exc),
                fix="restore the key from a backup",
            )
        )
    return findings


def _examine_connectors() -> list[Finding]:
    connectors, faults = load_connectors()
    return [
        Finding(area="Connectors", name=name, is_ok=True, detail=type(connector).__module__)
        for name, connector in sorted(connectors.items())
    ] + [
        Finding(
            area="Connectors",
            name="third party",
            is_ok=False,
            detail=str(fault),
            fix="mend or remove the package that registers it",
            is_needed=False,
        )
        for fault in faults
    ]


def _examine_engines(engines: list[EngineStatus], config: Config | None) -> list[Finding]:
    wanted = config.model.engine if config else "auto"
    return [
        Finding(
            area="Engines",
            name=engine.name,
            is_ok=engine.can_run,
            detail=" ".join(filter(None, (engine.version, engine.reason))),
            fix=engine.fix or "",
            is_needed=engine.name == wanted or engine.name == "transformers",
        )
        for engine in engines
    ]


def _examine_model(config: Config) -> list[Finding]:
    """The model: its folder, or what a few small requests say of the server it is behind."""
    findings: list[Finding] = []

    def add(name: str, detail: str, fix: str = "") -> None:
        findings.append(Finding(area="Model", name=name, is_ok=not fix, detail=detail, fix=fix))

    name, engine = config.model.name, config.model.engine
    is_served = engine == SERVED
    options = limit_patience(config.model.options) if is_served else config.model.options
    try:
        model = find_model(name, engine=engine, options=options, cache_dir=cache_folder())
        add(model.name, f"{model.model_id}: {model.description}")
        findings += _examine_measures(model)
        if is_served:
            asked = load_engine(SERVED, model, decoding=decoding_of(config))
            try:
                for thing, detail in describe_server(asked):
                    add(thing, detail)
            finally:
                asked.close()
    except NoLogprobsError as exc:
        add("log-probabilities", exc.what, exc.fix)
    except EngineDownError as exc:
        add("server", exc.what, exc.fix or "start the server, or set url in [model.options]")
    except AnalyticsError as exc:
        fix = "set [model] name, or install what it needs"
        if is_served:
            fix = "mend what it names in [model] and [model.options]; docs/engines.md lists them"
        add("server" if findings else name, exc.what, exc.fix or fix)
    return findings


def _examine_measures(model: ModelFolder | ServedModel) -> list[Finding]:
    """Whether the model's errors were measured, and what posts are compared with."""
    reference = read_reference(model.path) if isinstance(model, ModelFolder) else {}
    errors = model.errors if isinstance(model, ModelFolder) else None
    measured = f"measured on {json.loads(errors).get('n')} labelled posts" if errors else ""
    is_served = isinstance(model, ServedModel)
    return [
        Finding(
            area="Model",
            name=name,
            is_ok=bool(detail),
            detail=detail or missing,
            fix=f"{'' if is_served else f'`analytics distill {command}`; or '}{otherwise}"
            "; see docs/statistics.md",
            is_needed=False,
        )
        for name, detail, missing, command, otherwise in (
            (
                ERRORS_FILE,
                measured,
                "none: without gold, intervals hold no errors of the model",
                "errors",
                "label some 200 posts (`analytics label`)",
            ),
            (
                REFERENCE_FILE,
                ", ".join(reference),
                "none: posts are compared with earlier posts only, not with training data",
                "reference",
                "look at `input_drift` where reference = 'trailing'",
            ),
        )
    ]


def _examine_options(engines: list[EngineStatus], config: Config) -> list[Finding]:
    """[model] options, where their names are known without importing vLLM."""
    engine = config.model.engine
    if engine == AUTO:
        is_vllm = any(status.name == "vllm" and status.can_run for status in engines)
        engine = "vllm" if is_vllm else "transformers"
    if engine not in ("transformers", "ray") or not config.model.options:
        return []
    try:
        check_options(engine, config.model.options)
    except ConfigError as exc:
        detail, is_ok = str(exc), False
    else:
        detail, is_ok = ", ".join(config.model.options), True
    return [
        Finding(
            area="Model",
            name="options",
            is_ok=is_ok,
            detail=detail,
            fix="mend [model] options; docs/engines.md lists them",
        )
    ]


def _examine_registry() -> list[Finding]:
    return [
        Finding(
            area="Model",
            name=entry.name,
            is_ok=True,
            detail=f"in the registry, version {entry.version}",
            is_needed=False,
        )
        for entry in list_entries(cache_folder())
    ]
