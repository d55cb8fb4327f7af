"""Greedy decoding whose rows come and go, after a prefix that is computed once.

Two things that `generate` of transformers does not do: what all prompts of a kind
start with (the system message) is computed once and not for every post, and a row
that has ended makes room for another (continuous batching; Yu et al. 2022, Orca).
For decoders with plain positions, see `is_plain_decoder`. Imported only beside torch.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import pad
from transformers import RepetitionPenaltyLogitsProcessor

from analytics.engine.beats import computing
from analytics.engine.kv_cache import make_cache, take_rows

# A row that has ended is computed on until so large a share has: leaving copies the others.
_LEAVE_SHARE = 1 / 8


@dataclass(slots=True)
class _Rows:
    """Rows in decoding: their numbers, past and newest token.

    `ids` and `mask` are (rows, length of the cache), `ids` one longer: the newest token is
    not in the cache yet.
    """

    numbers: list[int]
    outputs: list[list[int]]
    cache: Any
    ids: Any
    mask: Any


class GreedyDecoder:
    """The likeliest next tokens of prompts.

    `inputs` are what a processor or tokenizer gives: `input_ids` and `attention_mask`
    (rows, length), padded on the left, and maybe pictures. Batches decode together up to
    `max_rows` rows and `max_tokens` tokens of prompts, padding included.
    """

    def __init__(
        self,
        model: Any,
        *,
        shared_ids: Sequence[int],
        eos_ids: Sequence[int],
        pad_id: int,
        repetition_penalty: float = 1.0,
        max_rows: int,
        max_tokens: int,
    ) -> None:
        self._model = model
        self._n_layers = model.config.get_text_config().num_hidden_layers
        self._shared_ids = list(shared_ids)
        self._shared: Any = None
        self._eos_ids = set(eos_ids)
        self._pad_id = pad_id
        self._max_rows = max_rows
        self._max_tokens = max_tokens
        make: Any = RepetitionPenaltyLogitsProcessor
        self._penalty = make(repetition_penalty) if repetition_penalty != 1.0 else None

    def score(self, inputs: dict[str, Any]) -> Any:
        """Logits of the token after each prompt, (rows, vocabulary)."""
        return self._prefill(inputs)[0]

    def decode(
        self,
        batches: Iterator[tuple[list[int], dict[str, Any]]],
        *,
        max_new_tokens: int,
        has_ended: Callable[[Sequence[int]], bool],
    ) -> dict[int, list[int]]:
        """New tokens by prompt number, of batches of (numbers, inputs).

        A row ends with an end token (which is part of the reply), where `has_ended`
        says so of its new tokens, or after `max_new_tokens`.
        """
        done: dict[int, list[int]] = {}
        rows: _Rows | None = None
        upcoming = next(batches, None)
        while rows is not None or upcoming is not None:
            while upcoming is not None and self._has_room(rows, upcoming[1]):
                started = self._start(*upcoming)
                rows = started if rows is None else _join([rows, started], pad_id=self._pad_id)
                upcoming = next(batches, None)
            assert rows is not None
            ended = []
            for i, output in enumerate(rows.outputs):
                is_new = rows.numbers[i] not in done
                if is_new and self._is_done(output, max_new_tokens, has_ended):
                    done[rows.numbers[i]] = list(output)  # the row may go on
                if rows.numbers[i] in done:
                    ended.append(i)
            if len(ended) == len(rows.numbers):
                rows = None
                continue
            if len(ended) >= max(1, _LEAVE_SHARE * len(rows.numbers)):
                rows = _leave(rows, set(ended))
                if upcoming is not None:
                    continue
            self._step(rows)
        return done

    def _has_room(self, rows: _Rows | None, inputs: dict[str, Any]) -> bool:
        if rows is None:
            return True
        n_more, width = inputs["input_ids"].shape
        n_rows, length = len(rows.numbers) + n_more, max(rows.mask.shape[1], width)
        return bool(n_rows <= self._max_rows and n_rows * length <= self._max_tokens)

    def _is_done(
        self, output: list[int], max_new_tokens: int, has_ended: Callable[[Sequence[int]], bool]
    ) -> bool:
        return output[-1] in self._eos_ids or len(output) >= max_new_tokens or has_ended(output)

    def _start(self, numbers: list[int], inputs: dict[str, Any]) -> _Rows:
        logits, cache, ids, mask = self._prefill(inputs)
        tokens = self._choose(ids, logits)
        return _Rows(
            numbers=list(numbers),
            outputs=[[token] for token in tokens.tolist()],
            cache=cache,
            ids=torch.cat([ids, tokens[:, None]], dim=1),
            mask=mask,
        )

    def _step(self, rows: _Rows) -> None:
        rows.mask = torch.cat([rows.mask, rows.mask.new_ones((rows.mask.shape[0], 1))], dim=1)
        with computing():
            output = self._model(
                input_ids=rows.ids[:, -1:],
                attention_mask=rows.mask,
                position_ids=rows.mask.sum(-1, keepdim=True) - 1,
                past_key_values=rows.cache,
                use_cache=True,
                logits_to_keep=1,
            )
            tokens = self._choose(rows.ids, output.logits[:, -1])
        rows.ids = torch.cat([rows.ids, tokens[:, None]], dim=1)
        for row, token in zip(rows.outputs, tokens.tolist(), strict=True):
            row.append(token)

    def _choose(self, ids: Any, logits: Any) -> Any:
        if self._penalty is not None:
            logits = self._penalty(ids, logits.float())
        return logits.argmax(-1)

    def _prefill(self, inputs: dict[str, Any]) -> tuple[Any, Any, Any, Any]:
        """Logits of the next tokens, the cache, and its tokens and mask (rows, length).

        Where the start is shared, padding stands between it and what differs.
        """
        rest = dict(inputs)
        ids, mask = rest.pop("input_ids"), rest.pop("attention_mask")
        n_shared = len(self._shared_ids)
        lengths = mask.sum(-1)
        if n_shared and self._starts_shared(ids, lengths):
            n_rest = int(lengths.max()) - n_shared
            same = ids.new_zeros(ids.shape[0])
            cache = take_rows([(self._compute_shared(), same)], room=n_rest)
            # Columns of a shorter row may still hold the end of its prefix.
            is_rest = mask.new_tensor(range(n_rest)) >= (n_rest - (lengths - n_shared))[:, None]
            unread = ids[:, -n_rest:].masked_fill(~is_rest, self._pad_id)
            ids = torch.cat([ids.new_tensor([self._shared_ids]).expand(len(ids), -1), unread], 1)
            mask = torch.cat([mask.new_ones((len(ids), n_shared)), is_rest.to(mask.dtype)], dim=1)
        else:
            cache = make_cache(self._n_layers)
            unread = ids
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        with computing():
            output = self._model(
                input_ids=unread,
                attention_mask=mask,
                position_ids=positions[:, -unread.shape[1] :],
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
                **rest,
            )
        return output.logits[:, -1], cache, ids, mask

    def _starts_shared(self, ids: Any, lengths: Any) -> bool:
        """Whether each row begins with the shared tokens and goes on after them."""
        n_shared, width = len(self._shared_ids), ids.shape[1]
        if int(lengths.min()) <= n_shared:
            return False
        columns = (width - lengths)[:, None] + lengths.new_tensor(range(n_shared))
        return bool((ids.gather(1, columns) == ids.new_tensor(self._shared_ids)).all())

    def _compute_shared(self) -> Any:
        if self._shared is None:
            shared = make_cache(self._n_layers)
            device = self._model.device
            ids = torch.tensor([self._shared_ids], device=device)
            self._model(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                past_key_values=shared,
                use_cache=True,
                logits_to_keep=1,
            )
            self._shared = shared  # only a whole one
        return self._shared


def _join(parts: list[_Rows], *, pad_id: int) -> _Rows:
    width = max(part.mask.shape[1] for part in parts)
    gaps = [width - part.mask.shape[1] for part in parts]
    return _Rows(
        numbers=[n for part in parts for n in part.numbers],
        outputs=[o for part in parts for o in part.outputs],
        cache=take_rows([(part.cache, None) for part in parts]),
        ids=torch.cat(
            [pad(p.ids, (gap, 0), value=pad_id) for p, gap in zip(parts, gaps, strict=True)]
        ),
        mask=torch.cat([pad(p.mask, (gap, 0)) for p, gap in zip(parts, gaps, strict=True)]),
    )


def _leave(rows: _Rows, ended: set[int]) -> _Rows:
    kept = [i for i in range(len(rows.numbers)) if i not in ended]
    index = rows.ids.new_tensor(kept)
    mask = rows.mask[index]
    # Places that are padding in all rows that stay: a long row has gone, say.
    places = mask.any(0).nonzero().flatten()
    return _Rows(
        numbers=[rows.numbers[i] for i in kept],
        outputs=[rows.outputs[i] for i in kept],
        cache=take_rows([(rows.cache, index)], places=places),
        ids=torch.cat([rows.ids[index][:, places], rows.ids[index, -1:]], dim=1),
        mask=mask[:, places],
    )
