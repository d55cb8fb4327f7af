"""Rationale data sets: a folder with `rationales.parquet`, `rejects.parquet`, `manifest.json`.

Written by the teacher, by augmentation and by imports; read by training.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

import polars as pl

from analytics.contract.labels import Label
from analytics.contract.records import Rationale
from distillation.data.locks import make_folder
from distillation.data.manifests import read_manifest_file, write_manifest

# Raise when columns change their meaning.
FORMAT_VERSION = 1
RATIONALES_FILE = "rationales.parquet"
REJECTS_FILE = "rejects.parquet"
_MADE_BY = "analytics distill teacher` or `analytics distill augment"

# Where a rationale comes from: the teacher predicted right by itself (stage 1), or
# explained a label that it was given (stage 2); the assistant wrote it
# (augmentation); it was published by somebody else.
Stage = Literal["teacher", "teacher_given_label", "assistant", "imported"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RationaleRow:
    """One rationale of one example. `label` is gold, `rationale_label` its own prediction."""

    example_id: str
    dataset: str
    split: str
    group: str
    text: str
    aspect: str
    image_sha256: str | None
    label: str
    text_analysis: str
    image_analysis: str
    conflict_resolution: str
    final_conclusion: str
    rationale_label: str
    stage: str
    model: str
    prompt_digest: str
    n_attempts: int = 1
    n_prompt_tokens: int = 0
    n_output_tokens: int = 0

    @property
    def rationale(self) -> Rationale:
        """The four parts and the prediction, as the contract has them."""
        return Rationale(
            text_analysis=self.text_analysis,
            image_analysis=self.image_analysis,
            conflict_resolution=self.conflict_resolution,
            final_conclusion=self.final_conclusion,
            label=Label(self.rationale_label),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectRow:
    """An example that got no rationale: at which stage, why, and the last reply."""

    example_id: str
    dataset: str
    split: str
    stage: str
    reason: str
    reply: str
    n_attempts: int


def write_rationales(
    folder: Path,
    rows: Iterable[RationaleRow],
    rejects: Iterable[RejectRow],
    manifest: dict[str, Any],
) -> None:
    """Write a data set, each file whole or not at all, the manifest last.

    Raises:
        TrainingError: the folder cannot be made.
    """
    make_folder(folder)
    rows, rejects = list(rows), list(rejects)
    _write_parquet(folder / RATIONALES_FILE, rows, RationaleRow)
    _write_parquet(folder / REJECTS_FILE, rejects, RejectRow)
    stages = [row.stage for row in rows]
    counts = {stage: stages.count(stage) for stage in sorted(set(stages))}
    values = {
        **manifest,
        "count_rationales": len(rows),
        "count_by_stage": counts,
        "count_rejects": len(rejects),
    }
    write_manifest(folder, values, format_version=FORMAT_VERSION)


def read_rationales(folder: Path) -> list[RationaleRow]:
    """The rationales of a data set.

    Raises:
        TrainingError: the folder holds none, or one of another format version.
    """
    read_manifest(folder)
    frame = pl.read_parquet(folder / RATIONALES_FILE)
    return [RationaleRow(**row) for row in frame.iter_rows(named=True)]


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a data set.

    Raises:
        TrainingError: there is none, or it is of another format version.
    """
    return read_manifest_file(folder, format_version=FORMAT_VERSION, made_by=_MADE_BY)


def _write_parquet(path: Path, rows: Sequence[Any], kind: type) -> None:
    types = {"str": pl.String, "str | None": pl.String, "int": pl.Int64}
    schema = {field.name: types[_type_name(field.type)] for field in fields(kind)}
    frame = pl.DataFrame([asdict(row) for row in rows], schema=schema)
    temp = path.with_name(f".{path.name}.tmp")
    frame.write_parquet(temp)
    os.replace(temp, path)


def _type_name(kind: Any) -> str:
    return kind if isinstance(kind, str) else getattr(kind, "__name__", str(kind))
