"""What a server can do, found out by a few small requests when the engine `openai` is loaded."""

import logging
from dataclasses import replace
from typing import Any

from analytics.chat.bodies import clean_text
from analytics.chat.client import RefusedError
from analytics.contract.errors import EngineError
from analytics.contract.labels import LABELS
from analytics.contract.prompts import render_prefill
from analytics.contract.records import Item
from analytics.contract.tokens import LabelIds
from analytics.engine.served import ServedOptions, name_server
from analytics.engine.served_requests import Dialect, ServedRequests

logger = logging.getLogger(__name__)

# Tried in this order: servers have different limits.
_TOP_LOGPROBS = (20, 10, 5)
# Of the server's name and version, which are stored with each run.
_SHOWN_CHARACTERS = 60
_PROBE = Item(content_key="", text="What a lovely day")


class NoLogprobsError(EngineError):
    """A server gives no log-probabilities of first tokens, so labels cannot be judged."""


async def find_dialect(requests: ServedRequests) -> tuple[Dialect, str]:
    """How a server is asked, and what it says it is.

    Raises:
        EngineDownError: no server answers, or it refuses the key or the model.
        NoLogprobsError: it gives no log-probabilities.
        EngineError: the labels' tokens are none, or it takes no rationale request.
    """
    client, options = requests.client, requests.model.options
    if client.models is None:  # else it has just been asked, for the id of the model
        await client.check_server()
    with name_server(client):
        return await _find_dialect(requests, options)


async def _find_dialect(requests: ServedRequests, options: ServedOptions) -> tuple[Dialect, str]:
    client = requests.client
    owner = clean_text(str(client.listed.get("owned_by") or ""), limit=_SHOWN_CHARACTERS)
    found = await client.fetch_extra("version")
    version = str(found.get("version") or "") if isinstance(found, dict) else ""
    version = clean_text(version, limit=_SHOWN_CHARACTERS)
    is_vllm = options.server == "vllm" or (options.server == "auto" and owner == "vllm")
    guided = options.guided
    if guided == "auto":
        guided = "regex" if is_vllm else "none"
    dialect = Dialect(
        n_top=0,
        label_ids=await _find_label_ids(requests) if is_vllm else None,
        prefill=render_prefill("rationale") if is_vllm and guided != "json" else "",
        is_vllm=is_vllm,
        guided=guided,
    )
    dialect = await _probe_labels(requests, dialect)
    if is_vllm and dialect.label_ids is None:
        logger.warning(
            "%s: the labels' tokens cannot be asked for (no /tokenize, or an older vLLM); a label "
            "that is not among the %d most probable tokens gets the most that is left for it",
            client.shown_url,
            dialect.n_top,
        )
    await _probe_rationale(requests, dialect)
    return dialect, f"({f'{owner} {version}'.strip() or 'unknown server'})"


async def _find_label_ids(requests: ServedRequests) -> LabelIds | None:
    """The first token of each label as the reply, where the server has vLLM's `/tokenize`.

    Raises:
        EngineError: the labels' first tokens are not three different ones.
    """
    messages = requests.render(_PROBE, None, "label")
    kwargs = requests.model.options.extra_body.get("chat_template_kwargs")
    shared = {
        "model": requests.model.name,
        **({} if kwargs is None else {"chat_template_kwargs": kwargs}),
    }

    async def tokenize(**fields: Any) -> list[int] | None:
        found = await requests.client.fetch_extra("tokenize", {**shared, **fields})
        tokens = found.get("tokens") if isinstance(found, dict) else None
        return tokens if isinstance(tokens, list) else None

    before = await tokenize(messages=messages)
    if before is None:
        return None
    ids = []
    for label in LABELS:
        after = await tokenize(
            messages=[*messages, {"role": "assistant", "content": str(label)}],
            add_generation_prompt=False,
            continue_final_message=True,
        )
        if after is None or after[: len(before)] != before or len(after) == len(before):
            return None
        ids.append(after[len(before)])
    if not all(isinstance(token_id, int) for token_id in ids):
        return None
    if len(set(ids)) != len(LABELS):
        raise EngineError(
            f"{requests.client.shown_url}: the labels {', '.join(LABELS)} begin with the tokens "
            f"{ids} in this model's tokenizer; three different ones are needed. Use a model "
            "with another tokenizer"
        )
    return ids[0], ids[1], ids[2]


async def _probe_labels(requests: ServedRequests, dialect: Dialect) -> Dialect:
    """The dialect with a way to ask for log-probabilities that the server takes."""
    tries = [replace(dialect, label_ids=None, n_top=n) for n in _TOP_LOGPROBS]
    if dialect.label_ids is not None:
        tries.insert(0, dialect)
    said = ""
    for tried in tries:
        try:
            reply = await requests.post_label(tried, _PROBE)
        except RefusedError as exc:
            said = str(exc)
            continue
        if reply.first_logprobs:
            return tried
        said = "its reply has none"
    raise NoLogprobsError(
        f"{requests.client.shown_url}: no log-probabilities from model {requests.model.name!r} "
        f"({said}), so labels cannot be judged",
        fix="Use a server and model that give `top_logprobs`, e.g. `vllm serve`",
    )


async def _probe_rationale(requests: ServedRequests, dialect: Dialect) -> None:
    try:
        await requests.post_rationale(dialect, _PROBE, max_tokens=1)
    except RefusedError as exc:
        raise EngineError(
            f"{requests.client.shown_url}: model {requests.model.name!r} takes no rationale "
            f"request ({exc})",
            fix="Set guided = 'none' or server = 'other' in [model.options]",
        ) from exc
