"""What a server is told of a rationale's form, and the text that comes of its reply."""

import json
import re
from collections.abc import Mapping
from typing import Any

from analytics.contract.labels import LABELS, Label
from analytics.contract.prompts import HEADINGS, render_target
from analytics.contract.records import Rationale
from analytics.engine.replies import find_end

_PARTS = [name for name in HEADINGS if name != "label"]
_FIELD = re.compile(r'"(' + "|".join(HEADINGS) + r')"\s*:\s*("(?:[^"\\]|\\.)*)')


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

    Thoughts of a reasoning model are left out, and what stands after the prediction.
    """
    if reply.lstrip().startswith("<think>") and "</think>" not in reply:
        return "", False
    text = prefill + reply.rpartition("</think>")[2]
    if is_json:
        text = _write_lines(text)
    end = find_end(text)
    return (text, False) if end is None else (text[:end], True)


def _write_lines(text: str) -> str:
    """The parts of a JSON object, maybe one that was cut, as lines with headings."""
    found: dict[str, str] = {}
    for match in _FIELD.finditer(text):
        found.setdefault(match[1], _read_string(match[2]))
    if not found:
        return text
    label = found.pop("label", "").strip().lower()
    parts: Mapping[str, Any] = {name: found.get(name, "") for name in _PARTS}
    if label in LABELS:
        return render_target(Rationale(**parts, label=Label(label)))
    lines = render_target(Rationale(**parts, label=LABELS[0])).splitlines()[:-1]
    return "\n".join(line for line in lines if not line.endswith(":"))


def _read_string(quoted: str) -> str:
    """A JSON string without its closing mark, which is missing where it was cut."""
    for n_left_out in range(min(7, len(quoted))):  # an escape is at most six characters
        try:
            return str(json.loads(quoted[: len(quoted) - n_left_out] + '"'))
        except ValueError:
            continue
    return ""
