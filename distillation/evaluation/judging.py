"""Asking an engine about many items: order, chunks, and items that cannot be judged."""

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from analytics.contract.engine import Engine, LabelReply, TextReply
from analytics.contract.errors import EngineError
from analytics.contract.records import Item

logger = logging.getLogger(__name__)

Reply = TypeVar("Reply", LabelReply, TextReply)

CHUNK_ITEMS = 256
MAX_BAD_SHARE = 0.05


def label_items(
    engine: Engine, items: Sequence[Item], what: str = "labels"
) -> dict[str, LabelReply]:
    """Label replies by content key; an item that cannot be judged has none.

    Raises:
        EngineError: more than 5 % of the items cannot be judged.
    """
    return _ask_all(engine.label, items, what)


def rationalize_items(
    engine: Engine, items: Sequence[Item], what: str = "rationales"
) -> dict[str, TextReply]:
    """Rationales by content key, as `label_items`."""
    return _ask_all(engine.rationalize, items, what)


def _ask_all(
    ask: Callable[[Sequence[Item]], list[Reply]],
    items: Sequence[Item],
    what: str,
) -> dict[str, Reply]:
    distinct = {item.content_key: item for item in items}
    # Items of one post stand together, so that an engine's prefix cache serves them.
    ordered = sorted(distinct.values(), key=lambda i: (i.image_sha256 or "", i.text, i.aspect))
    found: dict[str, Reply] = {}
    for first in range(0, len(ordered), CHUNK_ITEMS):
        chunk = ordered[first : first + CHUNK_ITEMS]
        found |= _ask(ask, chunk)
        logger.info("%s: %d of %d", what, first + len(chunk), len(ordered))
    n_bad = len(ordered) - len(found)
    if ordered and n_bad / len(ordered) > MAX_BAD_SHARE:
        raise EngineError(
            f"{n_bad} of {len(ordered)} items could not be judged (limit {MAX_BAD_SHARE:.0%}); "
            "the log names each"
        )
    return found


def _ask(ask: Callable[[Sequence[Item]], list[Reply]], items: list[Item]) -> dict[str, Reply]:
    """Replies by content key; a batch that fails is halved down to its culprits."""
    try:
        replies = ask(items)
    except (EngineError, RuntimeError, ValueError, OSError) as exc:
        if len(items) > 1:
            middle = len(items) // 2
            return _ask(ask, items[:middle]) | _ask(ask, items[middle:])
        logger.warning("content %s cannot be judged: %s", items[0].content_key[:12], exc)
        return {}
    return {item.content_key: reply for item, reply in zip(items, replies, strict=True)}
