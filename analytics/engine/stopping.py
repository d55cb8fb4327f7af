"""Where a rationale ends: after its prediction line."""

from collections.abc import Sequence
from typing import Any

from analytics.engine.beats import beat
from analytics.engine.replies import decode, find_end


class PredictionLine:
    """Says whether generated tokens hold a complete prediction line.

    Line breaks are rare, so the text is looked at after them only.
    """

    def __init__(self, tokenizer: Any, *, prefill_ids: list[int]) -> None:
        self._tokenizer = tokenizer
        self._prefill_ids = prefill_ids
        self._breaks: dict[int, bool] = {}

    def has_ended(self, output_ids: Sequence[int]) -> bool:
        """Whether the newest of the tokens after the prefill ends the line."""
        if not output_ids or not self.may_end(output_ids[-1]):
            return False
        text = decode(self._tokenizer, [*self._prefill_ids, *output_ids])
        return find_end(text) is not None

    def may_end(self, token: int) -> bool:
        """Whether a line can end with this token, whatever stands before it."""
        known = self._breaks.get(token)
        if known is None:
            known = self._breaks[token] = "\n" in decode(self._tokenizer, [token])
        return known


class StopAtPrediction:
    """A stopping criterion of transformers that ends each row after its prediction line.

    `lengths` says at how many new tokens it ended which row: what follows is padding.
    """

    def __init__(self, line: PredictionLine, *, n_padded: int) -> None:
        self.lengths: dict[int, int] = {}
        self._line = line
        self._n_padded = n_padded

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        import torch

        beat()
        for row, token in enumerate(input_ids[:, -1].tolist()):
            if row in self.lengths or not self._line.may_end(token):
                continue
            ids = input_ids[row, self._n_padded :].tolist()
            if self._line.has_ended(ids):
                self.lengths[row] = len(ids)
        done = [row in self.lengths for row in range(input_ids.shape[0])]
        return torch.tensor(done, device=input_ids.device, dtype=torch.bool)
