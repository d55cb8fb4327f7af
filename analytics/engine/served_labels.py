"""From a server's most probable first tokens to the log-probabilities of the three labels."""

import math
from collections.abc import Sequence

from analytics.contract.errors import EngineError
from analytics.contract.labels import LABELS, Label

# Marks of a leading space in the vocabularies of some servers.
_SPACE_MARKS = "\u0120\u2581"
# One letter says too little: "p" begins many words.
_MIN_LETTERS = 2
_SHOWN_TOKENS = 5
# exp of less would be 0; no server's smallest number is below.
_FLOOR = 1e-12


def read_label_logprobs(top: Sequence[tuple[str, float]]) -> tuple[float, float, float]:
    """The log-probabilities of the labels as first tokens, from the most probable ones.

    A token stands for a label if it is the label or its beginning, of two letters or
    more, and no other label begins so. Where all three labels are there in their own
    spelling, the longest such token of each counts alone, as in engines that hold the
    tokenizer. Else all spellings (case, space before) of a label are added up.

    A label that is not among the tokens has at most the probability of the least
    probable of them, and the missing ones have together at most what all tokens leave
    of 1. It is given the smaller of the two bounds (the second shared equally), so its
    probability is never too low and those of the others never too high.

    Raises:
        EngineError: no label is there, or which one is meant cannot be told.
    """
    tokens = [(token, min(0.0, logprob)) for token, logprob in top]
    exact = [_find_exact(label, tokens) for label in LABELS]
    if all(logprob is not None for logprob in exact):
        return tuple(exact)  # type: ignore[return-value]  # three, none of them None
    masses = dict.fromkeys(LABELS, 0.0)
    shared_mass, shared = 0.0, []
    for token, logprob in tokens:
        labels = _list_labels(token)
        if len(labels) == 1:
            masses[labels[0]] += math.exp(logprob)
        elif labels:
            shared_mass += math.exp(logprob)
            shared.append(token)
    if shared_mass > masses[Label.NEGATIVE] + masses[Label.NEUTRAL]:
        raise EngineError(
            f"the tokens {', '.join(map(repr, shared))} begin more than one label, so the "
            "labels' probabilities cannot be read. Use a model with another tokenizer"
        )
    missing = [label for label in LABELS if not masses[label]]
    if len(missing) == len(LABELS):
        shown = ", ".join(repr(token) for token, _ in tokens[:_SHOWN_TOKENS])
        raise EngineError(
            f"no label is among the {len(tokens)} most probable first tokens ({shown}). Use a "
            "model that answers with the label alone; of a reasoning model turn the thoughts off, "
            "e.g. extra_body = { chat_template_kwargs = { enable_thinking = false } }"
        )
    if missing:
        least = min(math.exp(logprob) for _, logprob in tokens)
        left = max(0.0, 1.0 - sum(math.exp(logprob) for _, logprob in tokens))
        for label in missing:
            masses[label] = min(least, left / len(missing))
    negative, neutral, positive = (math.log(max(masses[label], _FLOOR)) for label in LABELS)
    return negative, neutral, positive


def _find_exact(label: Label, tokens: Sequence[tuple[str, float]]) -> float | None:
    """The log-probability of the longest token that is the label's own beginning."""
    found = [
        (len(token), logprob)
        for token, logprob in tokens
        if label.startswith(token) and _list_labels(token) == [label]
    ]
    return max(found)[1] if found else None


def _list_labels(token: str) -> list[Label]:
    """The labels that begin with a token's letters; none for a token of too few."""
    letters = token.strip().lstrip(_SPACE_MARKS).strip().lower()
    if len(letters) < _MIN_LETTERS:
        return []
    return [label for label in LABELS if label.startswith(letters)]
