"""What a hostile or broken server may send: it costs a request or an item, never the process."""

import asyncio
import gzip
import json
import math
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.chat.backoff import Backoff
from analytics.chat.bodies import MAX_BODY_BYTES
from analytics.chat.client import ChatReply, RefusedError, UnavailableError
from analytics.contract.errors import AnalyticsError, EngineDownError
from tests.chat.makers import make_client
from tests.chat.scripted_server import MODEL, Answer, Asked, fail, say, serve
from tests.chat.test_client import chat, check


def _answer(answer: Answer, asked: Asked) -> Answer:
    return answer


_KEYS = ("choices", "message", "content", "top_logprobs", "token", "logprob", "data", "id")
_PATHS = (
    *("choices", "choices.0", "choices.0.message", "choices.0.message.content", "usage", "model"),
    *("choices.0.logprobs", "choices.0.logprobs.content", "choices.0.logprobs.content.0"),
    *("choices.0.logprobs.content.0.top_logprobs", "choices.0.finish_reason"),
    *("choices.0.logprobs.content.0.top_logprobs.0.logprob", "usage.prompt_tokens", "data"),
)
HUGE = MAX_BODY_BYTES + 1
TOO_LARGE = "a body of more than 4 MiB"


def pack(data: bytes, encoding: str) -> Answer:
    packed = gzip.compress(data) if encoding == "gzip" else zlib.compress(data)
    return Answer(body=packed, headers={"content-encoding": encoding})


BODIES = {
    "huge": (Answer(body=b" " * HUGE), TOO_LARGE),
    "endless": (Answer(body=b"x" * 65536, cut="endless"), TOO_LARGE),
    "gzip-bomb": (pack(b" " * 200 * 2**20, "gzip"), TOO_LARGE),
    "deflate-bomb": (pack(b" " * 200 * 2**20, "deflate"), TOO_LARGE),
    "gzip-cut": (Answer(body=gzip.compress(b"{}")[:-4], headers={"content-encoding": "gzip"}),
                 "a body that was cut"),
    "unknown-encoding": (Answer(body=b"x", headers={"content-encoding": "zstd"}), "'zstd'"),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_bodies_without_end_are_given_up(name: str) -> None:
    answer, expected = BODIES[name]
    with serve(lambda asked: answer) as server:
        tracemalloc.start()
        try:
            with pytest.raises(UnavailableError, match=expected):
                chat(make_client(server.url))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 60 * 2**20  # the server's own body included


def test_no_compression_is_asked_for_and_plain_one_is_read() -> None:
    with serve(lambda asked: pack(say("hello").body, "gzip")) as server:
        assert chat(make_client(server.url)).text == "hello"
        assert server.asked[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("status", "kind"), [(401, EngineDownError), (400, RefusedError), (302, EngineDownError)]
)
def test_the_status_of_an_error_counts_however_long_its_body_is(
    status: int, kind: type[AnalyticsError]
) -> None:
    for cut in ("", "endless"):
        answer = Answer(status=status, body=b"a" * 300_000, cut=cut)
        with serve(partial(_answer, answer)) as server:
            with pytest.raises(kind, match=f"status {status}") as caught:
                chat(make_client(server.url))
            assert len(server.asked) == 1
        assert len(str(caught.value)) < 1000


def test_an_endless_list_of_models_is_no_list() -> None:
    with serve(lambda asked: say("x")) as server:
        server.models = Answer(body=b"x" * 65536, cut="endless")
        with pytest.raises(EngineDownError, match=TOO_LARGE):
            check(make_client(server.url))
        server.models = Answer(body=b"[" * 100_000)
        check(make_client(server.url))
        server.extras["/version"] = lambda body: Answer(body=b"[" * 100_000)

        async def ask() -> Any:
            async with make_client(server.url) as client:
                return await client.fetch_extra("version")

        assert asyncio.run(ask()) is None


@pytest.mark.parametrize("usage", [None, "none", [1], 5])
def test_a_usage_that_is_none_costs_no_reply(usage: Any) -> None:
    body = json.loads(say("hello").body) | {"usage": usage}
    with serve(lambda asked: Answer(body=json.dumps(body).encode())) as server:
        reply = chat(make_client(server.url))
        assert len(server.asked) == 1
    assert (reply.text, reply.has_usage) == ("hello", False)


@pytest.mark.parametrize(
    "value", [-1, 1e999, 2**63, "9" * 5000, True, None, [1], 1.5], ids=lambda v: str(v)[:8]
)
def test_token_counts_that_are_none_count_as_not_given(value: Any) -> None:
    body = json.loads(say("hello").body)
    body["usage"] = {"prompt_tokens": value, "completion_tokens": value}
    with serve(lambda asked: Answer(body=json.dumps(body).encode())) as server:
        reply = chat(make_client(server.url))
    assert (reply.n_prompt_tokens, reply.n_output_tokens, reply.has_usage) == (0, 0, False)


def test_control_characters_of_a_server_do_not_reach_a_terminal(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with serve(lambda asked: fail(400, "x\x1b[2J\u202ey")) as server:
        entry = {"id": f"{MODEL}\x1b[31m\ud800" + "z" * 500}
        server.models = Answer(body=json.dumps({"data": [entry]}).encode())
        check(make_client(server.url))
        with pytest.raises(RefusedError) as caught:
            chat(make_client(server.url))
    told = str(caught.value) + caplog.text
    assert "\x1b" not in told
    assert "z" * 200 not in told
    told.encode("utf-8")  # half pairs are gone


def test_half_pairs_are_replaced_everywhere() -> None:
    def script(asked: Asked) -> Answer:
        top = [{"token": "\ud83d", "logprob": -1}]
        body = json.loads(say("a \ud83d b", logprobs=[{"top_logprobs": top}]).body)
        return Answer(body=json.dumps(body | {"model": "\ud83d"}).encode())

    with serve(script) as server:
        reply = chat(make_client(server.url))
    assert (reply.text, reply.model, reply.first_logprobs) == ("a ? b", "?", (("?", -1.0),))


def test_a_long_token_is_cut() -> None:
    top = [{"token": "x" * 10**6, "logprob": -1}]
    with serve(lambda asked: say("a", logprobs=[{"top_logprobs": top}])) as server:
        ((token, _),) = chat(make_client(server.url)).first_logprobs
    assert len(token) == 100


def test_a_server_that_drips_its_list_is_given_up() -> None:
    with serve(lambda asked: say("x")) as server:
        server.models = Answer(body=b" " * 1000, cut="drip")
        started = time.monotonic()
        with pytest.raises(EngineDownError, match="TimeoutError"):
            check(make_client(server.url, timeout_s=0.5))
        assert time.monotonic() - started < 5


def test_a_request_that_no_server_could_read_is_refused_without_being_sent() -> None:
    messages = [{"role": "user", "content": "half \ud83d pair"}]

    async def ask() -> None:
        async with make_client(server.url) as client:
            await client.chat(messages, temperature=0.0, max_tokens=1)

    with serve(lambda asked: say("x")) as server:
        with pytest.raises(RefusedError, match="cannot be written"):
            asyncio.run(ask())
        assert server.asked == []


def test_no_redirect_is_followed() -> None:
    """Wherever it leads, such as to a service of the private network."""
    with serve(lambda asked: say("inside")) as inside, serve(lambda asked: say("x")) as server:
        away = Answer(status=307, headers={"location": f"{inside.url}/models"})
        server.models = away
        server.extras["/version"] = lambda body: away
        server.script = lambda asked: Answer(
            status=308, headers={"location": f"{inside.url}/chat/completions"}
        )

        async def ask() -> None:
            async with make_client(server.url) as client:
                await client.check_server()
                assert await client.fetch_extra("version") is None
                await client.chat([], temperature=0.0, max_tokens=1)

        with pytest.raises(EngineDownError, match="redirects to"):
            asyncio.run(ask())
        assert (inside.n_listed, inside.asked) == (0, [])


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(_KEYS) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(_JSON, st.sampled_from(_PATHS))
def test_values_of_wrong_types_are_no_reply_and_no_crash(value: object, path: str) -> None:
    """Any value in any place of a reply."""
    body = json.loads(say("a", logprobs=[{"top_logprobs": [{"token": "a", "logprob": -1}]}]).body)
    *way, last = path.split(".")
    place: Any = body
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    place[int(last) if last.isdigit() else last] = value

    async def send() -> AsyncIterator[bytes]:
        yield json.dumps(body).encode()

    async def ask() -> object:
        transport = httpx.MockTransport(lambda request: httpx.Response(200, content=send()))
        backoff = Backoff(max_retries=0)
        async with make_client("http://x/v1", transport=transport, backoff=backoff) as client:
            await client.check_server()
            assert isinstance(dict(client.listed), dict)
            try:
                return await client.chat([], temperature=0.0, max_tokens=1)
            except UnavailableError as exc:
                return str(exc)

    reply = asyncio.run(ask())
    if isinstance(reply, ChatReply):
        assert all(
            isinstance(token, str) and logprob < math.inf for token, logprob in reply.first_logprobs
        )
        f"{reply.text}{reply.model}".encode()
