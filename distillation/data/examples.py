"""The record that all loaders give: one labelled item."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from analytics.contract.labels import Label
from analytics.contract.records import Item
from analytics.contract.text import clean_text, content_key
from distillation.data.pictures import PictureFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One labelled item of a data set.

    `example_id` is unique within a data set and split. `group` names the
    picture (or, without one, the post): intervals resample groups, and folds
    never cut one, for the rows of a group are not independent.
    """

    example_id: str
    item: Item
    label: Label
    group: str


def make_example(
    *,
    example_id: str,
    text: str,
    label: Label | str,
    aspect: str = "",
    picture: Path | None = None,
    group: str | None = None,
    pictures: PictureFolder | None = None,
) -> Example:
    """An example from raw values: the text is cleaned and the picture prepared.

    `picture` is the original file; without a `pictures` folder it is left out.
    `group` is by default the picture's file name, else the clean text.

    Raises:
        ImageError: the picture cannot be used.
        ValueError: `label` is none of the three.
    """
    text = clean_text(text)
    prepared = pictures.prepare(picture) if picture is not None and pictures else None
    sha256 = prepared.sha256 if prepared else None
    aspect = clean_text(aspect)
    item = Item(
        content_key=content_key(text, sha256, aspect),
        text=text,
        aspect=aspect,
        image_sha256=sha256,
        image_path=prepared.path if prepared else None,
    )
    if group is None:
        group = picture.name if picture is not None else text
    return Example(example_id=example_id, item=item, label=Label(label), group=group)


def drop_pictures(examples: Sequence[Example]) -> list[Example]:
    """The same examples without their pictures, as a text-only model sees them."""
    return [
        replace(
            example,
            item=replace(
                example.item,
                image_path=None,
                image_sha256=None,
                content_key=content_key(example.item.text, None, example.item.aspect),
            ),
        )
        for example in examples
    ]
