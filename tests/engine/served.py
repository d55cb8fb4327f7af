"""The engine `openai` against the scripted server, and scripts that answer as a model would."""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from analytics.chat.backoff import Backoff
from analytics.contract.decoding import Decoding
from analytics.contract.engine import LabelReply
from analytics.contract.records import Item
from analytics.engine.openai_engine import OpenaiEngine
from analytics.engine.served import URL_SETTING, find_served_model
from tests.chat.makers import make_client
from tests.chat.scripted_server import MODEL, Answer, Asked, reason, say, serve

TOP = {"negative": 0.1, "neutral": 0.2, "positive": 0.6, "maybe": 0.1}


def make_items(n: int) -> list[Item]:
    """Items `i0`, `i1`, ... with the texts `Tram 0`, `Tram 1`, ..."""
    return [Item(content_key=f"i{i}", text=f"Tram {i}") for i in range(n)]


def is_label(asked: Asked) -> bool:
    """Whether a request asks for a label."""
    return bool(asked.body.get("logprobs"))


def say_label(top: dict[str, float] | None = None, **values: Any) -> Answer:
    """A reply of one token, with the probabilities of the first ones."""
    chosen = [
        {"token": token, "logprob": math.log(p), "bytes": None} for token, p in (top or TOP).items()
    ]
    logprobs = [{"token": chosen[0]["token"], "logprob": 0.0, "top_logprobs": chosen}]
    return say("positive", finish_reason="length", logprobs=logprobs, **values)


def answer(asked: Asked) -> Answer:
    """A model that finds all posts positive."""
    return say_label() if is_label(asked) else say(reason("positive"))


def answer_posts(script: Callable[[Asked], Answer | None]) -> Callable[[Asked], Answer]:
    """A script for the posts `Tram ...`, with the usual answers where it has none."""

    def run(asked: Asked) -> Answer:
        found = script(asked) if asked.post.startswith("Tram") else None
        return found or answer(asked)

    return run


@contextmanager
def open_engine(url: str, *, max_retries: int = 3, **options: Any) -> Iterator[OpenaiEngine]:
    """An engine whose waits take no time. `weights` is given, so the server is asked at load."""
    client_values = {name: options.pop(name) for name in ("sleep", "api_key") if name in options}
    timeout_s = options.setdefault("timeout_s", 10.0)
    options = {"url": url, "weights": "w1", **options}
    model = find_served_model(MODEL, options, cache_dir=Path("unused"))
    engine = OpenaiEngine(
        model=model,
        client=make_client(
            url,
            url_setting=URL_SETTING,
            timeout_s=timeout_s,
            backoff=Backoff(max_retries=max_retries),
            **client_values,
        ),
        decoding=Decoding(max_rationale_tokens=64),
        max_concurrent=model.options.max_concurrent or 16,
    )
    try:
        yield engine
    finally:
        engine.close()


def label_with(
    script: Callable[[Asked], Answer], items: Sequence[Item], **options: Any
) -> list[LabelReply]:
    """The labels of items from a scripted server."""
    with serve(script) as server, open_engine(server.url, **options) as engine:
        return engine.label(items)


def configure_served(url: str, *, name: str = MODEL, options: str = "", infer: str = "") -> str:
    """A configuration: posts of `posts.csv`, judged by the server at `url` (none: unset).

    `options` are further lines of `[model.options]`, `infer` those of `[infer]`.
    """
    return "\n".join(
        [
            '[[sources]]\npath = "posts.csv"\nplatform = "test"',
            f'[model]\nname = "{name}"\nengine = "openai"',
            "[model.options]",
            f'url = "{url}"' if url else "",
            options,
            f"[infer]\n{infer}",
        ]
    )


def list_models(**entry: Any) -> Answer:
    """A list of models with one of ours."""
    return Answer(body=json.dumps({"data": [{"id": MODEL, **entry}]}).encode())
