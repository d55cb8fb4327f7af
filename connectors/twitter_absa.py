"""Twitter-2015 and Twitter-2017 as TomBERT publishes them: a post and a target a row.

Yu and Jiang, "Adapting BERT for Target-Oriented Multimodal Sentiment Classification", IJCAI
2019. `train.tsv` and the like hold index, label, picture, text with `$T$` in the place of the
target, target; `train.txt` the same in four lines a row: text, target, label, picture. Labels
are not read: they are for training and scoring (`analytics distill`).
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from analytics.contract.errors import SourceFormatError
from analytics.contract.records import Media, Post, Reject
from analytics.contract.research_sets import ASPECT_MARK, find_images
from connectors.files import detect_in_folder, has_suffix, list_matching_files
from connectors.lines import BOM, open_lines
from connectors.protocol import Detection, ReadOptions, Record
from connectors.streams import read_head
from connectors.values import BadRecordError, clean_string, make_reject, read_text, show

_N_COLUMNS = 5
_N_LINES = 4
_LABELS_TSV = ("0", "1", "2")
_LABELS_LINES = ("-1", "0", "1")
_HEAD_ROWS = 20
_MAX_NAME_CHARACTERS = 255
# Folders as the sets are handed around; any other says nothing.
_PLATFORMS = {
    "twitter": "twitter2017",  # TomBERT's name for it
    **{
        f"twitter{mark}{year}": f"twitter{year}" for mark in ("", "-", "_") for year in (2015, 2017)
    },
}
_PLATFORM = "twitter"


class TwitterAbsaConnector:
    """Reads the two sets; a post with several targets has as many rows, and is one post."""

    name = "twitter_absa"
    version = 1
    takes: tuple[str, ...] = ()

    def detect(self, path: Path) -> Detection | None:
        """Look for rows with a `$T$` and a label of the set."""
        if path.is_dir():
            return detect_in_folder(path, _is_candidate, self.detect)
        if not _is_candidate(path.name):
            return None
        lines = _read_lines_of_head(path)
        if _looks_like_tsv(lines):
            return Detection(confidence=0.95, found="Twitter-2015/2017, a post and a target a row")
        if _looks_like_four_lines(lines):
            return Detection(confidence=0.95, found="Twitter-2015/2017, four lines a row")
        return None

    def list_files(self, path: Path) -> list[Path]:
        """The file; of a folder its TSV files, or where there is none those of four lines."""
        found = list_matching_files(path, _is_candidate, "train.tsv, dev.tsv, test.tsv")
        if not path.is_dir():
            return found
        known = [file for file in found if self.detect(file)]
        tables = [file for file in known if has_suffix(file.name, (".tsv",))]
        return tables or known

    def find_root(self, path: Path) -> Path:
        """The folder of the set, or the one above where its pictures lie there."""
        images = find_images(path.parent.absolute())
        return path.parent if images is None else images.parent

    def read_file(self, path: Path, options: ReadOptions) -> Iterator[Record]:
        """One record a row."""
        lines = _read_lines_of_head(path)
        is_tsv = _looks_like_tsv(lines)
        if not is_tsv and not _looks_like_four_lines(lines):
            raise SourceFormatError(
                f"{path}: not a file of Twitter-2015/2017: expected rows of index, label 0/1/2,"
                f" picture, text with {ASPECT_MARK}, target, or the same in four lines"
            )
        parser = _Parser(path)
        return _read_tsv(path, options, parser) if is_tsv else _read_fours(path, options, parser)


class _Parser:
    def __init__(self, path: Path) -> None:
        # Where there are none yet, they may come.
        self._images = find_images(path.parent.absolute()) or path.parent / "images"
        self._platform = _PLATFORMS.get(path.absolute().parent.name.lower(), _PLATFORM)

    def make_record(self, line: int, values: list[str], labels: tuple[str, ...]) -> Record:
        """The post of label, picture, text and target; a Reject where they are none."""
        raw = "\t".join(values)
        label, image, text, aspect = (value.strip() for value in values)
        try:
            if label not in labels:
                raise BadRecordError(f"label is none of {', '.join(labels)}: {show(label)}")
            if ASPECT_MARK not in text:
                raise BadRecordError(f"text has no {ASPECT_MARK} for the target: {show(text)}")
            if not aspect:
                raise BadRecordError("target is missing")
            text = read_text(text.replace(ASPECT_MARK, aspect))
            media = self._make_media(image)
        except BadRecordError as exc:
            return make_reject(line, str(exc), raw)
        key = hashlib.sha256(f"{text}\x1f{image}".encode("utf-8", "replace")).hexdigest()
        return Post(
            platform=self._platform,
            native_id=key[:24],
            text=text,
            line=line,
            media=media,
            aspects=(clean_string(aspect),),
        )

    def _make_media(self, image: str) -> tuple[Media, ...]:
        if not image:
            return ()
        if len(image) > _MAX_NAME_CHARACTERS or "\0" in image or "/" in image:
            raise BadRecordError(f"picture is no file name: {show(image)}")
        return (Media(kind="image", source_path=self._images / image),)


def _read_tsv(path: Path, options: ReadOptions, parser: _Parser) -> Iterator[Record]:
    for item in open_lines(path, options.on_bytes):
        if isinstance(item, Reject):
            yield item
            continue
        number, line = item
        text = _decode(number, line)
        if isinstance(text, Reject):
            yield text
            continue
        values = text.split("\t")
        if not text.strip() or (number == 1 and _is_header(values)):
            continue
        if len(values) != _N_COLUMNS:
            yield make_reject(number, f"{len(values)} columns, not {_N_COLUMNS}", line)
            continue
        yield parser.make_record(number, values[1:], _LABELS_TSV)


def _read_fours(path: Path, options: ReadOptions, parser: _Parser) -> Iterator[Record]:
    """Rows of four lines. One that is no row is a reject of a line, and the next is looked for."""
    row: list[str] = []
    first = 0
    for item in open_lines(path, options.on_bytes):
        text = item if isinstance(item, Reject) else _decode(*item)
        if isinstance(text, Reject):
            if row:
                yield make_reject(first, "a row of fewer than four lines", "\n".join(row))
                row = []
            yield text
            continue
        if not row:
            first = item[0] if not isinstance(item, Reject) else first
            if not text.strip():
                continue
            if ASPECT_MARK not in text:
                yield make_reject(first, f"no text with {ASPECT_MARK} where a row begins", text)
                continue
        row.append(text)
        if len(row) == _N_LINES:
            words, aspect, label, image = row
            yield parser.make_record(first, [label, image, words, aspect], _LABELS_LINES)
            row = []
    if row:
        yield make_reject(first, "the file ends in the middle of a row", "\n".join(row))


def _decode(number: int, line: bytes) -> str | Reject:
    try:
        return line.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as exc:
        return make_reject(number, f"invalid UTF-8 at byte {exc.start + 1} of the line", line)


def _is_candidate(name: str) -> bool:
    return has_suffix(name, (".tsv", ".txt"))


def _read_lines_of_head(path: Path) -> list[str]:
    lines = read_head(path).removeprefix(BOM).split(b"\n")[: _HEAD_ROWS * _N_LINES]
    return [line.decode("utf-8", "replace").rstrip("\r") for line in lines]


def _is_header(values: list[str]) -> bool:
    is_row = values[0].strip().isdigit() or len(values) < 2 or _has_label(values)
    return not is_row and ASPECT_MARK not in "".join(values)


def _has_label(values: list[str]) -> bool:
    return values[1].strip() in _LABELS_TSV


def _looks_like_tsv(lines: list[str]) -> bool:
    rows = [line.split("\t") for line in lines[: _HEAD_ROWS + 1] if line.strip()]
    return any(len(row) == _N_COLUMNS and _has_label(row) and ASPECT_MARK in row[3] for row in rows)


def _looks_like_four_lines(lines: list[str]) -> bool:
    return any(
        ASPECT_MARK in lines[at]
        and "\t" not in lines[at]
        and lines[at + 2].strip() in _LABELS_LINES
        for at in range(len(lines) - _N_LINES + 1)
    )
