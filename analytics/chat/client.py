"""Chat requests to an OpenAI-compatible server, with time limits and retries.

Replies are not streamed: a batch shows no half texts, and one JSON body is
either whole, with its token counts, or broken and asked for again.
"""

import asyncio
import logging
import math
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import httpx

from analytics.chat.backoff import Backoff, parse_retry_after
from analytics.contract.errors import ConfigError, EngineDownError, EngineError
from analytics.contract.prompts import Message

logger = logging.getLogger(__name__)

_MAX_CONNECT_S = 10.0
_SHOWN_CHARACTERS = 300
# What a server says of a reply that is whole; any other value is a reply that was cut.
_FINISH_REASONS = ("stop", "length", "content_filter")
_RETRIED_STATUSES = (408, 409, 425, 429)


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
    `url_setting` is where the address comes from, for messages.
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
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        is_stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        base = _parse_url(url, url_setting)
        # Names and passwords in the address never enter a message.
        self.shown_url = str(base.copy_with(username=None, password=None))
        self.model = model
        self._base = base
        self._url_setting = url_setting
        self._timeout_s = timeout_s
        self._backoff = backoff or Backoff()
        self._rng = random.Random(seed)
        self._sleep = sleep
        self._now = now
        self._is_stopped = is_stopped
        self._listed: list[Mapping[str, Any]] = []
        self._http = httpx.AsyncClient(
            base_url=base,
            headers=_make_headers(api_key),
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
            async with asyncio.timeout(min(self._timeout_s, 30.0)):
                response = await self._http.get("models")
        except (TimeoutError, httpx.TransportError, httpx.DecodingError) as exc:
            raise EngineDownError(
                f"{self.shown_url}: no server answers ({_name_error(exc)}). Start it, e.g. with "
                f"`vllm serve MODEL`, or mend {self._url_setting}"
            ) from exc
        if response.status_code in (401, 403):
            raise self._describe_refusal(response)
        try:
            self._listed = [{**entry, "id": str(entry["id"])} for entry in response.json()["data"]]
        except (ValueError, KeyError, TypeError, RecursionError):
            # Some servers and gateways have no list; the first request will tell.
            logger.info("%s: status %s, no list of models", self.shown_url, response.status_code)
        offered = self._list_offered()
        if offered and self.model not in offered:
            logger.warning(
                "%s does not list the model %r, but %s",
                self.shown_url,
                self.model,
                ", ".join(offered[:10]),
            )

    @property
    def listed(self) -> Mapping[str, Any]:
        """What the server's list says of our model, or of the only model on it; {} if nothing.

        Known after `check_server`.
        """
        for entry in self._listed:
            if entry["id"] == self.model:
                return entry
        return self._listed[0] if len(self._listed) == 1 else {}

    async def fetch_extra(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The JSON at a path beside `/v1`, such as vLLM's `/tokenize`; None where there is none."""
        url = self._base.copy_with(path=self._base.path.removesuffix("v1/") + path)
        try:
            async with asyncio.timeout(min(self._timeout_s, 30.0)):
                method = "GET" if body is None else "POST"
                response = await self._http.request(method, url, json=body)
            return response.json() if response.status_code == 200 else None
        except (TimeoutError, httpx.TransportError, httpx.DecodingError, ValueError) as exc:
            logger.debug("%s: %s (%s)", self.shown_url, path, _name_error(exc))
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

    async def _post(self, body: dict[str, Any]) -> ChatReply:
        try:
            # httpx bounds each read; a server that drips bytes would never end.
            async with asyncio.timeout(self._timeout_s):
                response = await self._http.post("chat/completions", json=body)
        except (TimeoutError, httpx.TimeoutException) as exc:
            raise _PassingError(f"no whole answer within {self._timeout_s:g} s") from exc
        except (httpx.TransportError, httpx.DecodingError) as exc:
            raise _PassingError(_name_error(exc)) from exc
        status = response.status_code
        if status in _RETRIED_STATUSES or status >= 500:
            wait = parse_retry_after(response.headers.get("retry-after"), self._now())
            raise _PassingError(f"status {status} ({_shorten(response.text)})", wait)
        if status in (401, 403, 404) or 300 <= status < 400:
            raise self._describe_refusal(response)
        if status != 200:
            raise RefusedError(f"status {status} ({_shorten(response.text)})")
        return _parse_reply(response)

    def _list_offered(self) -> list[str]:
        return [entry["id"] for entry in self._listed]

    def _describe_refusal(self, response: httpx.Response) -> EngineDownError:
        """The error for a status that all requests would meet."""
        status = response.status_code
        said = _shorten(response.text)
        if status in (401, 403):
            fix = "Put a valid key into the environment variable OPENAI_API_KEY"
        elif status == 404:
            offered = ", ".join(self._list_offered()[:10])
            fix = (
                f"Check that {self._url_setting} ends in /v1 and that the server has the model "
                f"{self.model!r}"
            )
            fix += f"; it offers {offered}" if offered else ""
        else:
            target = response.headers.get("location", "nowhere")
            fix = f"It redirects to {target}: give that as {self._url_setting}"
        return EngineDownError(f"{self.shown_url}: status {status} ({said}). {fix}")


def _parse_url(url: str, setting: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url.rstrip("/") + "/")
    except httpx.InvalidURL as exc:
        raise ConfigError(f"{setting} {url!r}: {exc}. Give it as http://host:port/v1") from exc
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ConfigError(f"{setting} {url!r} is no web address. Give it as http://host:port/v1")
    return parsed


def _make_headers(api_key: str) -> dict[str, str]:
    api_key = api_key.strip()
    if not (api_key.isascii() and (api_key.isprintable() or not api_key)):
        raise ConfigError(
            "OPENAI_API_KEY holds characters that no key has. Set it anew, without quotes or breaks"
        )
    return {"authorization": f"Bearer {api_key}"} if api_key else {}


def _parse_reply(response: httpx.Response) -> ChatReply:
    """The reply in a body.

    Raises:
        _PassingError: it is no whole reply.
    """
    try:
        body = response.json()
        choice = body["choices"][0]
        text = choice["message"].get("content") or ""
        finish_reason = choice.get("finish_reason")
        usage = body.get("usage") or {}
        n_prompt = int(usage.get("prompt_tokens") or 0)
        n_output = int(usage.get("completion_tokens") or 0)
        if not isinstance(text, str):
            raise TypeError(f"content is {type(text).__name__}")
        first_logprobs = _read_first_logprobs(choice)
        model = str(body.get("model") or "")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as exc:
        raise _PassingError(
            f"a body that is no chat reply ({_name_error(exc)}): {_shorten(response.text)}"
        ) from exc
    if finish_reason not in _FINISH_REASONS:
        raise _PassingError(f"a reply that was cut (finish_reason {finish_reason!r})")
    return ChatReply(
        text=text.encode("utf-8", errors="replace").decode("utf-8"),  # JSON may hold half pairs
        finish_reason=finish_reason,
        n_prompt_tokens=n_prompt,
        n_output_tokens=n_output,
        has_usage=n_prompt + n_output > 0,
        model=model,
        first_logprobs=first_logprobs,
    )


def _read_first_logprobs(choice: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
    content = (choice.get("logprobs") or {}).get("content") or []
    if not content:
        return ()
    found = [(str(top["token"]), float(top["logprob"])) for top in content[0]["top_logprobs"]]
    if any(math.isnan(logprob) for _, logprob in found):
        raise ValueError("a log-probability is not a number")
    return tuple(found)


def _name_error(exc: BaseException) -> str:
    return f"{type(exc).__name__}: {exc}" if str(exc) else type(exc).__name__


def _shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "..."
