"""What a tokenizer must be fit for: telling the labels apart, and the fence."""

from collections.abc import Sequence
from typing import Any

from analytics.contract.errors import ContractMismatchError, EngineError
from analytics.contract.labels import LABELS
from analytics.contract.prompts import fence

LabelIds = tuple[int, int, int]

# ASCII marks and their full-width forms, which some tokenizers normalise back.
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F) if not chr(code).isalnum()}


def encode(tokenizer: Any, text: str) -> list[int]:
    """The token ids of a text as it stands, without added start or end tokens."""
    return [int(i) for i in tokenizer(text, add_special_tokens=False)["input_ids"]]


def find_shared_start(many_ids: Sequence[Sequence[int]]) -> list[int]:
    """The tokens that all lists of tokens begin with."""
    shared = []
    for tokens in zip(*many_ids, strict=False):
        if len(set(tokens)) > 1:
            break
        shared.append(tokens[0])
    return shared


def find_label_ids(tokenizer: Any, prompt: str) -> LabelIds:
    """The first token of each label word as the reply right after a prompt.

    Raises:
        EngineError: two labels begin with the same token, or a label melts into
            the prompt's last token.
    """
    before = encode(tokenizer, prompt)
    ids = []
    for label in LABELS:
        after = encode(tokenizer, prompt + label)
        if after[: len(before)] != before or len(after) == len(before):
            raise EngineError(
                f"label {label!r} melts into the end of the prompt in this model's tokenizer, so "
                "its probability cannot be read. Use a model with another tokenizer"
            )
        ids.append(after[len(before)])
    if len(set(ids)) != len(LABELS):
        raise EngineError(
            f"the labels {', '.join(LABELS)} begin with the tokens {ids} in this model's "
            "tokenizer; three different ones are needed. Use a model with another tokenizer"
        )
    return ids[0], ids[1], ids[2]


def list_control_tokens(tokenizer: Any) -> dict[str, int]:
    """The tokens that must never come out of a post's text, with their ids.

    Special tokens, and added ones that look like marks (`<tool_call>`); added
    words and runs of spaces are plain text.
    """
    special = set(tokenizer.all_special_tokens)
    tokens: dict[str, int] = {}
    for token_id, token in tokenizer.added_tokens_decoder.items():
        text = str(token.content)
        looks_like_mark = text.strip()[:1] in ("<", "[") and text.strip()[-1:] in (">", "]")
        if text.strip() and (token.special or text in special or looks_like_mark):
            tokens[text] = int(token_id)
    return tokens


def check_fence(tokenizer: Any) -> None:
    """Make sure that fenced text cannot hold a control token of this tokenizer.

    Raises:
        ContractMismatchError: a control token passes the fence.
    """
    control = list_control_tokens(tokenizer)
    ids = set(control.values())
    leaks = []
    for token in control:
        for form in (token, token.translate(_FULL_WIDTH)):
            # Posts never stand alone: a neighbour may change the split.
            if ids & set(encode(tokenizer, fence(f"a{form}b {form} {form}"))):
                leaks.append(form)
    if leaks:
        shown = ", ".join(repr(token) for token in leaks[:5])
        raise ContractMismatchError(
            f"{len(leaks)} control tokens of this model's tokenizer pass the fence around posts "
            f"({shown}): a post could forge them. Extend `fence` in analytics/contract/prompts.py "
            "(models must then be distilled anew), or use a model with another tokenizer"
        )
