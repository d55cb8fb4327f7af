"""The engine protocol: what runs a model in batch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

from analytics.contract.errors import EngineDownError, EngineError
from analytics.contract.records import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFacts:
    """What is known of a loaded engine; stored with the run.

    `max_calls` threads may ask it at once.
    """

    name: str
    version: str
    model_id: str
    device: str
    dtype: str
    accepts_images: bool
    max_calls: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelReply:
    """Probabilities of the labels in their fixed order; they sum to 1.

    From the label prompt's next-token distribution, restricted to the first
    tokens of the three label words.
    """

    probabilities: tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextReply:
    """A generated rationale, its prefill included. Token counts exclude it."""

    text: str
    finish_reason: Literal["stop", "length"]
    n_prompt_tokens: int
    n_output_tokens: int


class Engine(Protocol):
    """Runs one model over batches of items. Replies keep the order of items.

    Both methods may raise EngineError for the batch as a whole; `ask_each` then
    halves the batch until the item at fault is found. An engine that knows the items
    at fault raises SomeFailedError, and EngineDownError where it answers none any more
    (EngineDiedError where loading it again would help).
    """

    @property
    def facts(self) -> EngineFacts: ...

    def label(self, items: Sequence[Item]) -> list[LabelReply]: ...

    def rationalize(self, items: Sequence[Item]) -> list[TextReply]: ...

    def close(self) -> None: ...


@runtime_checkable
class TellsWork(Protocol):
    """An engine that says for how long its model has computed, in seconds; None: not known."""

    @property
    def worked_s(self) -> float | None: ...


def read_worked_s(engine: Engine) -> float | None:
    """For how long the model of an engine has computed, in seconds, where the engine says so."""
    return engine.worked_s if isinstance(engine, TellsWork) else None


Reply = TypeVar("Reply", LabelReply, TextReply)


class SomeFailedError(EngineError):
    """Some items of a batch failed by themselves, the others have replies.

    Both are by content key. The message is that of the first fault.
    """

    def __init__(self, replies: Mapping[str, Any], faults: Mapping[str, Exception]) -> None:
        super().__init__(str(next(iter(faults.values()))))
        self.replies = dict(replies)
        self.faults = dict(faults)


def ask_each(
    ask: Callable[[Sequence[Item]], list[Reply]], items: Sequence[Item]
) -> tuple[dict[str, Reply], dict[str, Exception]]:
    """Replies by content key, and the errors of items that have none.

    A batch that fails is halved down to the items at fault, unless the engine names
    them. Engines should raise EngineError; what libraries below them raise is taken
    for the same.

    Raises:
        EngineDownError: the engine answers no item any more.
    """
    if not items:
        return {}, {}
    try:
        replies = ask(items)
    except EngineDownError:
        raise
    except SomeFailedError as exc:
        return exc.replies, exc.faults
    except (EngineError, RuntimeError, ValueError, OSError) as exc:
        fault: Exception = exc
    else:
        return {item.content_key: reply for item, reply in zip(items, replies, strict=True)}, {}
    # The frames hold what the failed batch has computed: memory that its halves need.
    _forget_frames(fault)
    if len(items) == 1:
        return {}, {items[0].content_key: fault}
    middle = len(items) // 2
    (first, first_faults), (second, second_faults) = (
        ask_each(ask, half) for half in (items[:middle], items[middle:])
    )
    return first | second, first_faults | second_faults


def _forget_frames(fault: BaseException) -> None:
    """Take the traceback from an error and from those that it comes from."""
    link: BaseException | None = fault
    while link is not None:
        link.__traceback__ = None
        link = link.__cause__ or link.__context__
