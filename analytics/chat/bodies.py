"""What a server sends, taken with care: bodies of a bounded size, values of the right types.

A server is a stranger: its text enters messages without control characters and cut,
and no body of it fills the memory.
"""

import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

# A reply of 100,000 tokens, or a list of a thousand models, is a tenth of this.
MAX_BODY_BYTES = 4 * 2**20
# Of an error only the beginning is read.
_MAX_ERROR_BYTES = 64 * 2**10
_SHOWN_CHARACTERS = 300
_MAX_TOKEN_CHARACTERS = 100
_MAX_COUNT = 2**31 - 1


class BodyError(Exception):
    """A body that is too large, or cannot be unpacked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer of a server."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def text(self) -> str:
        """The body as text; what is none is replaced."""
        return self.body.decode("utf-8", errors="replace")

    def parse(self) -> Any:
        """The body as JSON.

        Raises:
            ValueError, RecursionError: it is none.
        """
        value = json.loads(self.body)
        if b"\\ud" in self.body.lower():  # maybe half of a surrogate pair, which no file takes
            text = json.dumps(value, ensure_ascii=False)
            value = json.loads(text.encode("utf-8", errors="replace"))
        return value


async def read_answer(response: httpx.Response) -> Answer:
    """The answer of a streamed response; of an error the beginning of its body.

    Raises:
        BodyError: the body is too large, or cannot be unpacked.
        httpx.TransportError: the body breaks off.
    """
    is_error = response.status_code != 200
    limit = _MAX_ERROR_BYTES if is_error else MAX_BODY_BYTES
    body = bytearray()
    # Unpacked here, not by httpx: it sets no limit to what comes out.
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > limit:
            break
    if len(body) > limit and not is_error:
        raise BodyError(f"a body of more than {MAX_BODY_BYTES // 2**20} MiB")
    try:
        data = _unpack(bytes(body), response.headers.get("content-encoding", ""), limit)
    except BodyError:
        if not is_error:
            raise
        data = b""
    return Answer(status=response.status_code, headers=response.headers, body=data[:limit])


def clean_text(text: str, *, limit: int = _SHOWN_CHARACTERS) -> str:
    """A stranger's text for a message: on one line, without control characters, cut."""
    text = " ".join(text[: 20 * limit].split())
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    return text if len(text) <= limit else text[:limit] + "..."


def read_count(value: Any) -> int:
    """A count of tokens; 0 where it is none."""
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_COUNT
    return value if is_count else 0


def read_first_logprobs(choice: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
    """The most probable first tokens of a reply and their log-probabilities; () if not given.

    Raises:
        LookupError, TypeError, ValueError: they are not what they should be.
    """
    content = (choice.get("logprobs") or {}).get("content") or []
    top = content[0].get("top_logprobs") if content else None
    found = [
        (str(entry["token"])[:_MAX_TOKEN_CHARACTERS], float(entry["logprob"]))
        for entry in top or []
    ]
    if any(math.isnan(logprob) or logprob == math.inf for _, logprob in found):
        raise ValueError("a log-probability is not a number")
    return tuple(found)


def _unpack(body: bytes, encoding: str, limit: int) -> bytes:
    """The body without its compression, which was not asked for."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise BodyError(f"a body in the encoding {clean_text(encoding)!r}, not asked for")
    unpacker = zlib.decompressobj(wbits=47)  # gzip or zlib, as its head says
    try:
        data = unpacker.decompress(body, limit + 1)
    except zlib.error as exc:
        raise BodyError(f"a body that cannot be unpacked ({exc})") from exc
    if len(data) > limit:
        raise BodyError(f"a body of more than {MAX_BODY_BYTES // 2**20} MiB")
    if not unpacker.eof:
        raise BodyError("a body that was cut")
    return data
