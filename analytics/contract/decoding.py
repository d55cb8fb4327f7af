"""Decoding settings: greedy always, so that a rerun gives the same words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoding:
    """How rationales are generated. Labels need none: they are one forward pass.

    `max_rationale_tokens` bounds a reply; the teacher's rationales are about
    260 tokens long, the paper allows 512.
    """

    max_rationale_tokens: int = 320
    repetition_penalty: float = 1.0
