"""Data named on the command line: `PATH:SPLIT[,n=N][,folds=1-4][,pictures=no]`."""

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from analytics.contract.errors import ConfigError
from analytics.contract.prompts import PARTS, fence
from analytics.contract.records import Rationale
from distillation.data.condense import WHOLE, condense
from distillation.data.examples import Example, drop_pictures
from distillation.data.folds import ALL, SPLITS, assign_folds
from distillation.data.joining import index_rationales
from distillation.data.loaders import load_examples, name_dataset
from distillation.data.overlaps import list_contents, name_content
from distillation.data.pictures import PictureFolder
from distillation.training.sequences import TrainingItem

N_FOLDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSpec:
    """A data set, a split, and what is taken of it.

    `n` examples are drawn with seed 0, one by one, so a picture group may be drawn in
    part; `folds` (1-5, by picture group) keep whole groups, None takes all five;
    `with_pictures` False leaves the pictures out.
    """

    path: Path
    split: str
    n: int | None = None
    folds: tuple[int, ...] | None = None
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
    if split not in (*SPLITS, ALL):
        raise ConfigError(
            f"--data {text!r}: split {split!r} is not known. Give one of {', '.join(SPLITS)}, {ALL}"
        )
    path = Path(path_text).expanduser()
    if not path.exists():
        raise ConfigError(f"--data {text!r}: there is no {path}")
    n: int | None = None
    folds: tuple[int, ...] | None = None
    with_pictures = True
    for option in options:
        key, _, value = option.partition("=")
        if key == "n" and value.isdigit() and int(value) > 0:
            n = int(value)
        elif key == "folds" and (match := re.fullmatch(r"([1-5])(?:-([1-5]))?", value)):
            first, last = int(match[1]), int(match[2] or match[1])
            if first > last:
                raise ConfigError(
                    f"--data {text!r}: {option!r} names no fold. Give the smaller number first: "
                    f"folds={last}-{first}"
                )
            folds = tuple(range(first, last + 1))
        elif key == "pictures" and value == "no":
            with_pictures = False
        else:
            raise ConfigError(
                f"--data {text!r}: {option!r} is none of n=NUMBER, folds=1-4, pictures=no"
            )
    return DataSpec(path=path, split=split, n=n, folds=folds, with_pictures=with_pictures)


def load_spec(spec: DataSpec, *, pictures: PictureFolder | None) -> list[Example]:
    """The examples of a specification, in the order of the source.

    Raises:
        ConfigError: folds of fewer groups than there are folds.
    """
    examples = load_examples(spec.path, spec.split, pictures=pictures)
    if spec.folds is not None:
        groups = {example.group for example in examples}
        if len(groups) < N_FOLDS:
            raise ConfigError(
                f"--data {spec.path}:{spec.split}: {len(groups)} picture groups make no {N_FOLDS} "
                "folds. Leave folds= out"
            )
        fold_of = assign_folds(groups, n_folds=N_FOLDS)
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
    sentences of each part (see `condense`); one that was written with a picture, of an
    example that has none here, loses what it says of the picture, and is counted. One of
    which nothing is left is no rationale, and is counted as `rationales_emptied`.

    Raises:
        ConfigError: an example comes twice, or a rationale folder fits no data.
        TrainingError: a rationale is of another text, aspect or label than its example.
    """
    held = {name for spec in held_out for name in _name_held_out(spec, pictures)}
    index = index_rationales(rationale_folders)
    items: list[TrainingItem] = []
    names = ("examples", "overlaps", "with_picture")
    of_rationales = ("rationales", "rationales_without_picture", "rationales_emptied")
    counts = dict.fromkeys(names + of_rationales, 0)
    sources: dict[str, Path] = {}
    for spec in specs:
        for example in load_spec(spec, pictures=pictures):
            key = f"{spec.name}/{spec.split}/{example.example_id}"
            if not spec.with_pictures:
                key += "/no-picture"
            _check_new(key, spec.path, sources)
            counts["examples"] += 1
            found = index.find(spec.name, spec.split, example)
            if name_content(example.item) in held:
                counts["overlaps"] += 1
                continue
            counts["with_picture"] += example.item.image_path is not None
            taught = []
            for n, row in enumerate(found):
                sentences = part_sentences
                if row.image_sha256 is not None and example.item.image_path is None:
                    # Nobody can tell of a picture that is not shown.
                    sentences = (part_sentences[0], 0, *part_sentences[2:])
                    counts["rationales_without_picture"] += 1
                kept = _disarm(condense(row.rationale, sentences))
                if not any(getattr(kept, part) for part in PARTS):
                    counts["rationales_emptied"] += 1
                    continue
                taught.append(
                    TrainingItem(key=f"{key}/{row.stage}-{n}", example=example, rationale=kept)
                )
            counts["rationales"] += len(taught)
            items += taught or [TrainingItem(key=key, example=example)]
    counts["unmatched_rationales"] = index.count_unmatched(spec.title for spec in specs)
    return items, counts


def _disarm(rationale: Rationale) -> Rationale:
    """Marks such as <image> in a rationale must not become control tokens of a target."""
    return replace(
        rationale,
        text_analysis=fence(rationale.text_analysis),
        image_analysis=fence(rationale.image_analysis),
        conflict_resolution=fence(rationale.conflict_resolution),
        final_conclusion=fence(rationale.final_conclusion),
    )


def _check_new(key: str, path: Path, sources: dict[str, Path]) -> None:
    """Keys index soft labels and tell items apart, so each must be one example's alone."""
    if key in sources:
        raise ConfigError(
            f"--data: {key!r} comes twice, from {sources[key]} and from {path}. Give each part of "
            "a data set once; two data sets of one name need two names"
        )
    sources[key] = path


def _name_held_out(spec: DataSpec, pictures: PictureFolder | None) -> set[str]:
    """The contents of a held-out set; its pictures are looked at only if a post needs them."""
    examples = load_spec(spec, pictures=None)
    if pictures is not None and not all(name_content(example.item) for example in examples):
        examples = load_spec(spec, pictures=pictures)
    return list_contents(examples)
