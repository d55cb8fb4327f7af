"""Shorter rationales: the first sentences of each part, where a teacher puts its point.

A light model learns and writes a few sentences better than an essay, and pays for each
token twice: in training and every night.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from analytics.contract.records import Rationale

# The four parts of a rationale in their order, its prediction apart.
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


# A clause before a comma in which one of these stands can go without loss.
_PICTURE = re.compile(
    r"\b(images?|pictures?|photos?|photographs?|visual\w*|multimodal|modalit(y|ies))\b",
    re.IGNORECASE,
)
_IMAGE = re.compile(r"\bimages?\b", re.IGNORECASE)
# A clause that says how a conclusion was come to, and how a sentence after it begins.
_WEIGHING = "integrat|combin|weigh|consider|tak|bring|examin|analy[sz]|synthesi[sz]"
_OPENER = re.compile(
    rf"(By |When |After |On )?({_WEIGHING})ing\b|(Based|Drawing|Reflecting) (up)?on\b|Given\b"
    r"|Overall\b",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"(the|it|there|this|that|these|we|one|i|a|an|his|her|their|its|no|neither)\b|[^\W\d_a-z]"
    r"|[#@'\"\u2018\u201c]",
)


def leave_out_pictures(text: str) -> str:
    """The text without what it says of a picture.

    Of a sentence that opens by saying what was weighed ("Integrating text and image, the
    tone is warm.") the rest is kept, if it begins as a sentence does and says no more of
    pictures; else the sentence goes.
    """
    kept = []
    for sentence in _split(text):
        rest = sentence
        while _PICTURE.search(rest) and ", " in rest and _OPENER.match(sentence):
            rest = rest.partition(", ")[2]
        if _PICTURE.search(rest) or (rest != sentence and not _SUBJECT.match(rest)):
            continue
        kept.append(rest[0].upper() + rest[1:])
    return " ".join(kept)


def _leave_out_images(text: str) -> str:
    return " ".join(sentence for sentence in _split(text) if not _IMAGE.search(sentence))


def _split(text: str) -> list[str]:
    sentences = []
    while text:
        first = take_sentences(text, 1)
        sentences.append(first)
        text = text[len(first) :].lstrip()
    return sentences


def condense(rationale: Rationale, part_sentences: Sequence[int]) -> Rationale:
    """A rationale cut to so many sentences of its four parts in order; its label stays.

    -1 keeps a part whole, 0 leaves it empty (a student with weak eyes should not learn
    to tell of pictures what it cannot see). Without the image analysis, the others lose
    what they say of it, too. In the text analysis only sentences with the word "image"
    go: posts speak of photos.
    """
    text, image, conflict, conclusion = part_sentences
    if image == 0:
        rationale = replace(
            rationale,
            text_analysis=_leave_out_images(rationale.text_analysis),
            conflict_resolution=leave_out_pictures(rationale.conflict_resolution),
            final_conclusion=leave_out_pictures(rationale.final_conclusion),
        )
    return replace(
        rationale,
        text_analysis=take_sentences(rationale.text_analysis, text),
        image_analysis=take_sentences(rationale.image_analysis, image),
        conflict_resolution=take_sentences(rationale.conflict_resolution, conflict),
        final_conclusion=take_sentences(rationale.final_conclusion, conclusion),
    )
