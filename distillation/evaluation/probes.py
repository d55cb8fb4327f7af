"""Faithfulness probes: the same items with one thing changed, and what that shifts.

A model that reads pictures, aspects and words must answer differently without
them. How much it does is measured, not judged: the gold label of a changed item
is not known, so accuracy on it says only how far the answers still follow the
original.
"""

import hashlib
import io
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from analytics.contract.images import ImageSettings
from analytics.contract.labels import LABELS
from analytics.contract.records import Item
from analytics.contract.text import content_key
from distillation.data.examples import Example
from distillation.evaluation.scores import Array

# What a masked word becomes: no word in any language, and no mark that the
# fence around posts would change.
MASK = "___"
GREY = (128, 128, 128)
PROBE_NAMES = ("picture_blanked", "picture_swapped", "aspect_swapped", "text_masked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Changed items by example_id; `reason` says why there are none."""

    name: str
    items: dict[str, Item]
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeScores:
    """What a probe shifted, over the `n` items that it applies to.

    `flip_share` is the share of items with another label; `mean_distance` the
    mean total variation distance of the label distributions (half the sum of
    absolute differences, 0-1); `mean_shift` the mean of changed less original
    probability of each label; `accuracy_before` and `accuracy_after` compare with
    the gold label of the unchanged item.
    """

    flip_share: float
    mean_distance: float
    mean_shift: dict[str, float]
    accuracy_before: float
    accuracy_after: float
    n: int


def make_probes(
    examples: Sequence[Example], *, folder: Path, sees_pictures: bool, seed: int = 0
) -> list[Probe]:
    """All four probes. Blank pictures are written into `folder`."""
    with_picture = [e for e in examples if e.item.image_path is not None] if sees_pictures else []
    why = "the model takes no pictures" if not sees_pictures else "no example has a picture"
    probes = []
    for name in PROBE_NAMES:
        if name == "picture_blanked":
            items, reason = blank_pictures(with_picture, folder), why
        elif name == "picture_swapped":
            items, reason = swap_pictures(with_picture, seed), why
            if with_picture and not items:
                reason = "all examples have the same picture"
        elif name == "aspect_swapped":
            items, reason = swap_aspects(examples, seed), "no other aspect to ask for"
        else:
            items, reason = mask_texts(examples), "no example has a text"
        probes.append(Probe(name=name, items=items, reason=None if items else reason))
    return probes


def blank_pictures(examples: Sequence[Example], folder: Path) -> dict[str, Item]:
    """Each picture replaced by a grey one of the same size."""
    found = {}
    made: dict[tuple[int, int], tuple[Path, str]] = {}
    for example in examples:
        if example.item.image_path is None:
            continue
        with Image.open(example.item.image_path) as picture:
            size = picture.size
        if size not in made:
            made[size] = _write_grey(size, folder)
        path, sha256 = made[size]
        found[example.example_id] = _with_picture(example.item, path, sha256)
    return found


def swap_pictures(examples: Sequence[Example], seed: int = 0) -> dict[str, Item]:
    """Each picture replaced by another one of the data set, never by itself.

    Distinct pictures are shuffled and each takes the place of the one before it,
    so each is used as often as pictures are, and rows of a group stay together.
    """
    pictures = {
        e.item.image_sha256: e.item.image_path
        for e in examples
        if e.item.image_sha256 is not None and e.item.image_path is not None
    }
    if len(pictures) < 2:
        return {}
    order = sorted(pictures)
    random.Random(seed).shuffle(order)
    following = dict(zip(order, [*order[1:], order[0]], strict=True))
    found = {}
    for example in examples:
        if example.item.image_path is not None and example.item.image_sha256 is not None:
            other = following[example.item.image_sha256]
            found[example.example_id] = _with_picture(example.item, pictures[other], other)
    return found


def swap_aspects(examples: Sequence[Example], seed: int = 0) -> dict[str, Item]:
    """Each aspect replaced by another of the data set that the text does not name.

    The text stays as it is, so it says nothing of the new aspect.
    """
    aspects = sorted({e.item.aspect for e in examples if e.item.aspect})
    drawing = random.Random(seed)
    found = {}
    for example in examples:
        item = example.item
        if not item.aspect:
            continue
        named = (item.text + " " + item.aspect).casefold()
        order = drawing.sample(aspects, len(aspects))
        other = next((aspect for aspect in order if aspect.casefold() not in named), None)
        if other is not None:
            key = content_key(item.text, item.image_sha256, other)
            found[example.example_id] = replace(item, aspect=other, content_key=key)
    return found


def mask_texts(examples: Sequence[Example]) -> dict[str, Item]:
    """Each word (run of non-spaces) of the text replaced by `MASK`, but not the aspect.

    The aspect stays where the text names it, so that the question still makes
    sense; what is said of it is gone.
    """
    found = {}
    for example in examples:
        item = example.item
        if not item.text:
            continue
        text = mask_text(item.text, item.aspect)
        key = content_key(text, item.image_sha256, item.aspect)
        found[example.example_id] = replace(item, text=text, content_key=key)
    return found


def mask_text(text: str, aspect: str = "") -> str:
    """The text with its words masked and the aspect left in place."""
    # Not inside a word: "art" stays in "art", and not in "party".
    before = r"(?<!\w)" if aspect[:1].isalnum() else ""
    after = r"(?!\w)" if aspect[-1:].isalnum() else ""
    pattern = f"{before}({re.escape(aspect)}){after}"
    pieces = re.split(pattern, text, flags=re.IGNORECASE) if aspect else [text]
    masked = [
        piece if i % 2 else re.sub(r"\S+", MASK, piece)
        for i, piece in enumerate(pieces)  # odd pieces are the aspect
    ]
    return "".join(masked)


def score_probe(before: Array, after: Array, gold: Array) -> ProbeScores:
    """The shift from probabilities `before` to `after`, both (n, 3); `gold` (n,) are indices.

    Raises:
        ValueError: there are no rows.
    """
    if not len(before):
        raise ValueError("a probe without items has no scores")
    shift = after - before
    ours, theirs = before.argmax(-1), after.argmax(-1)
    return ProbeScores(
        flip_share=float((ours != theirs).mean()),
        mean_distance=float(np.abs(shift).sum(-1).mean() / 2),
        mean_shift={str(label): float(shift[:, i].mean()) for i, label in enumerate(LABELS)},
        accuracy_before=float((ours == gold).mean()),
        accuracy_after=float((theirs == gold).mean()),
        n=len(before),
    )


def _write_grey(size: tuple[int, int], folder: Path) -> tuple[Path, str]:
    buffer = io.BytesIO()
    Image.new("RGB", size, GREY).save(buffer, "JPEG", quality=ImageSettings().quality)
    path = folder / f"grey-{size[0]}x{size[1]}.jpg"
    path.write_bytes(buffer.getvalue())
    return path, hashlib.sha256(buffer.getvalue()).hexdigest()


def _with_picture(item: Item, path: Path, sha256: str) -> Item:
    key = content_key(item.text, sha256, item.aspect)
    return replace(item, image_path=path, image_sha256=sha256, content_key=key)
