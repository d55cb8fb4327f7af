"""What a server can do, found out by a few small requests when the engine `openai` is loaded."""

import logging
from dataclasses import replace
from typing import Any

from analytics.chat.client import RefusedError
from analytics.contract.errors import EngineError
from analytics.contract.labels import LABELS
from analytics.contract.prompts import render_prefill
from analytics.contract.records import Item
from analytics.contract.tokens import LabelIds
from analytics.engine.served_requests import Dialect, ServedRequests

logger = logging.getLogger(__name__)

# Tried in this order: servers have different limits.
_TOP_LOGPROBS = (20, 10, 5)
_PROBE = Item(content_key="", text="What a lovely day")


async def find_dialect(requests: ServedRequests) -> tuple[Dialect, str]:
    """How a server is asked, and what it says it is.

    Raises:
        EngineDownError: no server answers, or it refuses the key or the model.
        EngineError: it gives no log-probabilities, or not those of the labels.
    """
    client, options = requests.client, requests.model.options
    await client.check_server()
    owner = str(client.listed.get("owned_by") or "")
    found = await client.fetch_extra("version")
    version = str(found.get("version") or "") if isinstance(found, dict) else ""
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
        ids.append(int(after[len(before)]))
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
    raise EngineError(
        f"{requests.client.shown_url}: no log-probabilities from model {requests.model.name!r} "
        f"({said}), so labels cannot be judged. Use a server and model that give "
        "`top_logprobs`, e.g. `vllm serve`"
    )


async def _probe_rationale(requests: ServedRequests, dialect: Dialect) -> None:
    try:
        await requests.post_rationale(dialect, _PROBE, max_tokens=1)
    except RefusedError as exc:
        raise EngineError(
            f"{requests.client.shown_url}: model {requests.model.name!r} takes no rationale "
            f"request ({exc}). Set guided = 'none' or server = 'other' in [model.options]"
        ) from exc
