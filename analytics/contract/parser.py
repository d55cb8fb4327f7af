"""From a model's rationale reply to its parts. Never raises."""

import re
from collections.abc import Collection
from dataclasses import replace

from analytics.contract.engine import TextReply
from analytics.contract.labels import LABELS, Label
from analytics.contract.prompts import HEADINGS, PARTS, clean_part
from analytics.contract.records import ParsedResponse, Rationale, ResponseStatus

# Raise when the same reply would be parsed differently.
PARSER_VERSION = 1

# A heading stands at the start of a line, maybe in Markdown or JSON dress:
# `Text analysis:`, `**Text Analysis**:`, `"Text_analysis": "`, `## Prediction:`.
_HEADING = re.compile(
    r"^(?:[^\S\n]|[{>#*\-\"'`\d.)])*(?P<name>"
    + "|".join(heading.replace(" ", r"[\s_-]*") for heading in HEADINGS.values())
    + r")[\"'`*]*[ \t]*:[ \t]*",
    re.IGNORECASE | re.MULTILINE,
)
_FIELD_BY_LETTERS = {heading.replace(" ", "").lower(): field for field, heading in HEADINGS.items()}
_LABEL_WORD = re.compile(r"\b(" + "|".join(LABELS) + r")\b", re.IGNORECASE)
_MAX_CHARACTERS = 20_000


def parse_response(text: str, *, is_cut: bool = False) -> ParsedResponse:
    """The parts of a rationale reply and its own prediction.

    The label is read from the prediction line alone, never guessed from words
    elsewhere. `is_cut` says that the reply ended at the token limit.
    """
    text = text[:_MAX_CHARACTERS]
    if not text.strip():
        return ParsedResponse(status=ResponseStatus.EMPTY)
    parts: dict[str, str] = {}
    found = list(_HEADING.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)]
    for match, end in zip(found, ends, strict=False):
        field = _FIELD_BY_LETTERS[re.sub(r"[\s_-]", "", match["name"]).lower()]
        # The first occurrence counts: models that loop repeat their headings.
        parts.setdefault(field, text[match.end() : end])
    if not found:
        # Free text is kept rather than lost; it is no prediction.
        parts["text_analysis"] = text
    prediction = parts.pop("label", None)
    label, status = _read_prediction(prediction, is_cut=is_cut)
    cleaned = {field: clean_part(part) for field, part in parts.items()}
    if label is None and status is ResponseStatus.NO_LABEL and not any(cleaned.values()):
        status = ResponseStatus.EMPTY
    return ParsedResponse(status=status, rationale=Rationale(label=label, **cleaned))


def parse_reply(reply: TextReply, *, has_image: bool) -> ParsedResponse:
    """The parts of an engine's reply, without what it says of a picture it was not shown."""
    parsed = parse_response(reply.text, is_cut=reply.finish_reason == "length")
    if has_image:
        return parsed
    return replace(parsed, rationale=replace(parsed.rationale, image_analysis=""))


def list_missing_parts(
    rationale: Rationale, *, has_image: bool, may_be_empty: Collection[str] = ()
) -> list[str]:
    """The parts that should say something and are empty, by their names in Rationale.

    The picture part may be empty where no picture was shown, and so may the parts that
    the model was taught to leave out (`find_empty_parts`).
    """
    return [
        part
        for part in PARTS
        if not getattr(rationale, part)
        and part not in may_be_empty
        and (has_image or part != "image_analysis")
    ]


def _read_prediction(line: str | None, *, is_cut: bool) -> tuple[Label | None, ResponseStatus]:
    missing = ResponseStatus.TRUNCATED if is_cut else ResponseStatus.NO_LABEL
    if line is None:
        return None, missing
    first_line = line.strip().partition("\n")[0]
    words = {word.lower() for word in _LABEL_WORD.findall(first_line)}
    if len(words) > 1:
        return None, ResponseStatus.AMBIGUOUS
    if not words:
        return None, missing
    return Label(words.pop()), ResponseStatus.OK
