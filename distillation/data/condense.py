"""Shorter rationales: the first sentences of each part, where a teacher puts its point.

A light model learns and writes a few sentences better than an essay, and pays for each
token twice: in training and every night.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from analytics.contract.records import Rationale

WHOLE = (-1, -1, -1, -1)
# An end of sentence, maybe a closing quote, a space, and what may open a sentence.
_CLOSING, _OPENING = "\"'\u201d\u2019\u00bb)", "\"'\u201c\u2018\u00ab("
_BREAK = re.compile(
    rf"(?<=[.!?])([{_CLOSING}]*)\s+(?=[{_OPENING}]?[^\W\d_a-z])|(?<=[\u3002\uff01\uff1f])"
)


def take_sentences(text: str, n: int) -> str:
    """The first `n` sentences of a text, all if -1; a small letter does not begin one."""
    if n == 0:
        return ""
    for count, match in enumerate(_BREAK.finditer(text), start=1):
        if count == n:
            return text[: match.end(1) if match[1] is not None else match.start()]
    return text


def condense(rationale: Rationale, part_sentences: Sequence[int]) -> Rationale:
    """A rationale cut to so many sentences of its four parts in order; its label stays.

    -1 keeps a part whole, 0 leaves it empty (a student with weak eyes should not learn
    to tell of pictures what it cannot see).
    """
    text, image, conflict, conclusion = part_sentences
    return replace(
        rationale,
        text_analysis=take_sentences(rationale.text_analysis, text),
        image_analysis=take_sentences(rationale.image_analysis, image),
        conflict_resolution=take_sentences(rationale.conflict_resolution, conflict),
        final_conclusion=take_sentences(rationale.final_conclusion, conclusion),
    )
