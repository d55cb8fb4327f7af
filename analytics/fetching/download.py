"""Asks for one picture: limits of time and bytes, statuses, and what its first bytes say.

A server is a stranger: nothing that it says of its answer (type, length, packing) is
believed, and what does not begin as a picture does is not read on.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from analytics.chat.backoff import parse_retry_after
from analytics.contract.picture_formats import SNIFFED_BYTES, PictureFormat, sniff_format
from analytics.fetching.addresses import check_url
from analytics.fetching.failures import FetchError

MAX_REDIRECTS = 5
_PASSING_STATUSES = (408, 425, 429)
_REDIRECTS = (301, 302, 303, 307, 308)
_HEADERS = {
    "accept": "image/avif,image/webp,image/heic,image/jpeg,image/png,image/gif;q=0.9,image/*;q=0.1",
    # Pictures are packed as they are, and nothing can unfold without end.
    "accept-encoding": "identity",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request may take: seconds for each step, and bytes."""

    connect_timeout_s: float
    read_timeout_s: float
    max_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The bytes of what begins as a picture does."""

    data: bytes
    format: PictureFormat


async def request_picture(
    transport: httpx.AsyncBaseTransport,
    url: httpx.URL,
    limits: Limits,
    *,
    timeout_s: float,
    user_agent: str,
    allowed: frozenset[tuple[str, int]] = frozenset(),
    now: datetime | None = None,
) -> Picture | httpx.URL:
    """The picture at an address, or the checked address to which it leads.

    `timeout_s` bounds it as a whole: a server that drips bytes would never end otherwise.
    The transport is asked itself, without an httpx client: no cookie is kept, no redirect
    followed, and nothing is taken from the environment.

    Raises:
        FetchError: there is none, or it may not be asked for.
    """
    timeout = httpx.Timeout(limits.read_timeout_s, connect=limits.connect_timeout_s)
    request = httpx.Request(
        "GET",
        url,
        headers={**_HEADERS, "user-agent": user_agent},
        extensions={"timeout": timeout.as_dict()},
    )
    try:
        async with asyncio.timeout(timeout_s):
            response = await transport.handle_async_request(request)
            try:
                if response.status_code in _REDIRECTS:
                    return _follow(url, response, allowed)
                _check_answer(response, limits, now or datetime.now(UTC))
                return await _read(response, limits)
            finally:
                await response.aclose()
    except TimeoutError as exc:
        raise FetchError("unreachable", "total time limit", f"{timeout_s:.1f} s left it") from exc
    except httpx.TimeoutException as exc:
        raise FetchError("unreachable", "server sends nothing in time") from exc
    except httpx.ConnectError as exc:
        raise FetchError("unreachable", "no connection", str(exc)[:200], is_silent=True) from exc
    except httpx.HTTPError as exc:
        raise FetchError("unreachable", "answer breaks off", str(exc)[:200]) from exc


def _follow(
    url: httpx.URL, response: httpx.Response, allowed: frozenset[tuple[str, int]]
) -> httpx.URL:
    location = response.headers.get("location", "")
    if not location:
        raise FetchError("gone", "redirect to nowhere")
    try:
        target = str(url.join(location))
    except (httpx.InvalidURL, ValueError) as exc:
        raise FetchError("refused", "no address of the web", "in a redirect") from exc
    try:
        return check_url(target, allowed)
    except FetchError as exc:
        raise FetchError(exc.status, exc.reason, "in a redirect") from exc


def _check_answer(response: httpx.Response, limits: Limits, now: datetime) -> None:
    status = response.status_code
    if status in _PASSING_STATUSES or status >= 500:
        wait = parse_retry_after(response.headers.get("retry-after"), now)
        raise FetchError("unreachable", f"status {status}", retry_after_s=wait)
    if status != 200:
        raise FetchError("gone", f"status {status}")
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing not in ("", "identity"):
        raise FetchError("not_an_image", "packed though not asked for", packing[:40])
    length = response.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length[:20]) > limits.max_bytes:
        raise FetchError("too_large", "more bytes than max_bytes", f"{length[:20]} bytes")


async def _read(response: httpx.Response, limits: Limits) -> Picture:
    data = bytearray()
    found: PictureFormat | None = None
    async for part in response.aiter_raw():
        data += part
        if len(data) > limits.max_bytes:
            raise FetchError("too_large", "more bytes than max_bytes", f"{limits.max_bytes} bytes")
        if found is None and len(data) >= SNIFFED_BYTES:
            found = _sniff(data)
    return Picture(data=bytes(data), format=found or _sniff(data))


def _sniff(data: bytearray) -> PictureFormat:
    head = bytes(data[:SNIFFED_BYTES])
    found = sniff_format(head)
    if found is not None:
        return found
    if not head:
        what = "empty answer"
    elif b"<svg" in data[:1024].lower():
        what = "SVG"
    elif head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        what = "HTML or XML"
    elif head[4:8] == b"ftyp":
        what = "film"
    else:
        what = "unknown format"
    raise FetchError("not_an_image", what)
