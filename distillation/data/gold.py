"""The project's own human labels, from the Parquet of `analytics label --export gold.parquet`."""

import hashlib
import logging
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl

from analytics.contract.errors import TrainingError
from analytics.contract.labels import Label
from analytics.contract.records import Item
from analytics.contract.text import clean_text, content_key
from distillation.data.examples import Example
from distillation.data.folds import assign_split
from distillation.data.rows import parse_label

logger = logging.getLogger(__name__)

SPLIT_SEED = 0
_NEEDED = ("post_id", "aspect", "text", "label", "annotator", "image_path")


def read_gold(path: Path, split: str, *, with_pictures: bool) -> list[Example]:
    """One example an item: the label that most annotators gave; ties are left out.

    Pictures are prepared already and are used as they are. A relative
    `image_path` starts at the file's folder. The split is `assign_split` of the
    group with seed 0. Weights are not used.

    Raises:
        TrainingError: the file is no Parquet, lacks a column, or a value in one.
    """
    try:
        frame = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as exc:
        raise TrainingError(f"{path}: cannot be read as Parquet ({exc})") from exc
    lacking = [name for name in _NEEDED if name not in frame.columns]
    if lacking:
        raise TrainingError(
            f"{path}: no column {', '.join(lacking)}. Make the file with "
            "`analytics label --export gold.parquet`"
        )
    frame = _check_values(frame, path)
    votes: dict[tuple[str, str], Counter[Label]] = {}
    first: dict[tuple[str, str], dict[str, Any]] = {}
    for row in frame.iter_rows(named=True):
        key = (row["post_id"], row["aspect"] or "")
        first.setdefault(key, row)
        vote = parse_label(row["label"], where=f"{path}: post {row['post_id']!r}")
        votes.setdefault(key, Counter())[vote] += 1
    examples, n_ties, n_lost = [], 0, 0
    for key, counts in sorted(votes.items()):
        (label, most), *others = counts.most_common()
        if others and others[0][1] == most:
            n_ties += 1
            continue
        item, has_lost_picture = _make_item(first[key], path.parent, with_pictures=with_pictures)
        n_lost += has_lost_picture
        name = first[key]["image_path"]
        group = Path(name).name if name else item.text
        if split in ("all", assign_split(group, SPLIT_SEED)):
            examples.append(
                Example(
                    example_id=":".join(part for part in key if part),
                    item=item,
                    label=label,
                    group=group,
                )
            )
    if n_ties:
        logger.warning("%s: %d items left out, their annotators do not agree", path, n_ties)
    if n_lost:
        logger.warning(
            "%s: %d prepared pictures are missing; their examples stay without", path, n_lost
        )
    return examples


def _check_values(frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    """The frame with numbers as ids made text; a file that others made may hold anything."""
    if frame.schema["post_id"].is_integer():
        frame = frame.with_columns(pl.col("post_id").cast(pl.String))
    wrong = [
        f"{name} ({frame.schema[name]})"
        for name in ("post_id", "aspect", "text", "image_path")
        if frame.schema[name] not in (pl.String, pl.Null)
    ]
    if wrong:
        raise TrainingError(f"{path}: {', '.join(wrong)} must be text. Write them as strings")
    for name in ("post_id", "text"):
        if n_empty := frame[name].null_count():
            raise TrainingError(
                f"{path}: column {name} is null in {n_empty} of {len(frame)} rows, the first of "
                f"them row {int(frame[name].is_null().arg_max() or 0) + 1}. Leave these rows out"
            )
    return frame


def _make_item(row: dict[str, Any], folder: Path, *, with_pictures: bool) -> tuple[Item, bool]:
    """The item of a row, and whether its picture is missing."""
    image_path: Path | None = None
    sha256: str | None = None
    is_lost = False
    if with_pictures and row["image_path"]:
        image_path = folder / row["image_path"]
        if image_path.is_file():
            # The original's, as in the warehouse, so that keys are the same.
            sha256 = row.get("image_sha256") or hashlib.sha256(image_path.read_bytes()).hexdigest()
        else:
            image_path, is_lost = None, True
    text, aspect = clean_text(row["text"]), row["aspect"] or ""
    item = Item(
        content_key=content_key(text, sha256, aspect),
        text=text,
        aspect=aspect,
        image_sha256=sha256,
        image_path=image_path,
    )
    return item, is_lost
