"""Prompts in batches of like length."""

from collections.abc import Iterator, Sequence

from analytics.contract.rendering import Prompt

# Tokens with padding in a batch, over those without: one long post must not pad all others.
_MAX_PADDED = 1.25


def split_by_length(
    prompts: Sequence[Prompt], *, batch_size: int, batch_tokens: int
) -> Iterator[list[int]]:
    """Positions of prompts in batches of like length; pictures apart from none.

    A function of the prompts alone, so that a rerun computes the same batches.
    """
    order = sorted(
        range(len(prompts)),
        key=lambda i: (prompts[i].image_path is None, len(prompts[i].token_ids), i),
    )
    batch: list[int] = []
    n_in_batch = 0
    for i in order:
        # The newest is the longest of its batch: what all are padded to.
        n_tokens = len(prompts[i].token_ids)
        n_padded = (len(batch) + 1) * n_tokens
        is_full = (
            len(batch) == batch_size
            or n_padded > batch_tokens
            or n_padded > _MAX_PADDED * (n_in_batch + n_tokens)
        )
        if batch and (
            is_full or (prompts[batch[0]].image_path is None) != (prompts[i].image_path is None)
        ):
            yield batch
            batch, n_in_batch = [], 0
        batch.append(i)
        n_in_batch += n_tokens
    if batch:
        yield batch
