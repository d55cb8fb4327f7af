"""Reads and checks analytics.toml: file < environment < flags."""

import dataclasses
import difflib
import os
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from datetime import time as dtime
from pathlib import Path
from typing import Any

import platformdirs

from analytics.config.environment import read_environment
from analytics.config.hosts import parse_allowed
from analytics.config.secrets import find_secrets, find_webhook_fault, is_secret_name
from analytics.config.settings import BOUNDS, LISTS, SECTIONS, Config, alternatives
from analytics.contract.decoding import Decoding
from analytics.contract.digests import digest_of
from analytics.contract.errors import ConfigError
from analytics.contract.mentions import Mask, make_mask, no_mask
from analytics.contract.policy import RationalePolicy

DEFAULT_FILE = "analytics.toml"
_TYPE_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What is being read: the file, where values from elsewhere came from, all faults."""

    file: str
    folder: Path
    faults: list[str]
    origins: dict[tuple[str, str | None], str] = field(default_factory=dict)

    def place_of(self, section: str) -> str:
        return self.origins.get((section, None), self.file)

    def add_value_fault(self, section: str, label: str, key: str, value: Any, fault: str) -> None:
        origin = self.origins.get((section, key))
        what = origin or f"{self.place_of(section)}: '{key}' in [{label}]"
        # Options may hold a key, also where they are not written as a table.
        is_hidden = key == "options" and isinstance(value, str | list)
        shown = "no table" if is_hidden else repr(value)
        self.faults.append(f"{what} is {shown}: {fault}")


def load_config(
    path: Path | None,
    *,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Config:
    """The configuration from a file, the environment and flags, checked.

    Args:
        path: the TOML file; None takes `analytics.toml` of the working
            directory if it is there, else the defaults.
        environment: variables such as ANALYTICS_MODEL_NAME; default os.environ.
        overrides: values by dotted key, e.g. {"model.name": "..."}; None values
            are not set.

    Raises:
        ConfigError: every fault that was found, one a line.
    """
    environment = os.environ if environment is None else environment
    data: dict[str, Any] = {}
    where = "the defaults"
    folder = Path.cwd()
    if path is None and Path(DEFAULT_FILE).is_file():
        path = Path(DEFAULT_FILE)
    if path is not None:
        where = str(path)
        folder = path.absolute().parent
        data = _read_toml(path)
    reading = _Reading(file=where, folder=folder, faults=[])
    for found in read_environment(environment, reading.faults):
        reading.origins[found.section, found.key] = f"environment: {found.variable}"
        if found.key is None:
            data[found.section] = found.value
        else:
            _section(data, found.section)[found.key] = found.value
    for dotted, value in (overrides or {}).items():
        if value is not None:
            section, key = dotted.split(".")
            reading.origins[section, key] = f"the option for [{section}] {key}"
            _section(data, section)[key] = str(value) if isinstance(value, Path) else value
    config = _build(data, reading)
    if reading.faults or config is None:
        raise ConfigError("\n".join(reading.faults))
    return config


def cache_folder() -> Path:
    """Where assembled models and their digests are kept."""
    named = os.environ.get("ANALYTICS_CACHE_DIR")
    return Path(named) if named else Path(platformdirs.user_cache_dir("analytics"))


def policy_of(config: Config) -> RationalePolicy:
    """Which contents get a rationale, as a configuration asks for it."""
    infer = config.infer
    if isinstance(infer.rationales, str):
        return RationalePolicy(is_all=infer.rationales == "all")
    return RationalePolicy(
        sample_share=infer.sample_share if "sample" in infer.rationales else 0.0,
        top_posts=infer.top_posts if "top" in infer.rationales else 0,
        uncertain_below=infer.uncertain_below if "uncertain" in infer.rationales else 0.0,
    )


def mask_of(config: Config) -> Mask:
    """What the model sees of texts, as a configuration asks for it."""
    if not config.infer.mask_mentions:
        return no_mask
    return make_mask(name for aspect in config.aspects for name in (aspect.name, *aspect.aliases))


def decoding_of(config: Config) -> Decoding:
    """The decoding settings that a configuration asks for."""
    return Decoding(
        max_rationale_tokens=config.infer.max_rationale_tokens,
        repetition_penalty=config.infer.repetition_penalty,
    )


def config_to_json(config: Config) -> dict[str, Any]:
    """The resolved configuration as plain JSON values."""
    plain: dict[str, Any] = _plain(dataclasses.asdict(config))
    return plain


def config_digest(config: Config) -> str:
    """The sha256 of the resolved configuration."""
    return digest_of(config_to_json(config))


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as exc:
        raise ConfigError(
            f"{path.absolute()}: no such file. Make one with `analytics init`, or name another"
            " with --config."
        ) from exc
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{path}: cannot be read: {exc}") from exc
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(f"{path}: not valid TOML: {exc}") from exc


def _section(data: dict[str, Any], name: str) -> dict[str, Any]:
    section = data.setdefault(name, {})
    return section if isinstance(section, dict) else {}


def _build(data: dict[str, Any], reading: _Reading) -> Config | None:
    values: dict[str, Any] = {"folder": reading.folder}
    known = [*SECTIONS, *LISTS]
    for name, value in data.items():
        if name in SECTIONS:
            values[name] = _build_section(SECTIONS[name], value, name, name, reading)
        elif name in LISTS:
            place = reading.place_of(name)
            if not isinstance(value, list):
                reading.faults.append(
                    f"{place}: '{name}' must be a list: write [[{name}]], not [{name}]"
                    if place == reading.file
                    else f"{place} must be a list of tables: write it [{{ ... }}]"
                )
                continue
            values[name] = tuple(
                _build_section(LISTS[name], entry, f"{name}[{i}]", name, reading)
                for i, entry in enumerate(value, start=1)
            )
        else:
            reading.faults.append(
                f"{reading.file}: unknown section '{name}'.{_nearest(name, known)}"
            )
    if reading.faults:
        return None
    config = Config(**values)
    _check_aspects(config, reading.place_of("aspects"), reading.faults)
    _check_media(config, reading)
    _check_time_zone(config, reading)
    place = reading.origins.get(("model", "options")) or f"{reading.file}: [model] options"
    reading.faults.extend(f"{place}: {fault}" for fault in find_secrets(config.model.options))
    if config.alerts.webhook and (fault := find_webhook_fault(config.alerts.webhook)):
        place = reading.origins.get(("alerts", "webhook")) or f"{reading.file}: [alerts] webhook"
        reading.faults.append(f"{place} {fault}")
    # Paths that stay at their defaults are relative to the folder as well.
    return dataclasses.replace(
        config,
        warehouse=_absolute(config.warehouse, reading.folder),
        report=_absolute(config.report, reading.folder),
        alerts=_absolute(config.alerts, reading.folder),
    )


def _build_section(cls: type, data: Any, label: str, name: str, reading: _Reading) -> Any:
    place = reading.place_of(name)
    if not isinstance(data, dict):
        reading.faults.append(f"{place}: [{label}] must be a table of settings, not {data!r}")
        return None
    hints = typing.get_type_hints(cls)
    values = {}
    n_before = len(reading.faults)
    for key, value in data.items():
        if key not in hints:
            is_key = name == "model" and is_secret_name(key)
            hint = " Set OPENAI_API_KEY instead." if is_key else _nearest(key, hints)
            reading.faults.append(f"{place}: unknown key '{key}' in [{label}].{hint}")
            continue
        checked, fault = _check(value, hints[key])
        low_high = BOUNDS.get((name, key))
        if fault is None and low_high and checked is not None:
            low, high = low_high
            if not low <= checked <= high:
                fault = f"must lie between {low} and {high}"
        if fault:
            reading.add_value_fault(name, label, key, value, fault)
        else:
            values[key] = checked
    for entry in dataclasses.fields(cls):
        required = (
            entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING
        )
        if required and entry.name not in data:
            reading.faults.append(
                f"{place}: [{label}] lacks '{entry.name}' ({entry.metadata['help']})"
            )
    return None if len(reading.faults) > n_before else _absolute(cls(**values), reading.folder)


def _absolute(section: Any, folder: Path) -> Any:
    changes = {}
    for entry in dataclasses.fields(section):
        value = getattr(section, entry.name)
        if isinstance(value, Path):
            # os.path.normpath, not resolve: a symlink is the user's choice.
            changes[entry.name] = Path(os.path.normpath(folder / value.expanduser()))
    return dataclasses.replace(section, **changes)


def _check(value: Any, hint: Any) -> tuple[Any, str | None]:
    """The value in its field's type, or what is wrong with it."""
    wanted = []
    for kind in alternatives(hint):
        origin = typing.get_origin(kind)
        if kind is type(None):
            continue
        if origin is typing.Literal:
            choices = typing.get_args(kind)
            if value in choices and isinstance(value, str):
                return value, None
            near = _nearest(value, choices) if isinstance(value, str) else ""
            wanted.append("must be one of " + ", ".join(map(repr, choices)) + "." + near)
        elif kind is Path:
            if isinstance(value, str) and value:
                fault = _find_path_fault(value)
                return (None, fault) if fault else (Path(value), None)
            wanted.append("must be a path")
        elif origin is tuple:
            choices = typing.get_args(typing.get_args(kind)[0])
            fault = _find_list_fault(value, choices)
            if fault is None:
                return tuple(value), None
            if isinstance(value, list):
                return None, fault
            wanted.append(fault)
        elif origin is dict:
            only_text = typing.get_args(kind)[1] is str
            if isinstance(value, dict) and not (
                only_text and any(not isinstance(entry, str) for entry in value.values())
            ):
                return dict(value), None
            wanted.append("must be a table" + (" of texts" if only_text else ""))
        elif kind is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value), None
        elif isinstance(value, kind) and not (kind is not bool and isinstance(value, bool)):
            return value, None
        else:
            wanted.append(f"must be {_TYPE_NAMES[kind]}")
    return None, " or ".join(wanted)


def _find_list_fault(value: Any, choices: tuple[Any, ...]) -> str | None:
    """What keeps a value from being a list of texts, of these choices if there are some."""
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        return "must be a list of " + (", ".join(map(repr, choices)) or "texts")
    wrong = [entry for entry in value if choices and entry not in choices]
    if wrong:
        return f"holds {wrong[0]!r}.{_nearest(wrong[0], choices)}"
    return None


def _check_aspects(config: Config, where: str, faults: list[str]) -> None:
    seen: dict[str, int] = {}
    for i, aspect in enumerate(config.aspects, start=1):
        if not aspect.name.strip():
            faults.append(f"{where}: 'name' in [aspects[{i}]] is empty")
        if any(ord(letter) < 32 for letter in aspect.name):
            faults.append(f"{where}: 'name' in [aspects[{i}]] holds a control character")
        if any(not alias.strip() for alias in aspect.aliases):
            faults.append(f"{where}: 'aliases' in [aspects[{i}]] holds an empty text")
        if aspect.name.casefold() in seen:
            faults.append(
                f"{where}: [aspects[{i}]] repeats the name {aspect.name!r} of"
                f" [aspects[{seen[aspect.name.casefold()]}]]; put its aliases there"
            )
        seen.setdefault(aspect.name.casefold(), i)


def _check_media(config: Config, reading: _Reading) -> None:
    media = config.media
    faults = {}
    try:
        parse_allowed(media.allowed_hosts)
    except ValueError as exc:
        faults["allowed_hosts"] = str(exc)
    agent = media.user_agent
    if agent is not None and not (agent.strip() and agent.isascii() and agent.isprintable()):
        faults["user_agent"] = "must be printable ASCII text: it is a header of requests"
    for key, fault in faults.items():
        place = reading.origins.get(("media", key)) or f"{reading.place_of('media')}: [media] {key}"
        reading.faults.append(f"{place} {fault}")


def _check_time_zone(config: Config, reading: _Reading) -> None:
    name = config.report.time_zone
    if name == "UTC":
        return
    import pytz  # which DuckDB's own times come through, so it knows the same names

    if name not in pytz.all_timezones_set:
        near = difflib.get_close_matches(name, pytz.all_timezones, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else " Examples: UTC, Europe/Berlin."
        reading.add_value_fault(
            "report", "report", "time_zone", name, f"must be an IANA name of a time zone.{hint}"
        )


def _find_path_fault(text: str) -> str | None:
    if "\x00" in text:
        return "holds a NUL character, which no path can"
    try:
        Path(text).expanduser()
    except RuntimeError:
        return "names the home folder of a user that is not known here: write the path in full"
    return None


def _nearest(word: str, known: Any) -> str:
    names = list(known)
    found = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.5)
    return f" Did you mean '{found[0]}'?" if found else " Known: " + ", ".join(names) + "."


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    # TOML has dates and times, JSON has none.
    return str(value) if isinstance(value, Path | date | dtime) else value
