"""Engine `openai`: any OpenAI-compatible server, one request for each label and rationale.

Loaded by `load_engine("openai", ...)`. Texts, and pictures where `accepts_images`
says so, go to the server. It needs no weights here, and no GPU.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import CancelledError
from typing import Any

from analytics.chat.client import ChatClient, UnavailableError
from analytics.contract.decoding import Decoding
from analytics.contract.engine import (
    Engine,
    EngineFacts,
    LabelReply,
    Reply,
    SomeFailedError,
    TextReply,
)
from analytics.contract.errors import ConfigError, EngineDownError, EngineError, UnfinishedError
from analytics.contract.records import Item
from analytics.engine.models import ModelFolder
from analytics.engine.replies import make_label_reply
from analytics.engine.served import URL_SETTING, ServedModel, make_client
from analytics.engine.served_handshake import find_dialect
from analytics.engine.served_labels import read_label_logprobs
from analytics.engine.served_rationales import make_text
from analytics.engine.served_requests import Dialect, ServedRequests

logger = logging.getLogger(__name__)

_MAX_CONCURRENT = 16
# As many items in a row without any reply, at least, and the server counts as gone.
_MIN_UNANSWERED = 8
# Calls at once: labels of the next contents fill the room that the last rationales leave.
_MAX_CALLS = 4

# After a stop: what the server answers within this time is kept, and the rest is given up.
_GRACE_S = 10.0
_LOOK_S = 0.2

_CLOSED = "engine openai: it was closed. Load it again"


def load(
    folder: ModelFolder | ServedModel,
    *,
    decoding: Decoding,
    dtype: str,
    batch_size: int | None,
    options: Mapping[str, Any],
) -> "OpenaiEngine":
    """Connect to the server of a model and find out how it is asked.

    `folder` is what `find_model` gives for this engine; number type and `options` are
    settled by then. `batch_size` is the number of requests at once where
    `max_concurrent` is not given.

    Raises:
        ConfigError: `folder` is a folder of weights.
        EngineDownError: no server answers, or it refuses the key or the model.
        EngineError: it gives no log-probabilities, or not those of the labels.
    """
    del dtype, options
    if not isinstance(folder, ServedModel):
        raise ConfigError(
            "engine openai runs no folder of weights: it asks a server. Name the served model in "
            f"[model] name and its {URL_SETTING}, or choose engine transformers or vllm"
        )
    max_concurrent = folder.options.max_concurrent or batch_size or _MAX_CONCURRENT
    client = make_client(
        folder.name, folder.options, models=folder.models, max_concurrent=max_concurrent
    )
    return OpenaiEngine(
        model=folder, client=client, decoding=decoding, max_concurrent=max_concurrent
    )


def describe_server(engine: Engine) -> list[tuple[str, str]]:
    """What a loaded engine of this kind found out of its server: things and what they are."""
    if not isinstance(engine, OpenaiEngine):
        raise ConfigError(f"engine {engine.facts.name} asks no server. Choose engine openai")
    facts, n_top = engine.facts, engine.dialect.n_top
    sent = "texts and pictures" if facts.accepts_images else "texts"
    listed = "" if engine.is_listed else ", but does not list the model"
    return [
        ("server", f"{facts.device} {facts.version} answers{listed}; {sent} go there"),
        ("log-probabilities", f"of the {n_top} most probable tokens" if n_top else "of the labels"),
    ]


def heed_stop(engine: Engine, is_stopped: Callable[[], bool]) -> None:
    """Let a loaded engine of this kind give up, soon after `is_stopped`, what it waits for.

    Otherwise a server that is silent, or asks for patience, holds up who presses Ctrl-C.
    """
    if isinstance(engine, OpenaiEngine):
        engine.is_stopped = is_stopped


class OpenaiEngine:
    """One server and model; some requests run at once, their replies are put in order.

    Several threads may ask at once; they share `max_concurrent`. The event loop runs in a
    thread of its own. `is_stopped` says whether the user ended the run: soon after, items
    without a reply fail with UnfinishedError.
    """

    def __init__(
        self, *, model: ServedModel, client: ChatClient, decoding: Decoding, max_concurrent: int
    ) -> None:
        self._model = model
        self._client = client
        self._requests = ServedRequests(client=client, model=model, decoding=decoding)
        self._max_concurrent = max_concurrent
        self.is_stopped: Callable[[], bool] = lambda: False
        self._n_unanswered = 0
        self._slots = asyncio.Semaphore(max_concurrent)
        self._loop: asyncio.AbstractEventLoop | None = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=_run_loop, args=(self._loop,), name="openai requests", daemon=True
        )
        self._thread.start()
        try:
            found: tuple[Dialect, str] = self._run(find_dialect(self._requests))
        except BaseException:
            self.close()
            raise
        self._dialect, version = found
        if model.accepts_images:
            logger.info("pictures are sent to %s", client.shown_url)
        else:
            logger.info("texts alone are sent to %s, no pictures", client.shown_url)
        self._facts = EngineFacts(
            name="openai",
            version=version,
            model_id=model.model_id,
            device=client.shown_url,
            dtype="the server's",
            accepts_images=model.accepts_images,
            max_calls=_MAX_CALLS,
        )

    @property
    def dialect(self) -> Dialect:
        """How the server is asked."""
        return self._dialect

    @property
    def is_listed(self) -> bool:
        """Whether the model is on the server's list, if it has one."""
        return self._client.is_listed or not self._client.models

    @property
    def facts(self) -> EngineFacts:
        """What is known of the server; `device` is its address."""
        return self._facts

    def label(self, items: Sequence[Item]) -> list[LabelReply]:
        """The label probabilities of items, in order, by a request of one token each.

        Raises:
            SomeFailedError: some items failed; the others have their replies.
            EngineDownError: the server answers no more.
        """
        return self._ask_all(items, self._label)

    def rationalize(self, items: Sequence[Item]) -> list[TextReply]:
        """The rationales of items, in order, decoded greedily.

        Raises:
            SomeFailedError: some items failed; the others have their replies.
            EngineDownError: the server answers no more.
        """
        return self._ask_all(items, self._rationalize)

    def close(self) -> None:
        """Close all connections; what is still under way is given up."""
        loop, self._loop = self._loop, None
        if loop is not None:
            asyncio.run_coroutine_threadsafe(self._give_up(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join()

    async def _give_up(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.aclose()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What a coroutine gives; Ctrl-C and `close` give it up."""
        loop = self._loop
        if loop is None:
            work.close()
            raise EngineDownError(_CLOSED)
        future = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return future.result()
        except CancelledError:
            raise EngineDownError(_CLOSED) from None
        finally:
            future.cancel()

    async def _label(self, item: Item) -> LabelReply:
        reply = await self._requests.post_label(self._dialect, item)
        if not reply.first_logprobs:
            raise EngineError("the server's reply has no log-probabilities")
        ids = self._dialect.label_ids
        if ids is None:
            logprobs = read_label_logprobs(reply.first_logprobs)
        else:
            by_token = dict(reply.first_logprobs)
            names = [f"token_id:{token_id}" for token_id in ids]
            missing = [name for name in names if name not in by_token]
            if missing:
                raise EngineError(
                    f"the server's reply lacks {', '.join(missing)}, which was asked for. Set "
                    "server = 'other' in [model.options]"
                )
            logprobs = by_token[names[0]], by_token[names[1]], by_token[names[2]]
        return make_label_reply(logprobs, self._model.calibration)

    async def _rationalize(self, item: Item) -> TextReply:
        dialect = self._dialect
        reply = await self._requests.post_rationale(dialect, item)
        if reply.finish_reason == "content_filter":
            raise EngineError("the server's content filter stopped the rationale")
        text, is_whole = make_text(
            reply.text, prefill=dialect.prefill, is_json=dialect.guided == "json"
        )
        return TextReply(
            text=text,
            finish_reason="stop" if is_whole or reply.finish_reason == "stop" else "length",
            n_prompt_tokens=reply.n_prompt_tokens,
            n_output_tokens=reply.n_output_tokens,
        )

    def _ask_all(
        self, items: Sequence[Item], ask: Callable[[Item], Awaitable[Reply]]
    ) -> list[Reply]:
        if not items and self._loop is not None:
            return []
        found: list[Reply | EngineError] = self._run(self._gather(items, ask))
        n_cut = sum(len(item.text) > self._model.options.max_characters for item in items)
        if n_cut:
            logger.warning(
                "%d of %d posts were cut in the middle to max_characters = %d",
                n_cut,
                len(items),
                self._model.options.max_characters,
            )
        pairs = list(zip(items, found, strict=True))
        faults = {i.content_key: reply for i, reply in pairs if isinstance(reply, EngineError)}
        if faults:
            replies = {
                i.content_key: reply for i, reply in pairs if not isinstance(reply, EngineError)
            }
            raise SomeFailedError(replies, faults)
        return [reply for reply in found if not isinstance(reply, EngineError)]

    async def _gather(
        self, items: Sequence[Item], ask: Callable[[Item], Awaitable[Reply]]
    ) -> list[Reply | EngineError]:
        """A reply or the error of each item.

        Raises:
            EngineDownError: the server answers no more; what is under way is given up.
        """

        async def ask_one(item: Item) -> Reply | EngineError:
            async with self._slots:
                try:
                    reply = await ask(item)
                except EngineDownError:
                    raise
                except UnavailableError as exc:
                    await self._see_whether_gone(exc)
                    return exc
                except EngineError as exc:  # an answer, too: the server is there
                    self._n_unanswered = 0
                    return exc
            self._n_unanswered = 0
            return reply

        tasks: list[asyncio.Task[Reply | EngineError]]
        tasks = [asyncio.create_task(ask_one(item)) for item in items]
        replies = asyncio.gather(*tasks)
        stop = asyncio.create_task(self._wait_for_stop())
        try:
            first: set[asyncio.Future[Any]] = {replies, stop}
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            if replies.done():
                return list(replies.result())
            return [
                task.result() if task.done() else UnfinishedError("the run was stopped")
                for task in tasks
            ]
        finally:
            for task in (*tasks, stop):
                task.cancel()
            await asyncio.gather(replies, *tasks, stop, return_exceptions=True)

    async def _wait_for_stop(self) -> None:
        """Until the user's stop, and the time after it in which replies may still come."""
        while not self.is_stopped():
            await asyncio.sleep(_LOOK_S)
        await asyncio.sleep(_GRACE_S)

    async def _see_whether_gone(self, failure: UnavailableError) -> None:
        """Tell one item that gets no reply from a server that gives none.

        Raises:
            EngineDownError: the server is gone, or has not replied to many in a row.
        """
        await self._client.check_server()
        self._n_unanswered += 1
        if self._n_unanswered >= max(_MIN_UNANSWERED, self._max_concurrent):
            raise EngineDownError(
                f"{self._client.shown_url}: the last {self._n_unanswered} requests got no reply "
                f"({failure}). What was stored is kept; run again when the server is well"
            ) from failure


def _run_loop(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()
