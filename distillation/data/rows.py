"""Rows as a file gives them, and the examples made of them."""

import json
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analytics.contract.errors import ImageError, TrainingError
from analytics.contract.labels import LABELS, Label
from distillation.data.examples import Example, make_example
from distillation.data.pictures import PictureFolder

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One labelled row of a file; `picture` is the original, maybe not there."""

    example_id: str
    text: str
    label: Label
    aspect: str = ""
    picture: Path | None = None
    group: str | None = None


def make_examples(
    rows: Iterable[Row], *, where: Path, pictures: PictureFolder | None
) -> list[Example]:
    """Examples of rows. One whose picture cannot be used stays, without it.

    Such pictures are counted and logged once.

    Raises:
        TrainingError: an example_id occurs twice.
    """
    examples: list[Example] = []
    seen: set[str] = set()
    faults: dict[Path, str] = {}
    for row in rows:
        if row.example_id in seen:
            raise TrainingError(
                f"{where}: id {row.example_id!r} occurs twice. Ids must be unique within a split"
            )
        seen.add(row.example_id)
        examples.append(_make_one(row, pictures, faults))
    if faults:
        reasons = Counter(faults.values())
        logger.warning(
            "%s: %d pictures cannot be used (%s), e.g. %s; their examples stay without a picture",
            where,
            len(faults),
            ", ".join(f"{n} {reason}" for reason, n in reasons.most_common()),
            next(iter(faults)),
        )
    return examples


def _make_one(row: Row, pictures: PictureFolder | None, faults: dict[Path, str]) -> Example:
    group = row.group
    if group is None and row.picture is not None:
        group = row.picture.name
    picture = row.picture if row.picture not in faults else None
    for attempt in (picture, None):
        try:
            return make_example(
                example_id=row.example_id,
                text=row.text,
                label=row.label,
                aspect=row.aspect,
                picture=attempt,
                group=group,
                pictures=pictures,
            )
        except ImageError as exc:
            if attempt is not None:
                faults[attempt] = exc.reason
    raise AssertionError("an example without a picture cannot fail on one")


def parse_label(value: Any, *, where: str) -> Label:
    """A label from its word.

    Raises:
        TrainingError: it is none of the three.
    """
    try:
        return Label(str(value).strip().lower())
    except ValueError as exc:
        raise TrainingError(f"{where}: label {value!r}; known: {', '.join(LABELS)}") from exc


def read_text(path: Path) -> str:
    """A whole UTF-8 file.

    Raises:
        TrainingError: it cannot be read.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise TrainingError(f"{path}: cannot be read as UTF-8 text ({exc})") from exc


def split_lines(text: str) -> list[str]:
    """Lines at line feeds only: posts may hold U+2028 and its kind."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def read_jsonl(path: Path, *, images: Path | None = None) -> list[Row]:
    """Rows of a JSONL file: `text` and `label`, maybe `id`, `aspect`, `image`.

    Without an id, a row is `<file stem>-<line>`; lines count from 1. `image` is
    a file name in the folder `images`, and the group.

    Raises:
        TrainingError: a line is no JSON object, lacks text or label, or has
            another label than the three.
    """
    rows = []
    for number, line in enumerate(split_lines(read_text(path)), start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as exc:
            raise TrainingError(f"{where}: not JSON ({exc})") from exc
        if not isinstance(value, dict) or not isinstance(value.get("text"), str):
            raise TrainingError(f"{where}: no object with a text field `text`")
        image = str(value.get("image") or "")
        example_id = value.get("id")
        rows.append(
            Row(
                example_id=(
                    f"{path.stem}-{number}" if example_id in (None, "") else str(example_id)
                ),
                text=value["text"],
                label=parse_label(value.get("label"), where=where),
                aspect=str(value.get("aspect") or ""),
                picture=images / image if images is not None and image else None,
                group=image or None,
            )
        )
    return rows
