"""Whether a rationale reply can be used, and if not, why."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from analytics.contract.labels import Label
from analytics.contract.parser import list_missing_parts, parse_response
from analytics.contract.prompts import HEADINGS
from analytics.contract.records import Rationale, ResponseStatus

# Raise when the same reply would be judged differently.
RULES_VERSION = 1

# A heading alone on its line, as Markdown has it (`### Text_analysis`), without
# the colon that the contract's parser asks for.
_BARE_HEADING = re.compile(
    r"^(?:[^\S\n]|[#>*_\d.)\-\"'`])*(?P<name>"
    + "|".join(heading.replace(" ", r"[ \t_-]*") for heading in HEADINGS.values())
    + r")[\"'`*_ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_NO_PICTURE = re.compile(r"no (picture|image)\.?", re.IGNORECASE)
_TELLS_OF_LABEL = re.compile(
    r"\b(given|provided|known|stated|assigned|gold|annotated) (label|answer|sentiment label)\b"
    r"|\bjudged by people\b|\bpeople who know the context\b",
    re.IGNORECASE,
)
_STATUS_REASONS = {
    ResponseStatus.NO_LABEL: "no prediction line",
    ResponseStatus.AMBIGUOUS: "the prediction names more than one label",
    ResponseStatus.TRUNCATED: "cut before the prediction",
    ResponseStatus.EMPTY: "empty reply",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedReply:
    """A rationale that can be used, or None and the reason."""

    rationale: Rationale | None
    reason: str = ""


def unify_reply(text: str) -> str:
    """A reply without a reasoning model's thoughts, with a colon after each bare heading."""
    text = text.rpartition("</think>")[2]
    return _BARE_HEADING.sub(lambda match: f"{match['name']}:", text)


def check_reply(
    text: str,
    *,
    finish_reason: str = "stop",
    has_picture: bool,
    given_label: Label | None = None,
    may_be_empty: Collection[str] = (),
) -> CheckedReply:
    """Judge a reply: all parts and a prediction are there, and nothing was cut.

    The image part may be empty only without a picture, and may not say that
    there is none where one was sent. Parts in `may_be_empty` (fields of Rationale) may
    be empty, too: a student that was taught to leave them out. With `given_label` (stage 2) the
    prediction must be that label and the text must not tell that it was given.
    """
    if finish_reason == "length":
        return _reject("cut at the token limit")
    if finish_reason == "content_filter":
        return _reject("stopped by the server's content filter")
    text = unify_reply(text)
    parsed = parse_response(text)
    if parsed.status is not ResponseStatus.OK:
        return _reject(_STATUS_REASONS[parsed.status])
    rationale = parsed.rationale
    for part in list_missing_parts(rationale, has_image=has_picture, may_be_empty=may_be_empty):
        return _reject(f"no {HEADINGS[part].lower()}")
    if has_picture and _NO_PICTURE.fullmatch(rationale.image_analysis):
        return _reject("says that there is no picture, though one was sent")
    if given_label is not None:
        if rationale.label != given_label:
            return _reject("does not predict the label that was given")
        if _TELLS_OF_LABEL.search(text):
            return _reject("tells that the label was given")
    return CheckedReply(rationale=rationale)


def _reject(reason: str) -> CheckedReply:
    return CheckedReply(rationale=None, reason=f"malformed: {reason}")
