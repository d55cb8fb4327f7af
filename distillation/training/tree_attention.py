"""Attention over a pack that computes what its mask lets through, and little more.

A pack is a trie: a stem that all sequences share (the system prompt), then branches
that do not see each other (posts). Each branch attends to the stem and to itself, so
the work grows with the branches' own lengths and not with the square of the pack.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

NAME = "tree"


@dataclass(frozen=True, slots=True)
class TreeIndex:
    """Where the branches of a pack stand.

    n_stem: tokens 0 .. n_stem - 1 are the stem, causal among themselves.
    index: (branches, length) positions in the pack, padded with 0.
    inverse: (t - n_stem,) where each later token stands in the flattened index.
    mask: (branches, 1, length, n_stem + length), true where a token is seen.
    """

    n_stem: int
    index: Any
    inverse: Any
    mask: Any


def make_tree_index(parents: np.ndarray[Any, Any], device: Any) -> TreeIndex:
    """The index of a pack whose tokens have these parents (-1 at the root)."""
    import torch

    t = len(parents)
    n_children = np.bincount(parents[parents >= 0], minlength=t)
    # The stem ends where the trie forks for the first time; all before is one chain.
    n_stem = 1
    while n_stem < t and parents[n_stem] == n_stem - 1 and n_children[n_stem - 1] == 1:
        n_stem += 1
    branch_of = np.full(t, -1)
    branches: list[list[int]] = []
    for i in range(n_stem, t):
        if parents[i] < n_stem:
            branch_of[i] = len(branches)
            branches.append([])
        else:
            branch_of[i] = branch_of[parents[i]]
        branches[branch_of[i]].append(i)
    length = max((len(branch) for branch in branches), default=0)
    index = np.zeros((len(branches), length), dtype=np.int64)
    mask = np.zeros((len(branches), length, n_stem + length), dtype=bool)
    inverse = np.zeros(t - n_stem, dtype=np.int64)
    place = np.zeros(t, dtype=np.int64)
    for b, branch in enumerate(branches):
        index[b, : len(branch)] = branch
        mask[b, len(branch) :, 0] = True  # padding must see something, or its softmax is 0 / 0
        for n, i in enumerate(branch):
            place[i] = n
            inverse[i - n_stem] = b * length + n
            parent = parents[i]
            if parent < n_stem:
                mask[b, n, : parent + 1] = True
            else:
                mask[b, n] = mask[b, place[parent]]
            mask[b, n, n_stem + n] = True
    return TreeIndex(
        n_stem=n_stem,
        index=torch.from_numpy(index).to(device),
        inverse=torch.from_numpy(inverse).to(device),
        mask=torch.from_numpy(mask[:, None]).to(device),
    )


def register_tree_attention() -> str:
    """Make the implementation known to transformers; its name."""
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

    AttentionInterface.register(NAME, tree_attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    return NAME


def tree_attention(
    module: Any,
    query: Any,
    key: Any,
    value: Any,
    attention_mask: Any,
    dropout: float = 0.0,
    scaling: float | None = None,
    tree: TreeIndex | None = None,
    **kwargs: Any,
) -> tuple[Any, None]:
    """Attention of (1, heads, t, size) queries; (1, t, heads, size) and no weights.

    Without a `tree` (vision towers, plain batches) it is the usual fused attention.
    """
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    # Some models hand their keyword arguments to the vision tower as well.
    if tree is None or not getattr(module, "is_causal", False):
        found, _ = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **kwargs
        )
        return found, None
    import torch

    attend = torch.nn.functional.scaled_dot_product_attention
    n, (n_branches, length) = tree.n_stem, tree.index.shape
    n_heads, n_groups, size = query.shape[1], key.shape[1], query.shape[-1]
    per_group = n_heads // n_groups
    # The heads of a group are rows of one product over shared keys (Ainslie et al. 2023).
    stem_rows = query[:, :, :n].reshape(1, n_groups, per_group * n, size)
    causal = torch.ones(n, n, dtype=torch.bool, device=query.device).tril().repeat(per_group, 1)
    stem = attend(
        stem_rows,
        key[:, :, :n],
        value[:, :, :n],
        attn_mask=causal,
        dropout_p=dropout,
        scale=scaling,
    )
    mixed = stem.reshape(1, n_heads, n, size)
    if n_branches:
        flat = tree.index.flatten()

        def pick(x: Any) -> Any:
            return (
                x[0]
                .index_select(1, flat)
                .view(x.shape[1], n_branches, length, size)
                .transpose(0, 1)
            )

        def with_stem(x: Any) -> Any:
            return torch.cat([x[:, :, :n].expand(n_branches, -1, -1, -1), pick(x)], dim=2)

        rows = pick(query).reshape(n_branches, n_groups, per_group * length, size)
        branch = attend(
            rows,
            with_stem(key),
            with_stem(value),
            attn_mask=tree.mask.repeat(1, 1, per_group, 1),
            dropout_p=dropout,
            scale=scaling,
        )
        branch = branch.reshape(n_branches, n_heads, length, size).transpose(0, 1)
        branch = branch.reshape(n_heads, n_branches * length, size).index_select(1, tree.inverse)
        mixed = torch.cat([mixed, branch[None]], dim=2)
    return mixed.transpose(1, 2).contiguous(), None
