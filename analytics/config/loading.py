"""Reads and checks analytics.toml: file < environment < flags."""

import dataclasses
import difflib
import os
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import platformdirs

from analytics.config.settings import BOUNDS, LISTS, SECTIONS, Config
from analytics.contract.decoding import Decoding
from analytics.contract.digests import digest_of
from analytics.contract.errors import ConfigError

DEFAULT_FILE = "analytics.toml"
_TYPE_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


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
    faults: list[str] = []
    _apply_environment(data, environment, faults)
    for dotted, value in (overrides or {}).items():
        if value is not None:
            section, key = dotted.split(".")
            _section(data, section)[key] = str(value) if isinstance(value, Path) else value
    config = _build(data, where, folder, faults)
    if faults or config is None:
        raise ConfigError("\n".join(faults))
    return config


def cache_folder() -> Path:
    """Where assembled models and their digests are kept."""
    named = os.environ.get("ANALYTICS_CACHE_DIR")
    return Path(named) if named else Path(platformdirs.user_cache_dir("analytics"))


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


def _apply_environment(
    data: dict[str, Any], environment: Mapping[str, str], faults: list[str]
) -> None:
    for variable, text in environment.items():
        for name, cls in SECTIONS.items():
            prefix = f"ANALYTICS_{name.upper()}_"
            if not variable.startswith(prefix):
                continue
            key = variable.removeprefix(prefix).lower()
            hints = typing.get_type_hints(cls)
            if key not in hints:
                faults.append(
                    f"environment: unknown setting {variable}."
                    + _nearest(key, hints, lambda found, p=prefix: p + found.upper())
                )
                continue
            _section(data, name)[key] = _from_text(text, hints[key])


def _from_text(text: str, hint: Any) -> Any:
    for kind in _alternatives(hint):
        if kind is bool and text.lower() in ("true", "false", "1", "0"):
            return text.lower() in ("true", "1")
        if kind in (int, float):
            try:
                return kind(text)
            except ValueError:
                return text
    return text


def _build(data: dict[str, Any], where: str, folder: Path, faults: list[str]) -> Config | None:
    values: dict[str, Any] = {"folder": folder}
    known = [*SECTIONS, *LISTS]
    for name, value in data.items():
        if name in SECTIONS:
            values[name] = _build_section(SECTIONS[name], value, where, name, name, folder, faults)
        elif name in LISTS:
            if not isinstance(value, list):
                faults.append(f"{where}: '{name}' must be a list: write [[{name}]], not [{name}]")
                continue
            values[name] = tuple(
                _build_section(LISTS[name], entry, where, f"{name}[{i}]", name, folder, faults)
                for i, entry in enumerate(value, start=1)
            )
        else:
            faults.append(f"{where}: unknown section '{name}'.{_nearest(name, known)}")
    if faults:
        return None
    config = Config(**values)
    _check_aspects(config, where, faults)
    # Paths that stay at their defaults are relative to the folder as well.
    return dataclasses.replace(
        config,
        warehouse=_absolute(config.warehouse, folder),
        report=_absolute(config.report, folder),
    )


def _build_section(
    cls: type, data: Any, where: str, label: str, name: str, folder: Path, faults: list[str]
) -> Any:
    if not isinstance(data, dict):
        faults.append(f"{where}: [{label}] must be a table of settings, not {data!r}")
        return None
    hints = typing.get_type_hints(cls)
    values = {}
    n_before = len(faults)
    for key, value in data.items():
        if key not in hints:
            faults.append(f"{where}: unknown key '{key}' in [{label}].{_nearest(key, hints)}")
            continue
        checked, fault = _check(value, hints[key])
        low_high = BOUNDS.get((name, key))
        if fault is None and low_high and checked is not None:
            low, high = low_high
            if not low <= checked <= high:
                fault = f"must lie between {low} and {high}"
        if fault:
            faults.append(f"{where}: '{key}' in [{label}] is {value!r}: {fault}")
        else:
            values[key] = checked
    for field in dataclasses.fields(cls):
        required = (
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        )
        if required and field.name not in data:
            faults.append(f"{where}: [{label}] lacks '{field.name}' ({field.metadata['help']})")
    return None if len(faults) > n_before else _absolute(cls(**values), folder)


def _absolute(section: Any, folder: Path) -> Any:
    changes = {}
    for field in dataclasses.fields(section):
        value = getattr(section, field.name)
        if isinstance(value, Path):
            # os.path.normpath, not resolve: a symlink is the user's choice.
            changes[field.name] = Path(os.path.normpath(folder / value.expanduser()))
    return dataclasses.replace(section, **changes)


def _check(value: Any, hint: Any) -> tuple[Any, str | None]:
    """The value in its field's type, or what is wrong with it."""
    wanted = []
    for kind in _alternatives(hint):
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
                return Path(value), None
            wanted.append("must be a path")
        elif origin is tuple:
            if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
                return tuple(value), None
            wanted.append("must be a list of texts")
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


def _alternatives(hint: Any) -> tuple[Any, ...]:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return typing.get_args(hint)
    return (hint,)


def _nearest(word: str, known: Any, spell: Any = None) -> str:
    names = list(known)
    found = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.5)
    if found:
        return f" Did you mean '{spell(found[0]) if spell else found[0]}'?"
    return " Known: " + ", ".join(spell(name) if spell else name for name in names) + "."


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    return str(value) if isinstance(value, Path) else value
