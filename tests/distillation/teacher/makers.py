"""Small examples, and a run against a server with waits that take no time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from analytics.chat.client import ChatClient
from distillation.data.examples import Example, make_example
from distillation.data.pictures import PictureFolder
from distillation.teacher.run import TeacherRun, run_teacher
from distillation.teacher.stages import TeacherSettings
from tests.chat.makers import make_client

LABELS = ("negative", "neutral", "positive")


def make_examples(n: int, **values: Any) -> list[Example]:
    """Examples `e0`, `e1`, ... whose text names their label: `Tram 3 is neutral`."""
    return [
        make_example(
            example_id=f"e{i}", text=f"Tram {i} is {LABELS[i % 3]}", label=LABELS[i % 3], **values
        )
        for i in range(n)
    ]


def make_picture_example(folder: Path, example_id: str = "p0", **values: Any) -> Example:
    """A neutral example with a red picture."""
    path = folder / f"{example_id}.png"
    Image.new("RGB", (400, 200), "red").save(path)
    return make_example(
        example_id=example_id,
        text="Look at this tram",
        label="neutral",
        picture=path,
        pictures=PictureFolder(folder / "pictures"),
        **values,
    )


def teach(
    examples: Sequence[Example],
    output: Path,
    url: str,
    *,
    client: ChatClient | None = None,
    settings: TeacherSettings | None = None,
    **values: Any,
) -> TeacherRun:
    """A run with test values."""
    return run_teacher(
        examples,
        output=output,
        dataset="trams",
        split="train",
        client=client or make_client(url),
        settings=settings or TeacherSettings(),
        version="0",
        **values,
    )
