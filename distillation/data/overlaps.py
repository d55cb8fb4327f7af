"""Texts that occur in two data sets, so that no test post is trained on."""

import re
from collections.abc import Iterable, Sequence

from analytics.contract.text import clean_text
from distillation.data.examples import Example

# Research sets split marks from words: `RT @ OU Football : Practice ...`.
_REPOST = re.compile(r"^\s*rt\s*@[^:]{1,60}:")
_URL = re.compile(r"(?:https?\s*:\s*/\s*/|www\s*\.)\s*\S+")
_MENTION = re.compile(r"@\s?\w+")
_SPACES = re.compile(r"\s+")


def normalise_text(text: str) -> str:
    """The text without what copies differ in: case, links, mentions, repost prefix, spaces."""
    text = clean_text(text).casefold()
    text = _REPOST.sub("", text, count=1)
    text = _MENTION.sub("", _URL.sub("", text))
    return _SPACES.sub("", text)


def find_overlaps(train: Iterable[Example], test: Iterable[Example]) -> list[str]:
    """The clean texts of `train` that occur in `test` as well, sorted, each once.

    Compared by `normalise_text`; a text of which nothing is left matches none.
    """
    known = {normalise_text(example.item.text) for example in test} - {""}
    return sorted(
        {example.item.text for example in train if normalise_text(example.item.text) in known}
    )


def drop_overlaps(train: Sequence[Example], test: Iterable[Example]) -> list[Example]:
    """The examples of `train` whose text does not occur in `test`."""
    test = list(test)
    found = set(find_overlaps(train, test))
    return [example for example in train if example.item.text not in found]
