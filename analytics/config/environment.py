"""Settings from the environment: ANALYTICS_SECTION_KEY, ANALYTICS_SOURCES, ANALYTICS_ASPECTS."""

import difflib
import logging
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analytics.config.settings import LISTS, SECTIONS, alternatives

logger = logging.getLogger(__name__)

PREFIX = "ANALYTICS_"
# Read by other parts; no settings of analytics.toml.
_ELSEWHERE = (
    "ANALYTICS_CONFIG",
    "ANALYTICS_CACHE_DIR",
    "ANALYTICS_AUTHOR_KEY_FILE",
    "ANALYTICS_WEBHOOK_URL",
    "ANALYTICS_WEBHOOK_TOKEN",
)
# So like a name of ours, and it is taken for a slip; else for another program's.
_SLIP = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class FromEnvironment:
    """A value of one variable; `key` is None where it holds a whole list of tables."""

    variable: str
    section: str
    key: str | None
    value: Any


def read_environment(environment: Mapping[str, str], faults: list[str]) -> list[FromEnvironment]:
    """The settings among the variables; tables and lists are read as TOML.

    A variable of our prefix that is no setting is a fault if it is like one, else a
    warning: the prefix is a common word.
    """
    known = _list_variables()
    found = []
    for variable, text in environment.items():
        if not variable.startswith(PREFIX) or variable in _ELSEWHERE:
            continue
        if variable not in known:
            _tell_unknown(variable, [*known, *_ELSEWHERE], faults)
            continue
        section, key = known[variable]
        try:
            value = _from_text(text, None if key is None else _hint_of(section, key))
        except tomllib.TOMLDecodeError as exc:
            form = '{ name = "value" }' if key == "options" else "as in analytics.toml"
            faults.append(f"environment: {variable} is not valid TOML ({exc}). Write it {form}")
            continue
        found.append(FromEnvironment(variable=variable, section=section, key=key, value=value))
    return found


def _list_variables() -> dict[str, tuple[str, str | None]]:
    known: dict[str, tuple[str, str | None]] = {
        f"{PREFIX}{section}_{key}".upper(): (section, key)
        for section, cls in SECTIONS.items()
        for key in typing.get_type_hints(cls)
    }
    return known | {f"{PREFIX}{name}".upper(): (name, None) for name in LISTS}


def _hint_of(section: str, key: str) -> Any:
    return typing.get_type_hints(SECTIONS[section])[key]


def _tell_unknown(variable: str, known: list[str], faults: list[str]) -> None:
    """The prefix is left out of the comparison: all names have it."""
    bare = {name.removeprefix(PREFIX): name for name in known}
    word = variable.removeprefix(PREFIX)
    near = difflib.get_close_matches(word, bare, n=1, cutoff=0.5)
    hint = f" Did you mean '{bare[near[0]]}'?" if near else ""
    is_slip = bool(near) and difflib.SequenceMatcher(None, near[0], word).ratio() >= _SLIP
    if is_slip or any(word.startswith(f"{section.upper()}_") for section in SECTIONS):
        faults.append(f"environment: unknown setting {variable}.{hint}")
    else:
        logger.warning("environment: %s is no setting of this program.%s", variable, hint)


def _from_text(text: str, hint: Any) -> Any:
    """The value that a text stands for; the text itself where it is none of that type."""
    for kind in alternatives(hint):
        if kind is bool and text.lower() in ("true", "false", "1", "0"):
            return text.lower() in ("true", "1")
        if kind in (int, float):
            try:
                return kind(text)
            except ValueError:
                return text
        if typing.get_origin(kind) is typing.Literal and text in typing.get_args(kind):
            return text
        if kind is None or typing.get_origin(kind) in (dict, tuple):
            parsed = tomllib.loads(f"value = {text}")
            return parsed["value"] if len(parsed) == 1 else text
    return text
