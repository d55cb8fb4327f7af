"""Shared-prefix packing: one forward pass over many sequences, each prefix paid once.

Sequences are merged into a trie. In a causal model the hidden state of a token
depends on its ancestors alone, so a token that several sequences have in common
(system prompt, picture, post) is computed once, and loss and gradient equal those
of separate passes. The attention mask lets a token see its ancestors only, and
positions are those of the separate sequences.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from distillation.training.sequences import EncodedItem, TokenSequence
from distillation.training.tree_attention import make_tree_index


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Where the logits of one sequence's response stand in a pack's kept logits."""

    sequence: TokenSequence
    start: int

    @property
    def stop(self) -> int:
        """One past the last."""
        return self.start + len(self.sequence.response_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Some sequences as one.

    token_ids (t,), position_ids (k, t), parents (t,) with -1 at roots, kept (m,)
    positions whose logits predict responses, pictures in the order of their tokens.
    """

    token_ids: np.ndarray[Any, Any]
    position_ids: np.ndarray[Any, Any]
    parents: np.ndarray[Any, Any]
    kept: np.ndarray[Any, Any]
    pieces: tuple[Piece, ...]
    pictures: tuple[str, ...]
    pixels: tuple[dict[str, Any], ...]

    def make_mask(self) -> np.ndarray[Any, Any]:
        """(t, t), true where a token (row) sees another (column): itself and ancestors."""
        t = len(self.token_ids)
        mask = np.zeros((t, t), dtype=bool)
        for i, parent in enumerate(self.parents):
            if parent >= 0:
                mask[i] = mask[parent]
            mask[i, i] = True
        return mask

    def make_inputs(self, device: Any, *, dense: bool = False) -> dict[str, Any]:
        """Keyword arguments of the model's forward; logits come out as (1, m, vocabulary).

        `dense` gives a whole (t, t) mask, for models without our tree attention.
        """
        import torch

        # Models with one axis take (1, t), those with three (3, 1, t).
        positions = torch.from_numpy(self.position_ids)
        positions = positions if len(positions) == 1 else positions[:, None]
        return {
            "input_ids": torch.from_numpy(self.token_ids)[None].to(device),
            "position_ids": positions.to(device),
            **self._make_attention(device, dense=dense),
            "logits_to_keep": torch.from_numpy(self.kept).to(device),
            "use_cache": False,
            **{name: value.to(device) for name, value in _join_pixels(self.pixels).items()},
        }

    def _make_attention(self, device: Any, *, dense: bool) -> dict[str, Any]:
        import torch

        if dense:
            return {"attention_mask": torch.from_numpy(self.make_mask())[None, None].to(device)}
        # A mask of four dimensions is left alone by transformers; ours is never read.
        unread = torch.ones(1, 1, 1, 1, dtype=torch.bool, device=device)
        return {"attention_mask": unread, "tree": make_tree_index(self.parents, device)}


class _Trie:
    def __init__(self, image_token_id: int | None) -> None:
        self._image_token_id = image_token_id
        self.token_ids: list[int] = []
        self.positions: list[Any] = []
        self.parents: list[int] = []
        self.children: dict[tuple[int, int, str], int] = {}
        self.pieces: list[tuple[TokenSequence, list[int]]] = []
        self.pictures: dict[str, dict[str, Any]] = {}

    def _key(self, node: int, token: int, sequence: TokenSequence) -> tuple[int, int, str]:
        # Two pictures look the same as tokens, so their nodes are told apart by name.
        is_image = token == self._image_token_id
        return node, token, (sequence.picture or "") if is_image else ""

    def count_new(self, sequence: TokenSequence) -> int:
        """How many tokens a sequence would add."""
        node = -1
        for depth, token in enumerate(sequence.token_ids.tolist()):
            found = self.children.get(self._key(node, token, sequence))
            if found is None:
                return len(sequence.token_ids) - depth
            node = found
        return 0

    def add(self, sequence: TokenSequence, pixels: dict[str, Any]) -> None:
        node, path = -1, []
        for depth, token in enumerate(sequence.token_ids.tolist()):
            key = self._key(node, token, sequence)
            found = self.children.get(key)
            if found is None:
                found = len(self.token_ids)
                self.children[key] = found
                self.token_ids.append(token)
                self.positions.append(sequence.position_ids[:, depth])
                self.parents.append(node)
            node = found
            path.append(node)
        if len(sequence.response_ids):
            self.pieces.append((sequence, path[sequence.first_kept :]))
        if sequence.picture is not None:
            self.pictures.setdefault(sequence.picture, pixels)

    def finish(self) -> Pack:
        kept = [node for _, nodes in self.pieces for node in nodes]
        starts = np.cumsum([0, *(len(nodes) for _, nodes in self.pieces)])
        return Pack(
            token_ids=np.array(self.token_ids),
            position_ids=np.stack(self.positions, axis=1),
            parents=np.array(self.parents),
            kept=np.array(kept, dtype=np.int64),
            pieces=tuple(
                Piece(sequence=sequence, start=int(start))
                for (sequence, _), start in zip(self.pieces, starts, strict=False)
            ),
            pictures=tuple(self.pictures),
            pixels=tuple(self.pictures.values()),
        )


def pack_items(
    items: Iterable[EncodedItem],
    *,
    max_tokens: int,
    image_token_id: int | None,
    filler: EncodedItem | None = None,
) -> Iterator[Pack]:
    """Packs of at most `max_tokens` tokens; an item is never split between packs.

    Items that share a prefix (the aspects of one post) should follow each other.
    An item that is longer than `max_tokens` gets a pack of its own. Every pack begins
    with the `filler`, if there is one, and there is then at least one pack.
    """

    def start() -> _Trie:
        trie = _Trie(image_token_id)
        for sequence in filler.sequences if filler is not None else ():
            trie.add(sequence, filler.pixels if filler is not None else {})
        return trie

    trie, n_packs, is_empty = start(), 0, True
    for item in items:
        n_new = sum(trie.count_new(sequence) for sequence in item.sequences)
        if not is_empty and len(trie.token_ids) + n_new > max_tokens:
            yield trie.finish()
            trie, n_packs = start(), n_packs + 1
        for sequence in item.sequences:
            trie.add(sequence, item.pixels)
        is_empty = False
    if not is_empty or (filler is not None and n_packs == 0):
        yield trie.finish()


def _join_pixels(pixels: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    """The pictures of a pack as one processor output.

    Idefics3 has (1, pictures, ...), Qwen-VL a flat list of patches and one row of
    `image_grid_thw` a picture.
    """
    import torch

    joined = {}
    for name in pixels[0] if pixels else ():
        values = [one[name] for one in pixels]
        # Idefics3: batch, picture, ...; the pictures of a batch of one lie along dim 1.
        dim = 1 if name in ("pixel_values", "pixel_attention_mask") and values[0].dim() >= 4 else 0
        joined[name] = torch.cat(values, dim=dim)
    return joined
