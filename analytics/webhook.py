"""Sends JSON to a web address; a failure is a reason, never an error."""

import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from analytics.chat.addresses import hide_secrets
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
    reason = ""
    try:
        with httpx.Client(timeout=_TIMEOUT_S, transport=transport, headers=headers) as client:
            for k in range(backoff.max_retries + 1):
                wait_s = None
                try:
                    status = client.post(url, json=body)
                except httpx.TransportError as exc:
                    reason = f"no answer ({type(exc).__name__})"
                else:
                    if status.is_success:
                        return None
                    reason = f"status {status.status_code}"
                    if status.status_code not in _RETRIED and status.status_code < 500:
                        return reason
                    wait_s = parse_retry_after(status.headers.get("retry-after"), datetime.now(UTC))
                if k < backoff.max_retries:
                    sleep(backoff.choose_wait(k, wait_s, rng))
    except (httpx.InvalidURL, UnicodeError, ValueError):
        return f"{hide_secrets(url).split('//')[0] or 'it'} is no web address that can be used"
    return f"{reason}, {backoff.max_retries + 1} times"
