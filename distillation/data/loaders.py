"""One loader for all data sets: the layout of the folder or file says which it is."""

from collections.abc import Callable, Sequence
from pathlib import Path

from analytics.contract.errors import TrainingError
from analytics.contract.research_sets import MVSA_LABELS_FILE, find_images
from distillation.data.examples import Example
from distillation.data.folds import ALL, SPLITS, assign_split
from distillation.data.gold import read_gold
from distillation.data.mvsa import read_mvsa
from distillation.data.pictures import PictureFolder
from distillation.data.rows import Row, make_examples, read_jsonl
from distillation.data.twitter import read_four_lines, read_tsv

GOLD_FILE = "gold.parquet"
FILE_SPLIT_SEED = 0

# First found, first taken: TomBERT ships the same rows as TSV and as four lines.
_READERS: dict[str, Callable[..., list[Row]]] = {
    ".jsonl": read_jsonl,
    ".tsv": read_tsv,
    ".txt": read_four_lines,
}


def load_examples(
    path: Path, split: str, *, pictures: PictureFolder | None = None
) -> list[Example]:
    """The examples of a split (train, dev, test, or all) of a data set.

    `path` is a folder with Twitter-2015/2017 (`<split>.jsonl`, `.tsv` or `.txt`),
    MVSA, or `gold.parquet`; or one JSONL or Parquet file. Files that know no
    splits are split by `assign_split` of the group. Pictures are prepared into
    `pictures`; without it, examples have none.

    Raises:
        TrainingError: no known layout, no such split, or a row is broken.
    """
    if split not in (*SPLITS, ALL):
        raise TrainingError(f"split {split!r} is not known. Give one of {', '.join(SPLITS)}, {ALL}")
    if path.is_file():
        return _load_file(path, split, pictures)
    if not path.is_dir():
        raise TrainingError(f"{path}: no such file or folder. Give the folder of a data set")
    if (path / MVSA_LABELS_FILE).is_file():
        return make_examples(read_mvsa(path, split), where=path, pictures=pictures)
    for suffix, read in _READERS.items():
        found = [path / f"{name}{suffix}" for name in SPLITS]
        if not any(file.is_file() for file in found):
            continue
        images = find_images(path)
        rows = []
        for file in _choose(found, split):
            rows += read(file, images=images)
        return make_examples(rows, where=path, pictures=pictures)
    if (path / GOLD_FILE).is_file():
        return read_gold(path / GOLD_FILE, split, with_pictures=pictures is not None)
    raise TrainingError(
        f"{path}: no known data set. Looked for {MVSA_LABELS_FILE} (MVSA), "
        f"{', '.join(f'{{train,dev,test}}{suffix}' for suffix in _READERS)} (Twitter-2015/2017), "
        f"{GOLD_FILE} (`analytics label --export`)"
    )


def has_own_splits(path: Path) -> bool:
    """Whether splits are part of a data set; single files and `gold.parquet` know none."""
    if path.is_file():
        return False
    names = [MVSA_LABELS_FILE, *(f"{split}{suffix}" for split in SPLITS for suffix in _READERS)]
    return any((path / name).is_file() for name in names)


def name_dataset(path: Path) -> str:
    """What a data set is called in keys and rationale rows: its folder, or its file's stem."""
    return path.resolve().name if path.is_dir() else path.stem


def _choose(files: Sequence[Path], split: str) -> list[Path]:
    chosen = [file for file in files if split in (ALL, file.stem)]
    missing = [file for file in chosen if not file.is_file()]
    if split == ALL:
        return [file for file in chosen if file not in missing]
    if missing:
        here = [file.stem for file in files if file.is_file()]
        raise TrainingError(f"{missing[0]}: no such file. Splits that are here: {', '.join(here)}")
    return chosen


def _load_file(path: Path, split: str, pictures: PictureFolder | None) -> list[Example]:
    if path.suffix == ".parquet":
        return read_gold(path, split, with_pictures=pictures is not None)
    if path.suffix != ".jsonl":
        raise TrainingError(
            f"{path}: a file must be .jsonl (text, label) or .parquet (`analytics label --export`)"
        )
    rows = read_jsonl(path, images=find_images(path.parent))
    examples = make_examples(rows, where=path, pictures=pictures)
    return [e for e in examples if split in (ALL, assign_split(e.group, FILE_SPLIT_SEED))]
