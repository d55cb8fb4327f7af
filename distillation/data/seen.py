"""Which texts a model was trained on, so that nobody takes a remembered answer for a skill.

A model folder holds `trained_on.json`: digests of its training texts and those of the
model it began from. `distill evaluate` and the gate of `distill promote` read it.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from analytics.contract.errors import TrainingError
from analytics.contract.json_files import read_object, write_object
from distillation.data.examples import Example
from distillation.data.overlaps import list_contents, name_content, normalise_text

SEEN_FILE = "trained_on.json"
_VERSION = 1
_N_DIGITS = 12  # of hexadecimal: a chance hit has odds of 1 in 10^10 at 30,000 texts


def digest_text(text: str) -> str:
    """The first digits of the sha256 of the text without case, links, mentions and spaces."""
    return _digest(normalise_text(text))


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:_N_DIGITS]


def read_seen(folder: Path) -> frozenset[str] | None:
    """The digests that a model folder names; None if it does not say what it was trained on.

    Raises:
        TrainingError: the file is of another format.
        EngineError: it cannot be read.
    """
    values = read_object(folder / SEEN_FILE)
    if values is None:
        return None
    if values.get("format_version") != _VERSION or not isinstance(values.get("texts"), list):
        raise TrainingError(
            f"{folder / SEEN_FILE}: format {values.get('format_version')}, this version reads "
            f"{_VERSION}. Install the version of analytics that trained the model"
        )
    return frozenset(map(str, values["texts"]))


def write_seen(folder: Path, examples: Iterable[Example], *, base: Path | None) -> int:
    """Write what a model was trained on, with what its base was; the number of texts."""
    found = {_digest(name) for name in list_contents(examples)}
    if base is not None:
        found |= read_seen(base) or frozenset()
    write_object(folder / SEEN_FILE, {"format_version": _VERSION, "texts": sorted(found)}, indent=0)
    return len(found)


def find_seen(examples: Iterable[Example], seen: frozenset[str]) -> frozenset[str]:
    """The ids of the examples whose text (`name_content`) a model was trained on."""
    named = ((example.example_id, name_content(example.item)) for example in examples)
    return frozenset(example_id for example_id, name in named if name and _digest(name) in seen)
