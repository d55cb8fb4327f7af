"""Twitter-2015 and Twitter-2017 as TomBERT publishes them: TSV, or four lines a row.

Yu and Jiang, "Adapting BERT for Target-Oriented Multimodal Sentiment
Classification", IJCAI 2019; repository jefferyYu/TomBERT, `absa_data/`.
"""

from pathlib import Path

from analytics.contract.errors import TrainingError
from analytics.contract.labels import LABELS
from analytics.contract.research_sets import ASPECT_MARK
from distillation.data.rows import Row, read_text, split_lines

_N_TSV_COLUMNS = 5
_N_LINES = 4


def read_tsv(path: Path, *, images: Path | None) -> list[Row]:
    """Rows of `index, label 0/1/2, image, text with $T$, aspect`, maybe after a header.

    A first line that begins with a number or has a label is a row, not a header. Quotes
    are plain letters here. Ids are `<split>-<index>`.

    Raises:
        TrainingError: a row has another number of columns, or another label.
    """
    rows = []
    for number, line in enumerate(split_lines(read_text(path)), start=1):
        where = f"{path}:{number}"
        values = line.split("\t")
        if number == 1 and _is_header(values):
            continue
        if len(values) != _N_TSV_COLUMNS:
            raise TrainingError(f"{where}: {len(values)} columns, {_N_TSV_COLUMNS} are needed")
        index, label, image, text, aspect = (value.strip() for value in values)
        rows.append(
            _make_row(
                example_id=f"{path.stem}-{index}",
                text=text,
                aspect=aspect,
                label=label,
                lowest=0,
                image=image,
                images=images,
                where=where,
            )
        )
    return rows


def _is_header(values: list[str]) -> bool:
    labels = {str(index) for index in range(len(LABELS))}
    return not values[0].strip().isdigit() and labels.isdisjoint(v.strip() for v in values[1:2])


def read_four_lines(path: Path, *, images: Path | None) -> list[Row]:
    """Rows of four lines: text with $T$, aspect, label -1/0/1, image.

    Ids are `<split>-<row>`, counted from 1 as in the TSV of the same data.

    Raises:
        TrainingError: the number of lines is no multiple of four, or a label is
            another.
    """
    lines = split_lines(read_text(path))
    if len(lines) % _N_LINES:
        raise TrainingError(f"{path}: {len(lines)} lines, no multiple of {_N_LINES}")
    rows = []
    for first in range(0, len(lines), _N_LINES):
        text, aspect, label, image = (line.strip() for line in lines[first : first + _N_LINES])
        rows.append(
            _make_row(
                example_id=f"{path.stem}-{first // _N_LINES + 1}",
                text=text,
                aspect=aspect,
                label=label,
                lowest=-1,
                image=image,
                images=images,
                where=f"{path}:{first + 3}",
            )
        )
    return rows


def _make_row(
    *,
    example_id: str,
    text: str,
    aspect: str,
    label: str,
    lowest: int,
    image: str,
    images: Path | None,
    where: str,
) -> Row:
    known = {str(lowest + i): name for i, name in enumerate(LABELS)}
    if label not in known:
        raise TrainingError(f"{where}: label {label!r}; known: {', '.join(known)}")
    return Row(
        example_id=example_id,
        text=text.replace(ASPECT_MARK, aspect),
        label=known[label],
        aspect=aspect,
        picture=images / image if images is not None and image else None,
        group=image or None,
    )
