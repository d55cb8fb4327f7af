"""Which texts a model was trained on, so that nobody takes a remembered answer for a skill.

A model folder holds `trained_on.json`: digests of its training texts and those of the
model it began from (`texts`), and of the texts that only an assistant saw whose soft
labels or rationales it learned from (`assistant_texts`). Folders of soft labels and of
an assistant's rationales hold the assistant's. `distill evaluate` and the gate of
`distill promote` read it.
"""

import hashlib
import logging
import unicodedata
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from analytics.contract.errors import TrainingError
from analytics.contract.json_files import read_object, write_object
from analytics.contract.model_folder import CONTRACT_FILE
from distillation.data.examples import Example
from distillation.data.overlaps import (
    PICTURE_PREFIX,
    list_contents,
    name_content,
    normalise_text,
)

logger = logging.getLogger(__name__)

SEEN_FILE = "trained_on.json"
_VERSION = 1
_N_DIGITS = 12  # of hexadecimal: a chance hit has odds of 1 in 10^10 at 30,000 texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Digests of texts: those that a model was trained on, and those only its assistants were."""

    texts: frozenset[str] = frozenset()
    assistant_texts: frozenset[str] = frozenset()


def digest_text(text: str) -> str:
    """The first digits of the sha256 of the text without what copies differ in.

    That is case, links, mentions, spaces and punctuation.
    """
    return _digest(normalise_text(text))


def read_seen(folder: Path) -> Seen | None:
    """What a folder says was trained on; None if it says nothing.

    Raises:
        TrainingError: the file is of another format.
        EngineError: it cannot be read.
    """
    values = read_object(folder / SEEN_FILE)
    if values is None or values.get("is_silent"):
        return None
    found = [values.get("texts"), values.get("assistant_texts", [])]
    if values.get("format_version") != _VERSION or not all(isinstance(v, list) for v in found):
        raise TrainingError(
            f"{folder / SEEN_FILE}: format {values.get('format_version')}, this version reads "
            f"{_VERSION}. Install the version of analytics that trained the model"
        )
    texts, assistant_texts = (frozenset(map(str, digests or [])) for digests in found)
    return Seen(texts=texts, assistant_texts=assistant_texts - texts)


def write_seen(
    folder: Path,
    examples: Iterable[Example],
    *,
    base: Path | None,
    assistants: Iterable[Path] = (),
) -> int:
    """Write what a model was trained on, with what its base was; the number of texts.

    `assistants` are folders of models, soft labels or rationales that it learned from. Of a
    base or assistant that we trained and that does not say on what, nothing is written: half a
    list would pass for all.
    """
    texts = {_digest(name) for name in list_contents(examples)}
    of_assistants: set[str] = set()
    is_silent = False
    if base is not None:
        if (seen := read_seen(base)) is not None:
            texts |= seen.texts
            of_assistants |= seen.assistant_texts
        elif _is_ours(base):
            logger.warning("%s: no %s, so nothing says what the base saw", base, SEEN_FILE)
            is_silent = True
    for assistant in assistants:
        seen = read_seen(assistant)
        if seen is None:
            logger.warning(
                "%s: no %s, so nothing says what the assistant was trained on", assistant, SEEN_FILE
            )
            is_silent |= _is_ours(assistant)
            continue
        of_assistants |= seen.texts | seen.assistant_texts
    if is_silent:
        (folder / SEEN_FILE).unlink(missing_ok=True)
        return len(texts)
    _write(folder, Seen(texts=frozenset(texts), assistant_texts=frozenset(of_assistants - texts)))
    return len(texts)


def copy_seen(model: Path, folder: Path) -> None:
    """Say in a folder of a model's soft labels or rationales what the model was trained on."""
    (folder / SEEN_FILE).unlink(missing_ok=True)
    if (seen := read_seen(model)) is not None:
        _write(folder, seen)
    elif _is_ours(model):
        # A folder without the file is of a model that was fetched, about which nobody asks.
        write_object(folder / SEEN_FILE, {"format_version": _VERSION, "is_silent": True})


def _is_ours(folder: Path) -> bool:
    """Whether a model that was trained here, or the maker of this folder, does not say on what.

    Asked of folders of which `read_seen` knows nothing.
    """
    return (folder / CONTRACT_FILE).is_file() or (folder / SEEN_FILE).is_file()


def merge_seen(models: Iterable[Path], folder: Path) -> list[Path]:
    """Say in the folder of a model made of others that it saw what any of them saw.

    Where one of them does not say, the result says nothing: half a list would pass for all.
    Gives those that do not.
    """
    silent = []
    texts: frozenset[str] = frozenset()
    of_assistants: frozenset[str] = frozenset()
    for model in models:
        seen = read_seen(model)
        if seen is None:
            logger.warning(
                "%s: no %s, so nothing says what the mean was trained on", model, SEEN_FILE
            )
            silent.append(model)
            continue
        texts |= seen.texts
        of_assistants |= seen.assistant_texts
    if not silent:
        _write(folder, Seen(texts=texts, assistant_texts=of_assistants - texts))
    return silent


def list_digests(examples: Iterable[Example]) -> list[str]:
    """The digests of the texts of some examples, sorted."""
    return sorted({_digest(name) for name in list_contents(examples)})


def find_seen(examples: Iterable[Example], digests: Set[str]) -> frozenset[str]:
    """The ids of the examples whose text (`name_content`) is among the digests."""
    named = ((example.example_id, name_content(example.item)) for example in examples)
    return frozenset(example_id for example_id, name in named if name and _digest(name) in digests)


def split_seen(
    examples: Sequence[Example], seen: Seen | None
) -> tuple[frozenset[str], frozenset[str]]:
    """Ids of the examples that a model was trained on, and of those only its assistants were."""
    known = seen or Seen()
    own = find_seen(examples, known.texts)
    return own, find_seen(examples, known.assistant_texts) - own


def _write(folder: Path, seen: Seen) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    values = {
        "format_version": _VERSION,
        "texts": sorted(seen.texts),
        "assistant_texts": sorted(seen.assistant_texts),
    }
    write_object(folder / SEEN_FILE, values, indent=0)


def _digest(name: str) -> str:
    """Of a `name_content`. A text of punctuation alone (`:(`) keeps it."""
    if name.startswith(PICTURE_PREFIX):
        return _hash(name)
    # ASCII's other signs ($+<=>^`|~) are as often added or lost; emojis are words.
    words = "".join(
        c
        for c in name
        if (c.isalnum() if c.isascii() else not unicodedata.category(c).startswith("P"))
    )
    return _hash(words or name)


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:_N_DIGITS]
