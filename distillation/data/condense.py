"""Shorter rationales: the first sentences of each part, where a teacher puts its point.

A light model learns and writes a few sentences better than an essay, and pays for each
token twice: in training and every night.
"""

import re
from dataclasses import replace

from analytics.contract.records import Rationale

# An end of sentence, maybe a closing quote, a space, and what may open a sentence.
_CLOSING, _OPENING = "\"'\u201d\u2019\u00bb)", "\"'\u201c\u2018\u00ab("
_BREAK = re.compile(
    rf"(?<=[.!?])([{_CLOSING}]*)\s+(?=[{_OPENING}]?[^\W\d_a-z])|(?<=[\u3002\uff01\uff1f])"
)


def take_sentences(text: str, n: int) -> str:
    """The first `n` sentences of a text; a small letter does not begin one."""
    for count, match in enumerate(_BREAK.finditer(text), start=1):
        if count == n:
            return text[: match.end(1) if match[1] is not None else match.start()]
    return text


def condense(rationale: Rationale, n_sentences: int) -> Rationale:
    """A rationale with at most `n_sentences` a part; its label stays. 0 keeps all."""
    if not n_sentences:
        return rationale
    return replace(
        rationale,
        text_analysis=take_sentences(rationale.text_analysis, n_sentences),
        image_analysis=take_sentences(rationale.image_analysis, n_sentences),
        conflict_resolution=take_sentences(rationale.conflict_resolution, n_sentences),
        final_conclusion=take_sentences(rationale.final_conclusion, n_sentences),
    )
