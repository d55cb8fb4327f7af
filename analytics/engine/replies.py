"""From a model's numbers and tokens to replies; the same in all engines."""

import re
from collections.abc import Sequence
from typing import Any, Literal

from analytics.contract.engine import LabelReply, TextReply
from analytics.contract.errors import EngineError
from analytics.contract.labels import LABELS, LabelCalibration, compute_probabilities
from analytics.contract.prompts import HEADINGS

# The prediction line with its line break, or the prediction on the line after
# an empty heading; Markdown dress is tolerated as in the parser.
_LAST_LINE = re.compile(
    rf"^(?:[^\S\n]|[{{>#*\-\"'`\d.)])*{HEADINGS['label']}[\"'`*]*[ \t]*:[\s*]*[^\s*][^\n]*(?=\n)",
    re.IGNORECASE | re.MULTILINE,
)

# What ends most replies early in engines that stop at strings only.
STOP_STRINGS = tuple(
    f"\n{HEADINGS['label']}: {label}{end}" for label in LABELS for end in ("\n", ".\n")
)


def make_label_reply(logits: Sequence[float], calibration: LabelCalibration) -> LabelReply:
    """The probabilities of the three labels from their logits or log probabilities.

    Raises:
        EngineError: the model computed no finite numbers.
    """
    try:
        probabilities = compute_probabilities(logits, calibration)
    except ValueError as exc:
        raise EngineError(
            f"the model computed no finite probabilities ({exc}). Try dtype = 'float32'"
        ) from exc
    return LabelReply(probabilities=probabilities)


def find_end(text: str) -> int | None:
    """The length of a reply up to the end of its prediction line, if that is complete."""
    match = _LAST_LINE.search(text)
    return match.end() if match else None


def make_text_reply(
    tokenizer: Any,
    *,
    prefill_ids: Sequence[int],
    output_ids: Sequence[int],
    eos_ids: Sequence[int],
    n_prompt_tokens: int,
) -> TextReply:
    """The reply that some generated tokens say, cut after its prediction line.

    Tokens after the first end token are padding and are not counted.
    """
    ends = set(eos_ids)
    n_output = next((i + 1 for i, token in enumerate(output_ids) if token in ends), len(output_ids))
    has_eos = n_output > 0 and output_ids[n_output - 1] in ends
    text = decode(tokenizer, [*prefill_ids, *output_ids[:n_output]])
    end = find_end(text)
    finish: Literal["stop", "length"] = "stop" if has_eos or end is not None else "length"
    return TextReply(
        text=text if end is None else text[:end],
        finish_reason=finish,
        n_prompt_tokens=n_prompt_tokens,
        n_output_tokens=n_output,
    )


def decode(tokenizer: Any, ids: Sequence[int]) -> str:
    """Tokens as text, control tokens left out, spaces as they are."""
    return str(
        tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)
    )
