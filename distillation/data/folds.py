"""Splits and folds that follow from names alone, so that anybody can make them again."""

import hashlib
from collections.abc import Iterable

SPLITS = ("train", "dev", "test")
ALL = "all"
# 8:1:1, as published work on MVSA splits it.
TRAIN_SHARE = 0.8
DEV_SHARE = 0.1


def assign_split(key: str, seed: int = 0) -> str:
    """The split of a key: train, dev or test, 8:1:1 in the long run.

    The first 8 bytes of sha256("<seed>:<key>") as a share of 2**64: below 0.8
    is train, below 0.9 dev, else test. Each key stands alone, so rows that are
    dropped or missing move no other row.
    """
    share = _hash(key, seed) / 2**64
    if share < TRAIN_SHARE:
        return "train"
    return "dev" if share < TRAIN_SHARE + DEV_SHARE else "test"


def assign_folds(groups: Iterable[str], n_folds: int = 5, seed: int = 0) -> dict[str, int]:
    """The fold of each group, 0 to n_folds - 1; no group is cut.

    Distinct groups are ordered by sha256("<seed>:<group>") and dealt in turn, so
    folds differ by at most one group, and the order of `groups` does not matter.

    Raises:
        ValueError: `n_folds` is less than 2, or more than there are groups.
    """
    names = sorted(set(groups), key=lambda name: (_hash(name, seed), name))
    if not 2 <= n_folds <= len(names):
        raise ValueError(f"n_folds is {n_folds}: give 2 to {len(names)}, the number of groups")
    return {name: i % n_folds for i, name in enumerate(names)}


def _hash(key: str, seed: int) -> int:
    digest = hashlib.sha256(f"{seed}:{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big")
