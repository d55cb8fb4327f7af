"""MVSA-Single and MVSA-Multiple: `labelResultAll.txt` and `data/<id>.txt`, `data/<id>.jpg`.

Niu et al., "Sentiment Analysis on Multi-view Social Data", MMM 2016. One
annotator (Single) or three (Multiple) label text and picture apart; how the
labels become one is the rule of Xu and Mao, "MultiSentiNet", CIKM 2017.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from analytics.contract.errors import TrainingError
from analytics.contract.labels import LABELS, Label
from analytics.contract.research_sets import MVSA_LABELS_FILE, decode_mvsa
from distillation.data.folds import assign_split
from distillation.data.overlaps import normalise_text
from distillation.data.rows import Row, parse_label, read_text, split_lines

logger = logging.getLogger(__name__)

SPLIT_SEED = 0
_MAJORITY = 2


def merge_labels(pairs: Sequence[tuple[Label, Label]]) -> Label | None:
    """The label of a post from (text, picture) labels, one pair an annotator.

    With three annotators, text and picture first get the label that at least
    two agree on. Then: equal labels stay; a neutral one yields to the other;
    positive against negative gives none. None: the post is dropped.
    """
    if len(pairs) == 1:
        text, picture = pairs[0]
        return _join(text, picture)
    text_votes, text_n = Counter(pair[0] for pair in pairs).most_common(1)[0]
    picture_votes, picture_n = Counter(pair[1] for pair in pairs).most_common(1)[0]
    if text_n < _MAJORITY or picture_n < _MAJORITY:
        return None
    return _join(text_votes, picture_votes)


def _join(text: Label, picture: Label) -> Label | None:
    if text is picture:
        return text
    if Label.NEUTRAL in (text, picture):
        return picture if text is Label.NEUTRAL else text
    return None


def read_mvsa(folder: Path, split: str) -> list[Row]:
    """The rows of a split (`all` for all), ids `mvsa-<id>`.

    MVSA has no published split. Here it is `assign_split` of the post's
    `normalise_text` (of its id, where no text is left) with seed 0: copies of a
    text are one group and never cross splits.

    Raises:
        TrainingError: the label file is not as published.
    """
    rows, n_dropped, n_lost = [], 0, 0
    for number, line in enumerate(split_lines(read_text(folder / MVSA_LABELS_FILE)), start=1):
        if not line.strip() or (number == 1 and _is_header(line)):
            continue
        native_id, pairs = _parse_line(line, where=f"{folder / MVSA_LABELS_FILE}:{number}")
        label = merge_labels(pairs)
        if label is None:
            n_dropped += 1
            continue
        text_path = folder / "data" / f"{native_id}.txt"
        if not text_path.is_file():
            n_lost += 1
            continue
        text = decode_mvsa(text_path.read_bytes())
        key = normalise_text(text) or native_id
        if split not in ("all", assign_split(key, SPLIT_SEED)):
            continue
        rows.append(
            Row(
                example_id=f"mvsa-{native_id}",
                text=text,
                label=label,
                picture=folder / "data" / f"{native_id}.jpg",
                group=key,
            )
        )
    logger.info("%s: %d posts dropped, their labels do not agree", folder, n_dropped)
    if n_lost:
        logger.warning("%s: %d labelled posts have no text file and are left out", folder, n_lost)
    return rows


def _is_header(line: str) -> bool:
    """Whether a first line is `ID	text,image`: no number before, no label behind."""
    native_id, *cells = line.split("\t")
    words = {word.strip().lower() for cell in cells for word in cell.split(",")}
    return not native_id.strip().isdigit() and words.isdisjoint(LABELS)


def _parse_line(line: str, *, where: str) -> tuple[str, list[tuple[Label, Label]]]:
    native_id, *cells = line.split("\t")
    pairs = []
    for cell in cells:
        if not cell.strip():
            continue
        words = cell.split(",")
        if len(words) != 2:
            raise TrainingError(f"{where}: {cell!r}; `text,image` labels are needed")
        text, picture = (parse_label(word, where=where) for word in words)
        pairs.append((text, picture))
    if len(pairs) not in (1, 3) or not native_id.strip():
        raise TrainingError(f"{where}: {len(pairs)} pairs of labels; 1 or 3 are needed")
    return native_id.strip(), pairs
