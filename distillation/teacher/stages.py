"""The two stages for one example: reason and predict, then explain the given label."""

from dataclasses import dataclass
from typing import Literal

from analytics.chat.client import ChatClient, RefusedError, StoppedError, UnavailableError
from analytics.contract.labels import Label
from analytics.contract.prompts import Message, embed_picture, flatten_messages, render_messages
from analytics.contract.records import Item, Rationale
from distillation.data.examples import Example
from distillation.data.rationales import Stage
from distillation.teacher.replies import CheckedReply, check_reply

TeacherStage = Literal["teacher", "teacher_given_label"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherSettings:
    """What shapes the teacher's answers; a data set is made under one of these.

    The first answer of a stage is asked for at `temperature`; after a malformed
    one the next is asked for at `retry_temperature` and with another seed, for
    the same request would mostly give the same text. `max_attempts` is the
    bound of answers for each stage.
    """

    max_tokens: int = 1024
    max_attempts: int = 3
    temperature: float = 0.0
    retry_temperature: float = 0.7
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one example.

    Without a rationale, `reason` says why and `reply` is the last answer.
    `is_final` is false where the server gave no usable reply at all: the
    example is then asked again by the next run. `first_label` is the prediction
    of stage 1. The counts cover all answers of both stages.
    """

    key: str
    example_id: str
    stage: Stage
    rationale: Rationale | None = None
    reason: str = ""
    reply: str = ""
    is_final: bool = True
    first_label: str | None = None
    n_attempts: int = 0
    n_prompt_tokens: int = 0
    n_output_tokens: int = 0
    n_retries: int = 0
    n_without_usage: int = 0


@dataclass(slots=True, kw_only=True)
class _Spent:
    """Counts over the answers of one example, and the last of them."""

    reply: str = ""
    n_attempts: int = 0
    n_prompt_tokens: int = 0
    n_output_tokens: int = 0
    n_retries: int = 0
    n_without_usage: int = 0


async def explain_example(
    example: Example, client: ChatClient, settings: TeacherSettings, *, key: str
) -> Outcome:
    """Run an example through stage 1 and, where the prediction is wrong, stage 2.

    Raises:
        EngineError: the server takes no request of ours.
    """
    spent = _Spent()
    stage: TeacherStage = "teacher"
    first_label: Label | None = None
    reason, is_final = "", False
    checked = CheckedReply(rationale=None)
    try:
        jpeg = _read_picture(example.item)
        checked = await _ask(example.item, jpeg, client, settings, spent, label=None)
        first_label = checked.rationale.label if checked.rationale is not None else None
        if first_label is not None and first_label != example.label:
            stage = "teacher_given_label"
            checked = CheckedReply(rationale=None)
            checked = await _ask(example.item, jpeg, client, settings, spent, label=example.label)
        reason, is_final = checked.reason, True
    except RefusedError as exc:
        reason = f"refused: {exc}"
    except UnavailableError as exc:
        spent.n_retries += exc.n_retries
        kind = "stopped" if isinstance(exc, StoppedError) else "unavailable"
        reason = f"{kind}: {exc}"
    except OSError as exc:
        reason = f"picture: {exc.filename}: {exc.strerror or exc}"
    return Outcome(
        key=key,
        example_id=example.example_id,
        stage=stage,
        rationale=checked.rationale,
        reason=reason,
        reply="" if checked.rationale is not None else spent.reply,
        is_final=is_final,
        first_label=first_label,
        n_attempts=spent.n_attempts,
        n_prompt_tokens=spent.n_prompt_tokens,
        n_output_tokens=spent.n_output_tokens,
        n_retries=spent.n_retries,
        n_without_usage=spent.n_without_usage,
    )


async def _ask(
    item: Item,
    jpeg: bytes | None,
    client: ChatClient,
    settings: TeacherSettings,
    spent: _Spent,
    *,
    label: Label | None,
) -> CheckedReply:
    """The first well-formed answer of a stage, or the reason of the last malformed one."""
    messages = render_chat(item, jpeg, label=label)
    checked = CheckedReply(rationale=None)
    for k in range(settings.max_attempts):
        reply = await client.chat(
            messages,
            temperature=settings.temperature if k == 0 else settings.retry_temperature,
            seed=settings.seed + k,
            max_tokens=settings.max_tokens,
        )
        spent.reply = reply.text
        spent.n_attempts += 1
        spent.n_prompt_tokens += reply.n_prompt_tokens
        spent.n_output_tokens += reply.n_output_tokens
        spent.n_retries += reply.n_retries
        spent.n_without_usage += not reply.has_usage
        checked = check_reply(
            reply.text,
            finish_reason=reply.finish_reason,
            has_picture=jpeg is not None,
            given_label=label,
        )
        if checked.rationale is not None:
            break
    return checked


def render_chat(item: Item, jpeg: bytes | None, *, label: Label | None) -> list[Message]:
    """The messages of one request. Only one with a picture has content parts.

    Plain strings are what every server takes, text-only models included.
    """
    purpose: TeacherStage = "teacher" if label is None else "teacher_given_label"
    messages = render_messages(item, purpose, with_image=jpeg is not None, label=label)
    if jpeg is None:
        return flatten_messages(messages)
    system, user = messages
    return [*flatten_messages([system]), *embed_picture([user], jpeg)]


def _read_picture(item: Item) -> bytes | None:
    return item.image_path.read_bytes() if item.image_path is not None else None
