"""Rationales find their examples: by data set, split and id, and only if the content agrees."""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from analytics.contract.errors import ConfigError, TrainingError
from distillation.data.examples import Example
from distillation.data.rationales import (
    REJECTS_FILE,
    RationaleRow,
    read_manifest,
    read_rationales,
)

logger = logging.getLogger(__name__)

_Key = tuple[str, str, str]


@dataclass(slots=True, kw_only=True)
class RationaleIndex:
    """The rows of rationale data sets by data set, split and example id.

    Names alone may lie: another folder can have the same name, and a data set can have
    changed since it was explained. So text, aspect and label are compared, too.
    `folders` are those that hold a rationale.
    """

    folders: list[Path]
    rows: dict[_Key, list[tuple[Path, RationaleRow]]] = field(default_factory=dict)
    found: set[_Key] = field(default_factory=set)

    def find(self, dataset: str, split: str, example: Example) -> list[RationaleRow]:
        """The rationales of an example, in the order of the folders.

        Raises:
            TrainingError: one is of another text, aspect or label.
        """
        key = (dataset, split, example.example_id)
        rows = self.rows.get(key, [])
        if rows:
            self.found.add(key)
        for folder, row in rows:
            _check_content(row, example, folder, "/".join(key))
        return [row for _, row in rows]

    def count_unmatched(self, titles: Iterable[str]) -> int:
        """How many rows no example has asked for; logged by folder. `titles` name the data.

        Raises:
            ConfigError: of a folder not one row found its example.
        """
        totals: Counter[Path] = Counter()
        lost: Counter[Path] = Counter()
        names: dict[Path, set[str]] = {}
        for key, rows in self.rows.items():
            for folder, _ in rows:
                totals[folder] += 1
                lost[folder] += key not in self.found
                names.setdefault(folder, set()).add(":".join(key[:2]))
        for folder in self.folders:
            if lost[folder] == totals[folder]:
                theirs = ", ".join(sorted(names[folder]))
                raise ConfigError(
                    f"--rationales {folder}: none of its {totals[folder]} rationales belongs to an "
                    f"example of --data ({', '.join(titles)}). They are of {theirs}: folder (or "
                    "file) and split must have the same names as when the rationales were made"
                )
            if lost[folder]:
                logger.warning(
                    "%s: %d of %d rationales belong to no example that is trained on",
                    folder,
                    lost[folder],
                    totals[folder],
                )
        return lost.total()


def index_rationales(folders: Iterable[Path]) -> RationaleIndex:
    """Read rationale data sets; one without a rationale is left out with a warning.

    Raises:
        ConfigError: none of them holds a rationale.
        TrainingError: a folder holds no data set, or one of another format version.
    """
    index = RationaleIndex(folders=[])
    empty: list[str] = []
    for folder in folders:
        rows = read_rationales(folder)
        if rows:
            index.folders.append(folder)
        else:
            empty.append(_tell_empty(folder))
        for row in rows:
            key = (row.dataset, row.split, row.example_id)
            index.rows.setdefault(key, []).append((folder, row))
    if empty and not index.folders:
        raise ConfigError(
            "; ".join(empty) + ". So there is nothing to learn reasons from: train the model that "
            "wrote them for longer or ask another one, or leave --rationales out to train on "
            "labels alone"
        )
    for text in empty:
        logger.warning("%s. It is left out", text)
    return index


def _tell_empty(folder: Path) -> str:
    """That a data set holds no rationale, and what became of its examples."""
    manifest = read_manifest(folder)
    reasons = manifest.get("count_rejects_by_reason") or {}
    told = "".join(f"; {reason}: {count}" for reason, count in reasons.items())
    text = f"--rationales {folder}: holds no rationale ({manifest['count_rejects']} rejected{told})"
    return text + (f", see its {REJECTS_FILE}" if manifest["count_rejects"] else "")


def _check_content(row: RationaleRow, example: Example, folder: Path, name: str) -> None:
    pairs = {
        "text": (row.text, example.item.text),
        "aspect": (row.aspect, example.item.aspect),
        "label": (row.label, str(example.label)),
    }
    for what, (theirs, ours) in pairs.items():
        if theirs != ours:
            raise TrainingError(
                f"{folder}: its rationale of {name!r} has the {what} {theirs[:80]!r}, the data "
                f"have {ours[:80]!r}. Give the data that were explained, or explain these anew"
            )
