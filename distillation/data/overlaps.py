"""Texts that occur in two data sets, so that no test post is trained on."""

import re
from collections.abc import Iterable, Sequence

from analytics.contract.records import Item
from analytics.contract.text import clean_text
from distillation.data.examples import Example

# Research sets split marks from words: `RT @ OU Football : Practice ...`.
_REPOST = re.compile(r"^\s*rt\s*@[^:]{1,60}:")
_URL = re.compile(r"(?:https?\s*:\s*/\s*/|www\s*\.)\s*\S+")
_MENTION = re.compile(r"@\s?\w+")
PICTURE_PREFIX = "sha256:"  # how `name_content` begins where a post has no words
_SPACES = re.compile(r"\s+")


def normalise_text(text: str) -> str:
    """The text without what copies differ in: case, links, mentions, repost prefix, spaces."""
    text = clean_text(text).casefold()
    text = _REPOST.sub("", text, count=1)
    text = _MENTION.sub("", _URL.sub("", text))
    return _SPACES.sub("", text)


def name_content(item: Item) -> str:
    """What copies of a post have in common: its `normalise_text`.

    Where nothing is left of it (only mentions and links), the sha256 of its picture;
    '' without one. Two posts of which nothing is left are not copies: no '' is another.
    """
    name = normalise_text(item.text)
    return name or (f"{PICTURE_PREFIX}{item.image_sha256}" if item.image_sha256 else "")


def list_contents(examples: Iterable[Example]) -> set[str]:
    """The `name_content` of some examples, without ''."""
    return {name_content(example.item) for example in examples} - {""}


def find_overlaps(train: Iterable[Example], test: Iterable[Example]) -> list[str]:
    """The clean texts of `train` that occur in `test` as well, sorted, each once.

    Compared by `name_content`.
    """
    known = list_contents(test)
    return sorted({e.item.text for e in train if name_content(e.item) in known})


def drop_overlaps(train: Sequence[Example], test: Iterable[Example]) -> list[Example]:
    """The examples of `train` whose content does not occur in `test`."""
    known = list_contents(test)
    return [example for example in train if name_content(example.item) not in known]
