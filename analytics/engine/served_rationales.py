"""What a server is told of a rationale's form, and the text that comes of its reply."""

import json
import re
from typing import Any

from analytics.contract.labels import LABELS
from analytics.contract.prompts import HEADINGS, RATIONALE_PREFILL, clean_part
from analytics.engine.replies import find_end

_PARTS = [name for name in HEADINGS if name != "label"]
_HEADING_BY_LETTERS = {heading.replace(" ", "").lower(): heading for heading in HEADINGS.values()}
_FIELD_BY_LETTERS = {
    letters.replace("_", ""): name
    for name, heading in HEADINGS.items()
    for letters in (name, heading.replace(" ", "").lower())
}
# As much as the parser reads.
_MAX_CHARACTERS = 20_000
_OPEN_THOUGHT = re.compile(r"\s*<think(?:ing)?>")
_END_OF_THOUGHT = re.compile(r"</think(?:ing)?>")
_NAMES = "|".join(heading.replace(" ", r"[ _-]?") for heading in HEADINGS.values())
_KEY = rf'"({_NAMES}|label)"\s*:'
_OBJECT = re.compile(rf"\{{\s*{_KEY}", re.IGNORECASE)
_FIELD = re.compile(_KEY + r'\s*("(?:[^"\\]|\\.)*)', re.IGNORECASE)
# A heading with a line to itself (`### Text analysis`), or with a dash or a full-width colon
# in place of its colon. Those with a colon are read by the parser in any dress.
_DRESS = r"(?:[^\S\n]|[>#*_\-\"'`\d.)(])*"
_DRESSED = re.compile(
    rf"^{_DRESS}(?P<name>{_NAMES})[*_`\"']*"
    r"(?:[^\S\n]*[#*]*[^\S\n]*$"
    r"|(?:[^\S\n]*[\uff1a\u2013\u2014]|[^\S\n]+-(?=[^\S\n]))(?P<rest>[^\n]*))",
    re.IGNORECASE | re.MULTILINE,
)
_BULLET = re.compile(r"^[^\S\n]*\u2022[^\S\n]*", re.MULTILINE)
_HEADING = re.compile(rf"^{_DRESS}(?:{_NAMES})[\"'`*_]*[^\S\n]*:", re.IGNORECASE | re.MULTILINE)
_TEXT_ANALYSIS = re.compile(
    rf"^{_DRESS}{_NAMES.partition('|')[0]}[\"'`*_]*[^\S\n]*:[\s*]*(?!{_DRESS}(?:{_NAMES}))[^\s*]",
    re.IGNORECASE | re.MULTILINE,
)
# A line before the first heading that says nothing of the post.
_ANNOUNCEMENT = re.compile(
    r"|#.*|[-=*_]{3,}|```.*|.*:[*_]*"
    r"|(?:sure|certainly|of course|okay|ok|absolutely|understood)\b[,!.].*"
    r"|(?:here(?: is|'s|\u2019s| are)|let(?: me|'s|\u2019s| us)|i(?: will|'ll|\u2019ll))\b.*"
    r"\b(?:analy[sz]|expla[in]|rationale|reasoning|assess|evaluat|breakdown|five lines).*",
    re.IGNORECASE,
)


def make_schema() -> dict[str, Any]:
    """The field `response_format` for a rationale as a JSON object, in the order of its parts."""
    properties: dict[str, Any] = {name: {"type": "string"} for name in _PARTS}
    properties["label"] = {"type": "string", "enum": [str(label) for label in LABELS]}
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return {
        "type": "json_schema",
        "json_schema": {"name": "rationale", "strict": True, "schema": schema},
    }


def make_text(reply: str, *, prefill: str, is_json: bool) -> tuple[str, bool]:
    """A rationale's text, prefill included, and whether it ends with its prediction line.

    Left out are the thoughts of a reasoning model and what stands after the prediction.
    A JSON object, and headings in the dress of Markdown, become lines that the parser
    reads. Where no heading "Text analysis" has words, those before the first heading
    count as the text analysis, but for announcements ("Sure, here is the analysis").
    """
    if _OPEN_THOUGHT.match(reply) and not _END_OF_THOUGHT.search(reply):
        return "", False
    text = prefill + _END_OF_THOUGHT.split(reply)[-1][:_MAX_CHARACTERS]
    if not prefill:
        found, first = _OBJECT.search(text), _HEADING.search(text)
        if is_json or (found and (first is None or found.start() < first.start())):
            text = _write_lines(text)
        text = _use_lead(_DRESSED.sub(_undress, _BULLET.sub("", text)))
    end = find_end(text)
    return (text, False) if end is None else (text[:end], True)


def _undress(match: re.Match[str]) -> str:
    """A heading as the contract writes it, and what follows it on its line."""
    letters = re.sub(r"[\s_-]", "", match["name"]).lower()
    return f"{_HEADING_BY_LETTERS[letters]}:{match['rest'] or ''}"


def _use_lead(text: str) -> str:
    """The text with its words before the first heading as the text analysis, if it has none."""
    first = _HEADING.search(text)
    if first is None or _TEXT_ANALYSIS.search(text):
        return text
    lines = [line.strip() for line in text[: first.start()].splitlines()]
    lead = " ".join(line for line in lines if not _ANNOUNCEMENT.fullmatch(line))
    if not any(letter.isalpha() for letter in lead):
        return text
    return f"{RATIONALE_PREFILL} {lead}\n{text[first.start() :]}"


def _write_lines(text: str) -> str:
    """The parts of a JSON object, maybe one that was cut, as lines with headings."""
    found: dict[str, str] = {}
    for match in _FIELD.finditer(text):
        name = _FIELD_BY_LETTERS[re.sub(r"[\s_-]", "", match[1]).lower()]
        found.setdefault(name, clean_part(_read_string(match[2])))
    if not found:
        return text
    parts = [(heading, found.get(name, "")) for name, heading in HEADINGS.items()]
    return "\n".join(f"{heading}: {part}" for heading, part in parts if part)


def _read_string(quoted: str) -> str:
    """A JSON string without its closing mark, which is missing where it was cut."""
    for n_left_out in range(min(7, len(quoted))):  # an escape is at most six characters
        try:
            text = str(json.loads(quoted[: len(quoted) - n_left_out] + '"'))
        except ValueError:
            continue
        return text.encode("utf-8", errors="replace").decode("utf-8")  # half pairs of a cut
    return ""
