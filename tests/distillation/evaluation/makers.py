"""Judged rows and examples for the tests of evaluation."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from analytics.contract.labels import LABELS, Label
from distillation.data.examples import Example, make_example
from distillation.data.pictures import PictureFolder
from distillation.evaluation.scores import Judged


def make_judged(
    rows: Sequence[tuple[int, int]], groups: Sequence[str] | None = None, confidence: float = 0.6
) -> list[Judged]:
    """Rows of (gold, predicted) indices, each in a group of its own by default."""
    found = []
    for i, (gold, predicted) in enumerate(rows):
        rest = (1 - confidence) / 2
        probabilities = [confidence if k == predicted else rest for k in range(3)]
        found.append(
            Judged(
                example_id=str(i),
                group=groups[i] if groups else str(i),
                label=LABELS[gold],
                probabilities=(probabilities[0], probabilities[1], probabilities[2]),
            )
        )
    return found


def draw_examples(folder: Path) -> list[Example]:
    """Six examples in three groups: two with a picture each (of two sizes), one without."""
    pictures = PictureFolder(folder / "kept")
    found = []
    for i, (color, size, aspect, other) in enumerate(
        [("red", (64, 40), "tram", "bus"), ("blue", (40, 64), "Lisbon", "rain")]
    ):
        path = folder / f"{color}.png"
        Image.new("RGB", size, color).save(path)
        for k, name in enumerate((aspect, other)):
            found.append(
                make_example(
                    example_id=f"{i}-{k}",
                    text=f"The {aspect} beats the {other}, says {color}!",
                    aspect=name,
                    label=LABELS[(i + k) % 3],
                    picture=path,
                    pictures=pictures,
                )
            )
    for k, name in enumerate(("coffee", "tea")):
        found.append(
            make_example(
                example_id=f"2-{k}",
                text="No coffee, no tea",
                aspect=name,
                label=Label.NEGATIVE,
            )
        )
    return found
