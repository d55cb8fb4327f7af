"""MVSA-Single and MVSA-Multiple: `labelResultAll.txt`, and `data/<id>.txt`, `data/<id>.jpg`.

Niu et al., "Sentiment Analysis on Multi-view Social Data", MMM 2016. Labels are not read: they
are for training and scoring (`analytics distill`), where the rule for merging them is.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from analytics.contract.errors import ConnectorError, SourceFormatError
from analytics.contract.records import Media, Post, Reject
from analytics.contract.research_sets import MVSA_LABELS_FILE, decode_mvsa
from connectors.files import check_exists, find_files
from connectors.lines import BOM, open_lines
from connectors.protocol import Detection, ReadOptions, Record
from connectors.streams import read_head
from connectors.values import BadRecordError, make_reject, read_text

_ROW = re.compile(r"^\s*(\d{1,18})((?:\t[a-z]+,[a-z]+)+)\s*$", re.IGNORECASE)
_MAX_TEXT_BYTES = 1024 * 1024


class MvsaConnector:
    """Reads the posts that the label file names; Single and Multiple count their ids apart."""

    name = "mvsa"
    version = 1
    takes: tuple[str, ...] = ()

    def detect(self, path: Path) -> Detection | None:
        """Look for the label file and its rows."""
        if path.is_dir():
            files = find_files(path, _is_candidate)
            return self.detect(files[0]) if files else None
        n_votes = _count_votes(path) if _is_candidate(path.name) else 0
        if not n_votes:
            return None
        which = "Single" if n_votes == 1 else "Multiple"
        return Detection(confidence=0.95, found=f"MVSA-{which}")

    def list_companions(self, path: Path) -> list[Path]:
        """The texts, without which the label file says little."""
        return sorted((path.parent / "data").glob("*.txt"))

    def list_files(self, path: Path) -> list[Path]:
        """The label files."""
        check_exists(path)
        if not path.is_dir():
            return [path]
        files = find_files(path, _is_candidate)
        if not files:
            raise ConnectorError(f"{path.absolute()}: no {MVSA_LABELS_FILE} below it")
        return files

    def read_file(self, path: Path, options: ReadOptions) -> Iterator[Record]:
        """One record for each row of the label file, its text from `data/<id>.txt`."""
        n_votes = _count_votes(path)
        if not n_votes:
            raise SourceFormatError(
                f"{path}: not the label file of MVSA: expected rows of an id and pairs of labels"
            )
        return _read_rows(path, options, "mvsa-single" if n_votes == 1 else "mvsa-multiple")


def _read_rows(path: Path, options: ReadOptions, platform: str) -> Iterator[Record]:
    folder = path.parent / "data"
    for item in open_lines(path, options.on_bytes):
        if isinstance(item, Reject):
            yield item
            continue
        number, line = item
        row = _ROW.match(line.decode("utf-8", "replace"))
        if row is None:
            if line.strip() and not (number == 1 and b"text,image" in line):  # the header
                yield make_reject(number, "not an id and pairs of labels", line)
            continue
        try:
            text = _read_post_text(folder / f"{row[1]}.txt")
        except BadRecordError as exc:
            yield make_reject(number, str(exc), line)
            continue
        yield Post(
            platform=platform,
            native_id=row[1],
            text=text,
            line=number,
            media=(Media(kind="image", source_path=folder / f"{row[1]}.jpg"),),
        )


def _read_post_text(path: Path) -> str:
    """A post's text.

    Raises:
        BadRecordError: there is none.
    """
    try:
        if not path.is_file():
            raise BadRecordError(f"its text, data/{path.name}, is missing")
        if not path.resolve().is_relative_to(path.parent.parent.resolve()):
            raise BadRecordError(f"data/{path.name} is a link that leads out of the folder")
        with path.open("rb") as file:
            data = file.read(_MAX_TEXT_BYTES + 1)
    except OSError as exc:
        raise BadRecordError(f"data/{path.name} cannot be read: {exc.strerror or exc}") from exc
    if len(data) > _MAX_TEXT_BYTES:
        raise BadRecordError(f"data/{path.name} has more than {_MAX_TEXT_BYTES:,} bytes")
    return read_text(decode_mvsa(data).rstrip("\r\n"))


def _is_candidate(name: str) -> bool:
    return name == MVSA_LABELS_FILE


def _count_votes(path: Path) -> int:
    """How many pairs of labels the first row has; 0 where no row is found."""
    for line in read_head(path).removeprefix(BOM).split(b"\n")[:3]:
        if row := _ROW.match(line.decode("utf-8", "replace")):
            return row[2].count("\t")
    return 0
