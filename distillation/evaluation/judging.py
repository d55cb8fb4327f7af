"""Asking an engine about many items (order, chunks, faults), and pairing replies with gold."""

import logging
from collections.abc import Callable, Mapping, Sequence

from analytics.contract.engine import Engine, LabelReply, Reply, TextReply, ask_each
from analytics.contract.errors import EngineError
from analytics.contract.records import Item
from distillation.data.examples import Example
from distillation.evaluation.scores import Judged

logger = logging.getLogger(__name__)

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


def judge(examples: Sequence[Example], replies: Mapping[str, LabelReply]) -> list[Judged]:
    """The examples that have a reply, with its probabilities."""
    return [
        Judged(
            example_id=example.example_id,
            group=example.group,
            label=example.label,
            probabilities=replies[example.item.content_key].probabilities,
        )
        for example in examples
        if example.item.content_key in replies
    ]


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
        replies, errors = ask_each(ask, chunk)
        found |= replies
        for key, exc in errors.items():
            logger.warning("content %s cannot be judged: %s", key[:12], exc)
        logger.info("%s: %d of %d", what, first + len(chunk), len(ordered))
    n_bad = len(ordered) - len(found)
    if ordered and n_bad / len(ordered) > MAX_BAD_SHARE:
        raise EngineError(
            f"{n_bad} of {len(ordered)} items could not be judged (limit {MAX_BAD_SHARE:.0%}); "
            "the log names each"
        )
    return found
