"""Sends JSON to a web address; a failure is a reason, never an error."""

import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx

from analytics.chat.backoff import Backoff, parse_retry_after

_TIMEOUT_S = 10.0
_BACKOFF = Backoff(base_s=1.0, max_wait_s=10.0, max_retries=3)
_RETRIED = (408, 409, 425, 429)


def post_json(
    url: str,
    body: Mapping[str, Any],
    *,
    token: str = "",
    transport: httpx.BaseTransport | None = None,
    backoff: Backoff = _BACKOFF,
    sleep: Callable[[float], None] = time.sleep,
) -> str | None:
    """Why a JSON body could not be delivered, or None if it was (any status 2xx).

    Redirects are not followed. The reason shows neither address nor token.
    """
    headers = {"authorization": f"Bearer {token}"} if token else {}
    rng = random.Random(0)
    try:
        address = httpx.URL(url)
        if address.scheme not in ("http", "https") or not address.host:
            return "its address is no web address"
        with (
            _hush_requests(),
            httpx.Client(timeout=_TIMEOUT_S, transport=transport, headers=headers) as client,
        ):
            for k in range(backoff.max_retries + 1):
                fault, is_passing, wait_s = _post_once(client, address, body)
                if fault is None or not is_passing:
                    return fault
                if k < backoff.max_retries:
                    sleep(backoff.choose_wait(k, wait_s, rng))
    except (httpx.InvalidURL, UnicodeError, ValueError):
        return "its address or token cannot be used"
    return f"{fault}, {backoff.max_retries + 1} times"


def _post_once(
    client: httpx.Client, address: httpx.URL, body: Mapping[str, Any]
) -> tuple[str | None, bool, float | None]:
    """What failed, whether it may pass, and how long the receiver asks to wait."""
    try:
        answer = client.post(address, json=body)
    except httpx.HTTPError as exc:
        return f"no answer ({type(exc).__name__})", isinstance(exc, httpx.TransportError), None
    if answer.is_success:
        return None, False, None
    status = answer.status_code
    wait_s = parse_retry_after(answer.headers.get("retry-after"), datetime.now(UTC))
    return f"status {status}", status in _RETRIED or status >= 500, wait_s


@contextmanager
def _hush_requests() -> Iterator[None]:
    """httpx logs whole addresses, and this one may be a secret."""
    loggers = [logging.getLogger(name) for name in ("httpx", "httpcore")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
