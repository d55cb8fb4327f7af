"""Rationales that somebody else wrote, turned into the teacher's data set format.

The input is JSON lines with `id`, `aspect`, `label` and `cot` (the rationale
text with its five headings). Each is joined by id to a labelled example, which
gives the clean text, the picture and the group.
"""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analytics.contract.errors import TrainingError
from analytics.contract.text import clean_text
from distillation.data.examples import Example
from distillation.data.rationales import (
    RationaleRow,
    RejectRow,
    read_manifest,
    write_rationales,
)
from distillation.teacher.replies import RULES_VERSION, check_reply
from distillation.teacher.run import check_examples, check_output, count_reasons

_STAGE = "imported"


def import_rationales(
    path: Path,
    examples: Sequence[Example],
    *,
    output: Path,
    dataset: str,
    split: str,
    model: str,
    version: str,
) -> dict[str, Any]:
    """Write the rationales of a JSON lines file as a data set; the manifest is returned.

    A line that cannot be used becomes a reject with the reason. `model` names
    who wrote the rationales, '' where that is not known.

    Raises:
        TrainingError: the file cannot be read, or `output` holds something else.
    """
    check_examples(examples)
    check_output(output, maker=_STAGE)
    by_id = {example.example_id: example for example in examples}
    rows: list[RationaleRow] = []
    rejects: list[RejectRow] = []
    seen: set[str] = set()
    for number, line in enumerate(_read_lines(path), start=1):
        example_id, reply, reason = f"line {number}", line, ""
        row: RationaleRow | None = None
        try:
            value = _parse_line(line)
            example_id, reply = value["id"], value["cot"]
            example = _find_example(value, by_id, seen)
            row = _make_row(value["cot"], example, dataset=dataset, split=split, model=model)
        except _UnusableError as exc:
            reason = str(exc)
        seen.add(example_id)
        if row is not None:
            rows.append(row)
            continue
        rejects.append(
            RejectRow(
                example_id=example_id,
                dataset=dataset,
                split=split,
                stage=_STAGE,
                reason=reason,
                reply=reply,
                n_attempts=0,
            )
        )
    manifest = {
        "maker": _STAGE,
        "model": model,
        "prompt_digest": "",
        "dataset": dataset,
        "split": split,
        "rules_version": RULES_VERSION,
        "analytics_version": version,
        "source_file": path.name,
        "count_lines": len(rows) + len(rejects),
        "count_examples": len(examples),
        "count_examples_without_line": len(set(by_id) - seen),
        "count_rejects_by_reason": count_reasons(Counter(reject.reason for reject in rejects)),
    }
    write_rationales(output, rows, rejects, manifest)
    return read_manifest(output)


class _UnusableError(Exception):
    """Why a line gives no rationale."""


def _read_lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise TrainingError(
            f"{path}: cannot be read ({exc}). Give a UTF-8 JSON lines file"
        ) from exc
    return [line for line in text.split("\n") if line.strip()]


def _parse_line(line: str) -> dict[str, str]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as exc:
        raise _UnusableError(f"unreadable: {exc}") from exc
    if not isinstance(value, dict):
        raise _UnusableError("unreadable: no JSON object")
    for name in ("id", "cot"):
        if not isinstance(value.get(name), str):
            raise _UnusableError(f"unreadable: no text in field {name!r}")
    return value


def _find_example(value: dict[str, str], by_id: dict[str, Example], seen: set[str]) -> Example:
    """The example that a line belongs to; fields that both have must agree."""
    example = by_id.get(value["id"])
    if example is None:
        raise _UnusableError("unknown id: the data set has no such example")
    if value["id"] in seen:
        raise _UnusableError("repeated id: an earlier line has it")
    if value.get("label", example.label) != example.label:
        raise _UnusableError(
            f"other label: the line says {value['label']!r}, gold is {str(example.label)!r}"
        )
    if clean_text(str(value.get("aspect", example.item.aspect))) != example.item.aspect:
        raise _UnusableError("other aspect: the line's is not that of the example")
    return example


def _make_row(text: str, example: Example, *, dataset: str, split: str, model: str) -> RationaleRow:
    checked = check_reply(text, has_picture=example.item.image_path is not None)
    rationale = checked.rationale
    if rationale is None or rationale.label is None:
        raise _UnusableError(checked.reason)
    if rationale.label != example.label:
        raise _UnusableError(
            f"wrong prediction: {str(rationale.label)!r}, gold is {str(example.label)!r}"
        )
    return RationaleRow(
        example_id=example.example_id,
        dataset=dataset,
        split=split,
        group=example.group,
        text=example.item.text,
        aspect=example.item.aspect,
        image_sha256=example.item.image_sha256,
        label=str(example.label),
        text_analysis=rationale.text_analysis,
        image_analysis=rationale.image_analysis,
        conflict_resolution=rationale.conflict_resolution,
        final_conclusion=rationale.final_conclusion,
        rationale_label=str(rationale.label),
        stage=_STAGE,
        model=model,
        prompt_digest="",
    )
