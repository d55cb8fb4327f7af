"""The client against a real local server that fails in scripted ways."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from analytics.chat.backoff import Backoff
from analytics.chat.client import ChatClient, ChatReply, RefusedError, UnavailableError
from analytics.contract.errors import ConfigError, EngineDownError
from tests.chat.makers import Waits, make_client
from tests.chat.scripted_server import (
    MODEL,
    Answer,
    Asked,
    fail,
    find_closed_url,
    say,
    serve,
)

MESSAGES = [
    {"role": "system", "content": "s"},
    {"role": "user", "content": "<post>\nx\n</post>"},
]
NOW = datetime(2026, 3, 20, 6, 0, 0, tzinfo=UTC)


def chat(client: ChatClient) -> ChatReply:
    async def ask() -> ChatReply:
        async with client:
            return await client.chat(MESSAGES, temperature=0.0, seed=0, max_tokens=64)

    return asyncio.run(ask())


def check(client: ChatClient) -> None:
    async def ask() -> None:
        async with client:
            await client.check_server()

    asyncio.run(ask())


def test_a_reply_comes_with_its_tokens() -> None:
    with serve(lambda asked: say("hello")) as server:
        reply = chat(make_client(server.url, api_key=" k1\n"))
        assert server.asked[0].body == {
            "model": MODEL,
            "messages": MESSAGES,
            "temperature": 0.0,
            "seed": 0,
            "max_tokens": 64,
        }
        assert server.asked[0].headers["authorization"] == "Bearer k1"
    assert reply == ChatReply(
        text="hello",
        finish_reason="stop",
        n_prompt_tokens=100,
        n_output_tokens=20,
        has_usage=True,
        model=MODEL,
    )


FAILURES = {
    "429": fail(429),
    "408": fail(408),
    "409": fail(409),
    "500": fail(500),
    "503": fail(503),
    "cut-by-length": say("hello", cut="length"),
    "cut-chunk": say("hello", cut="chunk"),
    "cut-json": say("hello", cut="json"),
    "garbage": Answer(body=b"<html>proxy</html>"),
    "no-bytes": Answer(),
    "no-choices": Answer(body=b'{"choices": []}'),
    "error-in-200": Answer(body=b'{"error": {"message": "overloaded"}}'),
    "nested": Answer(body=b"[" * 100_000),
    "not-utf8": Answer(body=b"\xff\xfe"),
    "list": Answer(body=b"[1]"),
    "parts": Answer(body=b'{"choices": [{"message": {"content": [1]}, "finish_reason": "stop"}]}'),
    "broken-gzip": Answer(body=b"xx", headers={"content-encoding": "gzip"}),
    "no-finish-reason": say("hel", finish_reason=None),
    "aborted": say("hel", finish_reason="abort"),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_a_failure_that_may_pass_is_retried(failure: Answer) -> None:
    with serve(lambda asked: failure if asked.n < 2 else say("hello")) as server:
        waits = Waits()
        reply = chat(make_client(server.url, sleep=waits))
        assert len(server.asked) == 3
    assert reply.text == "hello"
    assert reply.n_retries == 2
    assert len(waits.seconds) == 2


@pytest.mark.parametrize("cut", ["", "drip"], ids=["silent", "drip"])
def test_a_slow_reply_is_given_up_and_asked_for_again(cut: str) -> None:
    """Bytes that keep coming do not move the limit of the whole request."""
    slow = say("hello", cut=cut, delay_s=0 if cut else 5)
    with serve(lambda asked: slow if asked.n == 0 else say("hello")) as server:
        reply = chat(make_client(server.url, timeout_s=0.5))
    assert reply.n_retries == 1


def test_retries_end_and_say_what_was_wrong() -> None:
    with serve(lambda asked: fail(503, "model is loading")) as server:
        with pytest.raises(UnavailableError, match=r"4 requests.*503.*model is loading") as caught:
            chat(make_client(server.url))
        assert len(server.asked) == 4
    assert caught.value.n_retries == 3
    assert caught.value.is_transient


@pytest.mark.parametrize(
    "value", ["21", (NOW + timedelta(seconds=21)).strftime("%a, %d %b %Y %H:%M:%S GMT"), "9999"]
)
def test_retry_after_is_honoured_up_to_the_bound(value: str) -> None:
    waits = Waits()
    refusal = fail(429, retry_after=value)
    with serve(lambda asked: refusal if asked.n == 0 else say("hello")) as server:
        backoff = Backoff(max_wait_s=30, max_retries=1)
        chat(make_client(server.url, sleep=waits, backoff=backoff, now=lambda: NOW))
    assert waits.seconds == [30.0 if value == "9999" else 21.0]


def test_jitter_follows_the_seed() -> None:
    def list_waits(seed: int) -> list[float]:
        waits = Waits()
        with serve(lambda asked: fail(500) if asked.n < 3 else say("x")) as server:
            chat(make_client(server.url, sleep=waits, seed=seed))
        return waits.seconds

    assert list_waits(1) == list_waits(1) != list_waits(2)


def test_a_request_that_no_retry_mends_is_refused_at_once() -> None:
    with serve(lambda asked: fail(400, "too long")) as server:
        with pytest.raises(RefusedError, match=r"status 400.*too long"):
            chat(make_client(server.url))
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (fail(401, "bad key"), r"status 401 .*bad key.*OPENAI_API_KEY"),
        (fail(403), r"status 403 .*OPENAI_API_KEY"),
        (fail(404), r"status 404 .*ends in /v1.*'scripted-72b'"),
        (fail(308, location="https://x/v1"), r"status 308 .*redirects to https://x/v1.*--url"),
    ],
    ids=["401", "403", "404", "308"],
)
def test_a_refusal_of_all_requests_names_address_status_and_fix(
    answer: Answer, expected: str
) -> None:
    with serve(lambda asked: answer) as server:
        with pytest.raises(EngineDownError, match=expected) as caught:
            chat(make_client(server.url, api_key="secret-key"))
        assert len(server.asked) == 1
        assert server.url in str(caught.value)
    assert not isinstance(caught.value, RefusedError)
    assert "secret-key" not in str(caught.value)


def test_a_server_that_is_not_there_is_told_at_once() -> None:
    url = find_closed_url()
    with pytest.raises(EngineDownError, match=rf"{url}/: no server answers .*--url"):
        check(make_client(url))


def test_an_unknown_model_is_told_with_those_on_offer(caplog: pytest.LogCaptureFixture) -> None:
    async def ask(client: ChatClient) -> None:
        async with client:
            await client.check_server()
            await client.chat(MESSAGES, temperature=0.0, seed=0, max_tokens=64)

    expected = r"model 'other'; it offers scripted-72b"
    with serve(lambda asked: fail(404)) as server, pytest.raises(EngineDownError, match=expected):
        asyncio.run(ask(make_client(server.url, model="other")))
    assert "does not list the model 'other', but scripted-72b" in caplog.text


@pytest.mark.parametrize("answer", [fail(404), fail(500), Answer(body=b"[]")])
def test_a_server_without_a_list_of_models_will_do(answer: Answer) -> None:
    with serve(lambda asked: say("x")) as server:
        server.models = answer
        check(make_client(server.url))


def test_a_refused_key_is_told_before_any_post_is_sent() -> None:
    with serve(lambda asked: say("x")) as server:
        server.models = fail(401)
        with pytest.raises(EngineDownError, match="OPENAI_API_KEY"):
            check(make_client(server.url))


@pytest.mark.parametrize("url", ["localhost:8000/v1", "ftp://x/v1", "http://", "http://x:y/v1"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(ConfigError, match="http://host:port/v1"):
        make_client(url)


@pytest.mark.parametrize("logprobs", [[{"token": "a"}], [{"token": "a", "top_logprobs": None}]])
def test_a_reply_without_other_tokens_is_whole(logprobs: object) -> None:
    """A server that has no list of the most probable ones has none the next time, either."""
    with serve(lambda asked: say("a", logprobs=logprobs)) as server:
        assert chat(make_client(server.url)).first_logprobs == ()
        assert len(server.asked) == 1


def test_half_of_a_surrogate_pair_does_no_harm() -> None:
    def script(asked: Asked) -> Answer:
        return Answer(body=say("so \\ud83d cut").body.replace(b"\\\\ud83d", b"\\ud83d"))

    with serve(script) as server:
        assert chat(make_client(server.url)).text == "so ? cut"


def test_missing_token_counts_are_told() -> None:
    body = b'{"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}]}'
    with serve(lambda asked: Answer(body=body)) as server:
        assert chat(make_client(server.url)).has_usage is False


def test_first_tokens_come_with_their_log_probabilities() -> None:
    top = [{"token": "a", "logprob": -0.5}, {"token": " b", "logprob": -1}]
    with serve(lambda asked: say("a", logprobs=[{"token": "a", "top_logprobs": top}])) as server:
        reply = chat(make_client(server.url))
    assert reply.first_logprobs == (("a", -0.5), (" b", -1.0))
    assert reply.model == MODEL


BROKEN_LOGPROBS = {
    "no-token": [{"top_logprobs": [{}]}],
    "no-number": [{"top_logprobs": [{"token": "a", "logprob": "x"}]}],
    "nan": [{"top_logprobs": [{"token": "a", "logprob": float("nan")}]}],
    "infinite": [{"top_logprobs": [{"token": "a", "logprob": float("inf")}]}],
    "text": "abc",
}


@pytest.mark.parametrize("logprobs", BROKEN_LOGPROBS.values(), ids=BROKEN_LOGPROBS)
def test_broken_log_probabilities_are_asked_for_again(logprobs: object) -> None:
    def script(asked: Asked) -> Answer:
        return say("a", logprobs=logprobs if asked.n == 0 else [])

    with serve(script) as server:
        reply = chat(make_client(server.url))
    assert (reply.n_retries, reply.first_logprobs) == (1, ())


def test_paths_beside_the_api_are_asked_or_not_there() -> None:
    async def ask(client: ChatClient) -> list[object]:
        async with client:
            return [
                await client.fetch_extra("version"),
                await client.fetch_extra("tokenize", {"prompt": "x"}),
                await client.fetch_extra("none"),
            ]

    with serve(lambda asked: say("x")) as server:
        server.extras = {
            "/version": lambda body: Answer(body=b'{"version": "1"}'),
            "/tokenize": lambda body: Answer(body=b"<html>"),
        }
        assert asyncio.run(ask(make_client(server.url))) == [{"version": "1"}, None, None]


def test_messages_name_where_the_address_is_set() -> None:
    with pytest.raises(EngineDownError, match=r"or mend url in \[model\.options\]"):
        check(make_client(find_closed_url(), url_setting="url in [model.options]"))
