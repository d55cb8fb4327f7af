"""Texts that attack a page, from `payloads.jsonl`: each line has a name, a kind, what it is for
and the text (`times` over where it is a repetition).

Each that could run a script sets `window.hacked`, or asks for an address at
`https://evil.invalid`, so that a browser test sees it happen.
"""

import json
from dataclasses import dataclass
from pathlib import Path

EVIL = "https://evil.invalid"


@dataclass(frozen=True, slots=True)
class Payload:
    """One text, and what it attacks."""

    name: str
    kind: str
    purpose: str
    text: str


def _read() -> tuple[Payload, ...]:
    path = Path(__file__).with_name("payloads.jsonl")
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return tuple(
        Payload(
            name=line["name"],
            kind=line["kind"],
            purpose=line["purpose"],
            text=line["text"] * line.get("times", 1),
        )
        for line in lines
    )


CORPUS = _read()
PAYLOADS: dict[str, str] = {payload.name: payload.text for payload in CORPUS}
