"""From labelled examples to token sequences, exactly as engines tokenise them."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from analytics.contract.labels import LABELS, Label
from analytics.contract.prompts import Purpose, render_prefill, render_target
from analytics.contract.records import Item, Rationale
from analytics.contract.rendering import PromptMaker, open_picture
from analytics.contract.tokens import encode
from distillation.data.examples import Example


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingItem:
    """One example and, if there is one, the rationale to be learned for it.

    `key` tells items apart: an example with two rationales is two items.
    """

    key: str
    example: Example
    rationale: Rationale | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What a prompt of an item is to be answered.

    content_key: of the post that the prompt shows.
    response_ids: (m,), for labels the class (0, 1, 2) as one number.
    """

    key: str
    content_key: str
    purpose: Purpose
    response_ids: np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSequence(Response):
    """One prompt with its response, ready to be packed.

    token_ids: (n,), what the model reads; the response's last token is not read.
    position_ids: (k, n), k = 1, or 3 for models with multi-axis rotary positions.
    first_kept: the logits of positions first_kept .. n-1 predict the m = n - first_kept
        tokens of the response.
    """

    token_ids: np.ndarray[Any, Any]
    position_ids: np.ndarray[Any, Any]
    first_kept: int
    picture: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedItem:
    """The sequences of one item; they share a prefix. `pixels` are processor outputs."""

    sequences: tuple[TokenSequence, ...]
    pixels: dict[str, Any]

    @property
    def n_tokens(self) -> int:
        """Tokens of the longest sequence: an item needs at least these."""
        return max(len(sequence.token_ids) for sequence in self.sequences)


class Encoder:
    """Encodes items for one model. Pictures are opened here and never kept.

    Args:
        locate: computes (3, n) positions from ids and pixels; None for 0 .. n-1.
    """

    def __init__(
        self,
        tokenizer: Any,
        *,
        processor: Any,
        locate: Any,
        eos_id: int,
        max_tokens: int,
        max_response_tokens: int,
    ) -> None:
        self._tokenizer = tokenizer
        self._processor = processor
        self._locate = locate
        self._eos_id = eos_id
        self._max_response_tokens = max_response_tokens
        self._maker = PromptMaker(
            tokenizer,
            processor=processor,
            max_model_len=max_tokens,
            max_new_tokens=max_response_tokens,
            limit_name="pack.max_tokens",
        )

    @property
    def label_ids(self) -> tuple[int, int, int]:
        """The first tokens of the three label words."""
        return self._maker.label_ids

    def encode(self, item: TrainingItem) -> EncodedItem:
        """The sequences of an item: its label and, if it has one, its rationale.

        Responses longer than the limit are cut; they then teach no end.
        """
        fitted = self._maker.fit(item.example.item)
        prompt = self._maker.render(fitted, "label")
        ids, expand, pixels, picture = self._expand(prompt, fitted)
        sequences = [
            TokenSequence(
                key=item.key,
                content_key=item.example.item.content_key,
                purpose="label",
                token_ids=ids,
                position_ids=self._positions(ids, pixels),
                first_kept=len(ids) - 1,
                response_ids=_label_ids(item),
                picture=picture,
            )
        ]
        if item.rationale is not None:
            plain, reply = self._read_rationale(fitted, item.rationale)
            expanded = expand(plain)
            read = np.array([*expanded, *reply[:-1]])
            sequences.append(
                TokenSequence(
                    key=item.key,
                    content_key=item.example.item.content_key,
                    purpose="rationale",
                    token_ids=read,
                    position_ids=self._positions(read, pixels),
                    first_kept=len(expanded) - 1,
                    response_ids=np.array(reply),
                    picture=picture,
                )
            )
        return EncodedItem(sequences=tuple(sequences), pixels=pixels)

    def list_responses(self, item: TrainingItem) -> list[Response]:
        """Those of the sequences that `encode` gives. Opens no picture."""
        content_key = item.example.item.content_key
        ids: dict[Purpose, Any] = {"label": _label_ids(item)}
        if item.rationale is not None:
            _, reply = self._read_rationale(self._maker.fit(item.example.item), item.rationale)
            ids["rationale"] = np.array(reply)
        return [
            Response(key=item.key, content_key=content_key, purpose=purpose, response_ids=found)
            for purpose, found in ids.items()
        ]

    def _read_rationale(self, fitted: Item, rationale: Rationale) -> tuple[list[int], list[int]]:
        """The ids of the rationale prompt, and of the reply with its end, cut to the limit."""
        prompt = self._maker.render(fitted, "rationale")
        reply = render_target(rationale).removeprefix(render_prefill("rationale"))
        plain = encode(self._tokenizer, prompt)
        joined = encode(self._tokenizer, prompt + reply)
        if joined[: len(plain)] != plain:  # serving sends the prompt alone
            joined = [*plain, *encode(self._tokenizer, reply)]
        return plain, [*joined[len(plain) :], self._eos_id][: self._max_response_tokens]

    def count_cuts(self, items: Iterable[TrainingItem]) -> tuple[int, int]:
        """How many items have a post that is cut, how many a response. Opens no picture."""
        n_prompts = n_responses = 0
        for item in items:
            n_prompts += self._maker.fit(item.example.item) is not item.example.item
            if item.rationale is not None:
                n_tokens = len(encode(self._tokenizer, render_target(item.rationale)))
                n_tokens += 1 - len(self._maker.prefill_ids)  # the end token counts
                n_responses += n_tokens > self._max_response_tokens
        return n_prompts, n_responses

    def _expand(self, prompt: str, item: Item) -> tuple[Any, Any, dict[str, Any], str | None]:
        """The label prompt's ids, how to expand another prompt's, pixels, picture key."""
        plain = encode(self._tokenizer, prompt)
        if self._processor is None or item.image_path is None:
            return np.array(plain), lambda ids: ids, {}, None
        inputs = self._processor(
            text=[prompt],
            images=[[open_picture(Path(item.image_path))]],
            add_special_tokens=False,
            return_tensors="pt",
        )
        full = inputs.pop("input_ids")[0].tolist()
        # What follows the placeholder is the same in both; other prompts differ after it.
        n_same = 0
        while n_same < len(plain) and plain[-1 - n_same] == full[-1 - n_same]:
            n_same += 1
        head, cut = full[: len(full) - n_same], len(plain) - n_same
        drop = {"attention_mask", "token_type_ids", "mm_token_type_ids"}
        pixels = {name: value for name, value in inputs.items() if name not in drop}
        key = item.image_sha256 or str(item.image_path)
        return np.array(full), lambda ids: [*head, *ids[cut:]], pixels, key

    def _positions(self, ids: Any, pixels: dict[str, Any]) -> Any:
        if self._locate is None:
            return np.arange(len(ids))[None]
        return self._locate(ids, pixels)


def _label_ids(item: TrainingItem) -> np.ndarray[Any, Any]:
    return np.array([LABELS.index(item.example.label)])


def make_filler(encoder: Encoder) -> EncodedItem:
    """A grey picture without any response: it costs a little and teaches nothing.

    Put into every pack when several processes train together: each part of the model
    must run in all of them, or those that wait for its gradients wait for ever.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "grey.jpg"
        Image.new("RGB", (64, 64), (128, 128, 128)).save(path)
        item = Item(content_key="", text="", image_path=path, image_sha256="filler")
        example = Example(example_id="", item=item, label=Label.NEUTRAL, group="")
        encoded = encoder.encode(TrainingItem(key="", example=example))
    silent = (
        replace(one, first_kept=len(one.token_ids), response_ids=np.array([], dtype=np.int64))
        for one in encoded.sequences
    )
    return replace(encoded, sequences=tuple(silent))
