"""Data named on the command line: `PATH:SPLIT[,n=N][,folds=1-4][,pictures=no]`."""

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from analytics.contract.errors import ConfigError
from analytics.contract.records import Rationale
from distillation.data.condense import WHOLE, condense
from distillation.data.examples import Example, drop_pictures
from distillation.data.folds import assign_folds
from distillation.data.loaders import load_examples, name_dataset
from distillation.data.overlaps import normalise_text
from distillation.data.pictures import PictureFolder
from distillation.data.rationales import read_rationales
from distillation.training.sequences import TrainingItem

N_FOLDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSpec:
    """A data set, a split, and what is taken of it.

    `n` examples are drawn with seed 0; `folds` (1-5, by picture group) keep whole groups;
    `with_pictures` False leaves the pictures out.
    """

    path: Path
    split: str
    n: int | None = None
    folds: tuple[int, ...] = ()
    with_pictures: bool = True

    @property
    def name(self) -> str:
        """What keys and rationale rows call it: the folder's (or file's) name."""
        return name_dataset(self.path)

    @property
    def title(self) -> str:
        """What is taken, without the place where it lies: `t15:train,n=1200`."""
        options = [
            f"n={self.n}" if self.n is not None else "",
            f"folds={self.folds[0]}-{self.folds[-1]}" if self.folds else "",
            "" if self.with_pictures else "pictures=no",
        ]
        return ",".join([f"{self.name}:{self.split}", *filter(None, options)])


def parse_spec(text: str) -> DataSpec:
    """Read a specification.

    Raises:
        ConfigError: it has another form, or the path does not exist.
    """
    head, *options = text.split(",")
    path_text, sign, split = head.rpartition(":")
    if not sign or not split:
        raise ConfigError(f"--data {text!r}: give PATH:SPLIT, e.g. data/t15:train")
    path = Path(path_text).expanduser()
    if not path.exists():
        raise ConfigError(f"--data {text!r}: there is no {path}")
    n: int | None = None
    folds: tuple[int, ...] = ()
    with_pictures = True
    for option in options:
        key, _, value = option.partition("=")
        if key == "n" and value.isdigit() and int(value) > 0:
            n = int(value)
        elif key == "folds" and (match := re.fullmatch(r"([1-5])(?:-([1-5]))?", value)):
            first = int(match[1])
            folds = tuple(range(first, int(match[2] or first) + 1))
        elif key == "pictures" and value == "no":
            with_pictures = False
        else:
            raise ConfigError(
                f"--data {text!r}: {option!r} is none of n=NUMBER, folds=1-4, pictures=no"
            )
    return DataSpec(path=path, split=split, n=n, folds=folds, with_pictures=with_pictures)


def load_spec(spec: DataSpec, *, pictures: PictureFolder | None) -> list[Example]:
    """The examples of a specification, in the order of the source."""
    examples = load_examples(spec.path, spec.split, pictures=pictures)
    if spec.folds:
        fold_of = assign_folds({example.group for example in examples}, n_folds=N_FOLDS)
        examples = [e for e in examples if fold_of[e.group] + 1 in spec.folds]
    if spec.n is not None and spec.n < len(examples):
        drawn = set(random.Random(0).sample(range(len(examples)), spec.n))
        examples = [e for i, e in enumerate(examples) if i in drawn]
    return examples if spec.with_pictures else drop_pictures(examples)


def make_items(
    specs: Sequence[DataSpec],
    *,
    pictures: PictureFolder | None,
    rationale_folders: Iterable[Path] = (),
    held_out: Iterable[DataSpec] = (),
    part_sentences: Sequence[int] = WHOLE,
) -> tuple[list[TrainingItem], dict[str, int]]:
    """Training items of some data sets, with their rationales, and counts.

    An example with several rationales (the teacher's and the assistant's) is as many
    items; one without any is an item with a label only. Examples whose text also stands
    in a held-out set are dropped and counted. Rationales are cut to the first
    sentences of each part (see `condense`).
    """
    held = {
        normalise_text(example.item.text)
        for spec in held_out
        for example in load_spec(spec, pictures=None)
    }
    rationales: dict[tuple[str, str, str], list[tuple[str, Rationale]]] = {}
    for folder in rationale_folders:
        for row in read_rationales(folder):
            rationales.setdefault((row.dataset, row.split, row.example_id), []).append(
                (row.stage, condense(row.rationale, part_sentences))
            )
    items: list[TrainingItem] = []
    counts = {"examples": 0, "overlaps": 0, "with_picture": 0, "rationales": 0}
    for spec in specs:
        for example in load_spec(spec, pictures=pictures):
            counts["examples"] += 1
            if held and normalise_text(example.item.text) in held:
                counts["overlaps"] += 1
                continue
            counts["with_picture"] += example.item.image_path is not None
            key = f"{spec.name}/{spec.split}/{example.example_id}"
            if not spec.with_pictures:
                key += "/no-picture"
            found = rationales.get((spec.name, spec.split, example.example_id), [])
            counts["rationales"] += len(found)
            if not found:
                items.append(TrainingItem(key=key, example=example))
            for n, (stage, rationale) in enumerate(found):
                items.append(
                    TrainingItem(key=f"{key}/{stage}-{n}", example=example, rationale=rationale)
                )
    return items, counts
