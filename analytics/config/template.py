"""The analytics.toml that `init` writes, made from the settings themselves."""

import dataclasses
import shutil
import typing
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from analytics.config.settings import LISTS, SECTIONS, alternatives

_HEAD = """\
# Configuration of the sentiment engine. Paths start at this file's folder.
# Each value can also be given by the environment, e.g. ANALYTICS_MODEL_NAME or
# ANALYTICS_SOURCES; tables and lists are written there as here, in TOML.
# Every line that is commented out shows the default, unless it says "unset".
"""
_EXAMPLES = {
    "sources": """\
# What to read: one [[sources]] for each dump (a file or a folder).
# [[sources]]
# path = "dumps/RC_2026-03.zst"
#
# [[sources]]
# path = "dumps/posts.csv"
# platform = "mastodon"
# mapping = { text = "body", created_at = "date" }
""",
    "aspects": """\
# What is tracked: one [[aspects]] for each thing that opinions are toward.
# [[aspects]]
# name = "Nordlys N3"
# aliases = ["nordlys", "#nordlysn3"]
""",
}


def render_template() -> str:
    """A commented configuration with every setting at its default."""
    parts = [_HEAD]
    # Sources and aspects are what a user must name, so they stand near the top.
    order = ("warehouse", *LISTS, *(name for name in SECTIONS if name != "warehouse"))
    for name in order:
        parts.append(_EXAMPLES[name] if name in LISTS else _render_section(name))
    return "\n".join(parts)


def write_sample(target: Path) -> None:
    """The bundled sample project: dumps beside a ready configuration at `target`."""
    with as_file(files("analytics") / "sample") as sample:
        shutil.copytree(sample / "dumps", target.parent / "dumps", dirs_exist_ok=True)
        shutil.copyfile(sample / "gold.csv", target.parent / "gold.csv")
        shutil.copyfile(sample / "analytics.toml", target)


def describe_settings() -> list[tuple[str, str, str, str, str]]:
    """Section, key, type, default and meaning of every setting."""
    rows = []
    for name, cls in {**SECTIONS, **LISTS}.items():
        hints = typing.get_type_hints(cls)
        for field in dataclasses.fields(cls):
            default = _default(field)
            shown = "required" if default is dataclasses.MISSING else _toml(default)
            rows.append(
                (name, field.name, _type_name(hints[field.name]), shown, field.metadata["help"])
            )
    return rows


def _render_section(name: str) -> str:
    lines = [f"[{name}]"]
    for field in dataclasses.fields(SECTIONS[name]):
        default = _default(field)
        hint = typing.get_type_hints(SECTIONS[name])[field.name]
        choices = " or ".join(filter(None, map(_choices, alternatives(hint))))
        lines.append(f"# {field.metadata['help']}" + (f" ({choices})" if choices else ""))
        example = field.metadata["example"]
        if default is None and example is not None:
            lines.append(f"# {field.name} = {_toml(example)}  # unset by default")
        else:
            lines.append(f"# {field.name} = {_toml(default)}")
    return "\n".join(lines) + "\n"


def _default(field: Any) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return dataclasses.MISSING


def _toml(value: Any) -> str:
    if value is None:
        return "(unset)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, Path)):
        return f'"{value}"'
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(entry) for entry in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(entry)}" for key, entry in value.items()) + "}"
    return str(value)


def _choices(hint: Any) -> str:
    if typing.get_origin(hint) is typing.Literal:
        return ", ".join(typing.get_args(hint))
    if typing.get_origin(hint) is tuple and (listed := _choices(typing.get_args(hint)[0])):
        return f"a list of {listed}"
    return ""


def _type_name(hint: Any) -> str:
    names = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    if hint in names:
        return names[hint]
    if hint is Path:
        return "path"
    if choices := _choices(hint):
        return choices
    origin = typing.get_origin(hint)
    if origin is tuple:
        return "list of " + (_choices(typing.get_args(hint)[0]) or "texts")
    if origin is dict:
        return "table"
    return " or ".join(_type_name(k) for k in typing.get_args(hint) if k is not type(None))
