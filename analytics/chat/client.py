"""Chat requests to an OpenAI-compatible server, with time limits and retries.

Replies are not streamed: a batch shows no half texts, and one JSON body is
either whole, with its token counts, or broken and asked for again.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import httpx

from analytics.chat.addresses import hide_secrets, list_secrets, make_headers, parse_address
from analytics.chat.backoff import Backoff, parse_retry_after
from analytics.chat.bodies import (
    Answer,
    BodyError,
    clean_text,
    read_answer,
    read_count,
    read_first_logprobs,
)
from analytics.contract.errors import EngineDownError, EngineError
from analytics.contract.prompts import Message

logger = logging.getLogger(__name__)

_MAX_CONNECT_S = 10.0
# Longest wait for what is small: the list of models, a version, a few tokens.
_MAX_SMALL_S = 30.0
_SHOWN_MODELS = 10
# What a server says of a reply that is whole; any other value is a reply that was cut.
_FINISH_REASONS = ("stop", "length", "content_filter")
_RETRIED_STATUSES = (408, 409, 425, 429)
_NO_ANSWER = (TimeoutError, httpx.TransportError, BodyError)


class RefusedError(EngineError):
    """The server does not take this one request (a 4xx that no retry mends)."""


class UnavailableError(EngineError):
    """No whole reply came, however often it was asked for."""

    is_transient = True

    def __init__(self, message: str, *, n_retries: int) -> None:
        super().__init__(message)
        self.n_retries = n_retries


class StoppedError(UnavailableError):
    """The user stopped the run before a reply came."""


class _PassingError(Exception):
    """A failure that may be gone the next time."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatReply:
    """One reply. Token counts are the server's; `has_usage` is false where it gave none.

    `model` is the name that the server gives the model in its reply, and
    `first_logprobs` the most probable first tokens with their log-probabilities,
    in the server's order; none where they were not asked for or not given.
    """

    text: str
    finish_reason: str
    n_prompt_tokens: int
    n_output_tokens: int
    has_usage: bool
    n_retries: int = 0
    model: str = ""
    first_logprobs: tuple[tuple[str, float], ...] = ()


class ChatClient:
    """A client of one server and model; use it with `async with`.

    `timeout_s` bounds one whole request, from sending to the last byte.
    `url_setting` is where the address comes from, for messages, and `models` what
    another client of the server found by `check_server`.
    """

    def __init__(
        self,
        *,
        url: str,
        model: str,
        url_setting: str = "--url",
        api_key: str = "",
        timeout_s: float = 180.0,
        max_connections: int = 16,
        backoff: Backoff | None = None,
        seed: int = 0,
        models: tuple[Mapping[str, Any], ...] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        is_stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        base = parse_address(url, url_setting)
        # Names and passwords in the address enter no message, nor httpx's log.
        self._base = base.copy_with(username=None, password=None)
        self.shown_url = str(self._base)
        self.model = model
        self._has_key = bool(api_key.strip())
        self._secrets = list_secrets(api_key.strip(), base)
        self._url_setting = url_setting
        self._timeout_s = timeout_s
        self._backoff = backoff or Backoff()
        self._rng = random.Random(seed)
        self._sleep = sleep
        self._now = now
        self._is_stopped = is_stopped
        self._models: tuple[Mapping[str, Any], ...] | None = models
        self._http = httpx.AsyncClient(
            base_url=self._base,
            # Small bodies gain nothing by compression, and none can unfold without end.
            headers={**make_headers(api_key), "accept-encoding": "identity"},
            auth=httpx.BasicAuth(base.username, base.password) if base.userinfo else None,
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, _MAX_CONNECT_S)),
            limits=httpx.Limits(max_connections=max_connections),
            transport=transport,
        )

    async def __aenter__(self) -> "ChatClient":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def check_server(self) -> None:
        """See at once whether the server is there and lets us in.

        Raises:
            EngineDownError: nothing answers, or the key is refused.
        """
        try:
            async with asyncio.timeout(min(self._timeout_s, _MAX_SMALL_S)):
                answer = await self._send("GET", "models")
        except _NO_ANSWER as exc:
            raise EngineDownError(
                f"{self.shown_url}: no server answers ({self._name_error(exc)})",
                fix=f"Start it, e.g. with `vllm serve MODEL`, or mend {self._url_setting}",
            ) from exc
        if answer.status in (401, 403):
            raise self._describe_refusal(answer)
        try:
            models = tuple({**entry, "id": str(entry["id"])} for entry in answer.parse()["data"])
        except (ValueError, KeyError, TypeError, RecursionError):
            # Some servers and gateways have no list; the first request will tell.
            logger.info("%s: status %s, no list of models", self.shown_url, answer.status)
            models = ()
        is_first, self._models = self._models is None, models
        if is_first and models and not self.is_listed:
            logger.warning(
                "%s does not list the model %r, but %s",
                self.shown_url,
                self.model,
                self._list_offered(),
            )

    @property
    def models(self) -> tuple[Mapping[str, Any], ...] | None:
        """The server's list of models, each with its `id`; None before `check_server`."""
        return self._models

    @property
    def is_listed(self) -> bool:
        """Whether our model is on the server's list."""
        return any(entry["id"] == self.model for entry in self._models or ())

    @property
    def listed(self) -> Mapping[str, Any]:
        """What the server's list says of our model, or of the only model on it; {} if nothing.

        Known after `check_server`.
        """
        models = self._models or ()
        for entry in models:
            if entry["id"] == self.model:
                return entry
        return models[0] if len(models) == 1 else {}

    async def fetch_extra(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The JSON at a path beside `/v1`, such as vLLM's `/tokenize`; None where there is none."""
        url = self._base.copy_with(path=self._base.path.removesuffix("v1/") + path)
        try:
            async with asyncio.timeout(min(self._timeout_s, _MAX_SMALL_S)):
                answer = await self._send("GET" if body is None else "POST", url, body)
            return answer.parse() if answer.status == 200 else None
        except (*_NO_ANSWER, ValueError, RecursionError) as exc:
            logger.debug("%s: %s (%s)", self.shown_url, path, self._name_error(exc))
            return None

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def chat(
        self,
        messages: list[Message],
        *,
        temperature: float,
        max_tokens: int,
        seed: int | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> ChatReply:
        """One whole reply; failures that may pass are retried.

        `extra` are more fields of the request.

        Raises:
            RefusedError: the server does not take this request.
            UnavailableError: all retries failed.
            StoppedError: the user stopped the run.
            EngineDownError: the server takes no request of ours (key, path, model).
        """
        body = {
            "model": self.model,
            "messages": messages,
            "temperature": temperature,
            **({} if seed is None else {"seed": seed}),
            "max_tokens": max_tokens,
            **(extra or {}),
        }
        n_retries = 0
        while True:
            if self._is_stopped():
                raise StoppedError("by the user", n_retries=n_retries)
            try:
                return replace(await self._post(body), n_retries=n_retries)
            except _PassingError as exc:
                failure = exc
            if n_retries >= self._backoff.max_retries:
                raise UnavailableError(
                    f"no reply after {n_retries + 1} requests, the last: {failure.reason}",
                    n_retries=n_retries,
                )
            if self._is_stopped():
                continue  # no wait for what is not sent
            wait_s = self._backoff.choose_wait(n_retries, failure.retry_after_s, self._rng)
            logger.debug("%s; again in %.1f s", failure.reason, wait_s)
            await self._sleep(wait_s)
            n_retries += 1

    async def _send(
        self, method: str, path: str | httpx.URL, body: Mapping[str, Any] | None = None
    ) -> Answer:
        try:
            request = self._http.build_request(method, path, json=body)
        except ValueError as exc:  # half of a surrogate pair, a number that JSON cannot say
            raise RefusedError(f"the request cannot be written ({exc})") from exc
        response = await self._http.send(request, stream=True)
        try:
            return await read_answer(response)
        finally:
            await response.aclose()

    async def _post(self, body: dict[str, Any]) -> ChatReply:
        try:
            # httpx bounds each read; a server that drips bytes would never end.
            async with asyncio.timeout(self._timeout_s):
                answer = await self._send("POST", "chat/completions", body)
        except (TimeoutError, httpx.TimeoutException) as exc:
            raise _PassingError(f"no whole answer within {self._timeout_s:g} s") from exc
        except _NO_ANSWER as exc:
            raise _PassingError(self._name_error(exc)) from exc
        status = answer.status
        if status in _RETRIED_STATUSES or status >= 500:
            wait = parse_retry_after(answer.headers.get("retry-after"), self._now())
            raise _PassingError(f"status {status} ({self._show(answer.text)})", wait)
        if status in (401, 403, 404) or 300 <= status < 400:
            raise self._describe_refusal(answer)
        if status != 200:
            raise RefusedError(f"status {status} ({self._show(answer.text)})")
        try:
            return _parse_reply(answer)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as exc:
            raise _PassingError(
                f"a body that is no chat reply ({self._name_error(exc)}): {self._show(answer.text)}"
            ) from exc

    def _list_offered(self) -> str:
        ids = [entry["id"] for entry in (self._models or ())[:_SHOWN_MODELS]]
        return ", ".join(self._show(name, limit=100) for name in ids)

    def _describe_refusal(self, answer: Answer) -> EngineDownError:
        """The error for a status that all requests would meet."""
        status = answer.status
        if status in (401, 403):
            fix = (
                "Put a valid key into the environment variable OPENAI_API_KEY"
                if self._has_key
                else "The environment variable OPENAI_API_KEY is not set: put a key into it"
            )
        elif status == 404:
            offered = self._list_offered()
            fix = (
                f"Check that {self._url_setting} ends in /v1 and that the server has the model "
                f"{self.model!r}"
            )
            fix += f"; it offers {offered}" if offered else ""
        else:
            target = self._show(hide_secrets(answer.headers.get("location", "nowhere")))
            fix = f"It redirects to {target}: give that as {self._url_setting}, if you trust it"
        said = self._show(answer.text)
        return EngineDownError(f"{self.shown_url}: status {status} ({said})", fix=fix)

    def _show(self, text: str, *, limit: int = 300) -> str:
        """A server's text for a message: our secrets, which some servers echo, left out."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return clean_text(text, limit=limit)

    def _name_error(self, exc: BaseException) -> str:
        return self._show(f"{type(exc).__name__}: {exc}" if str(exc) else type(exc).__name__)


def _parse_reply(answer: Answer) -> ChatReply:
    """The reply in a body.

    Raises:
        LookupError, TypeError, ValueError, AttributeError, RecursionError: it is no reply.
        _PassingError: it is no whole reply.
    """
    body = answer.parse()
    choice = body["choices"][0]
    text = choice["message"].get("content") or ""
    finish_reason = choice.get("finish_reason")
    usage = body.get("usage")
    usage = usage if isinstance(usage, Mapping) else {}
    n_prompt = read_count(usage.get("prompt_tokens"))
    n_output = read_count(usage.get("completion_tokens"))
    if not isinstance(text, str):
        raise TypeError(f"content is {type(text).__name__}")
    first_logprobs = read_first_logprobs(choice)
    if finish_reason not in _FINISH_REASONS:
        raise _PassingError(
            f"a reply that was cut (finish_reason {clean_text(str(finish_reason))})"
        )
    return ChatReply(
        text=text,
        finish_reason=finish_reason,
        n_prompt_tokens=n_prompt,
        n_output_tokens=n_output,
        has_usage=n_prompt + n_output > 0,
        model=str(body.get("model") or ""),
        first_logprobs=first_logprobs,
    )
