"""How the engine `openai` asks vLLM and other servers, seen by a scripted server."""

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from analytics.contract.engine import ask_each
from analytics.contract.errors import EngineDownError, EngineError
from tests.chat.scripted_server import Answer, Asked, ScriptedServer, fail, reason, say, serve
from tests.engine.served import answer, is_label, list_models, make_items, open_engine, say_label

IDS = {"negative": 11, "neutral": 12, "positive": 13}


def tokenize(body: dict[str, Any]) -> Answer:
    """vLLM's `/tokenize`: two tokens of prompt, then one of the label and an end."""
    last = body["messages"][-1]
    label = last["content"] if last["role"] == "assistant" else None
    tokens = [1, 2, *([] if label is None else [IDS[label], 99])]
    return Answer(body=json.dumps({"tokens": tokens}).encode())


def answer_as_vllm(asked: Asked) -> Answer:
    if not is_label(asked):
        return say(reason("positive").removeprefix("Text analysis:"))
    if "logprob_token_ids" not in asked.body:
        return say_label()
    shares = zip(IDS.values(), (0.1, 0.2, 0.6), strict=True)
    return say_label({f"token_id:{n}": p for n, p in shares})


@contextmanager
def serve_vllm(script: Callable[[Asked], Answer] = answer_as_vllm) -> Iterator[ScriptedServer]:
    with serve(script) as server:
        server.models = list_models(owned_by="vllm")
        server.extras["/tokenize"] = tokenize
        server.extras["/version"] = lambda body: Answer(body=b'{"version": "0.32.0"}')
        yield server


def test_vllm_is_asked_for_the_labels_own_tokens() -> None:
    with serve_vllm() as server, open_engine(server.url) as engine:
        (reply,) = engine.label(make_items(1))
        asked = server.asked[-1].body
        assert engine.facts.version == "(vllm 0.32.0)"
    assert reply.probabilities == pytest.approx((1 / 9, 2 / 9, 6 / 9))
    assert asked["logprob_token_ids"] == list(IDS.values())
    assert asked["return_tokens_as_token_ids"] is True
    assert "top_logprobs" not in asked


def test_vllm_goes_on_from_the_prefill_in_a_guided_form() -> None:
    with serve_vllm() as server, open_engine(server.url) as engine:
        (reply,) = engine.rationalize(make_items(1))
        asked = server.asked[-1].body
    assert reply.text == reason("positive")
    assert asked["messages"][-1] == {"role": "assistant", "content": "Text analysis:"}
    assert (asked["add_generation_prompt"], asked["continue_final_message"]) == (False, True)
    assert "Prediction:" in asked["structured_outputs"]["regex"]
    assert asked["repetition_penalty"] == 1.0
    assert "stop" not in asked


def test_stop_strings_are_four_at_most() -> None:
    """OpenAI's API takes no more; others than vLLM get none, for their replies are cut here."""
    with serve_vllm() as server:
        with open_engine(server.url, guided="none") as engine:
            engine.rationalize(make_items(1))
        stops = server.asked[-1].body["stop"]
        assert server.asked[-1].body["include_stop_str_in_output"] is True
    assert 1 <= len(stops) <= 4
    for label in IDS:
        assert any(reason(label).endswith(stop.rstrip("\n")) for stop in stops)
    with serve(answer) as server, open_engine(server.url) as engine:
        engine.rationalize(make_items(1))
        assert all("stop" not in asked.body for asked in server.asked)


def test_json_of_vllm_starts_without_prefill() -> None:
    parts = {"text_analysis": "a", "label": "neutral"}

    def script(asked: Asked) -> Answer:
        return answer_as_vllm(asked) if is_label(asked) else say(json.dumps(parts))

    with serve_vllm(script) as server, open_engine(server.url, guided="json") as engine:
        (reply,) = engine.rationalize(make_items(1))
        asked = server.asked[-1].body
    assert reply.text == "Text analysis: a\nPrediction: neutral"
    assert asked["messages"][-1]["role"] == "user"
    assert "continue_final_message" not in asked


NO_TOKENS: dict[str, Answer] = {
    "none": fail(404),
    "text": Answer(body=b'{"tokens": "abc"}'),
    "others": Answer(body=b'{"tokens": [1, 2, null]}'),
    "list": Answer(body=b"[1]"),
    "nested": Answer(body=b"[" * 100_000),
}


@pytest.mark.parametrize("name", NO_TOKENS)
def test_vllm_that_tells_no_tokens_is_asked_as_others_are(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with serve_vllm() as server:
        server.extras["/tokenize"] = lambda body: NO_TOKENS[name]
        with open_engine(server.url) as engine:
            assert len(engine.label(make_items(1))) == 1
        assert server.asked[-1].body["top_logprobs"] == 20
    assert "the labels' tokens cannot be asked for" in caplog.text


def test_tokens_that_are_no_numbers_are_not_asked_for() -> None:
    def tell(body: dict[str, Any]) -> Answer:
        found = json.loads(tokenize(body).body)["tokens"]
        return Answer(body=json.dumps({"tokens": [*found[:2], *map(str, found[2:])]}).encode())

    with serve_vllm() as server:
        server.extras["/tokenize"] = tell
        with open_engine(server.url) as engine:
            assert engine.dialect.label_ids is None


def test_labels_that_begin_alike_are_told_at_load() -> None:
    with serve_vllm() as server:
        server.extras["/tokenize"] = lambda body: Answer(
            body=json.dumps(
                {"tokens": [1, 2] if len(body["messages"]) == 2 else [1, 2, 7]}
            ).encode()
        )
        with pytest.raises(EngineError, match="three different ones"), open_engine(server.url):
            pass


def test_a_reply_without_the_tokens_that_were_asked_for_is_its_item_s_fault() -> None:
    def script(asked: Asked) -> Answer:
        return say_label() if asked.post == "Tram 1" else answer_as_vllm(asked)

    with serve_vllm(script) as server, open_engine(server.url) as engine:
        replies, faults = ask_each(engine.label, make_items(3))
    assert list(replies) == ["i0", "i2"]
    assert "lacks token_id:11" in str(faults["i1"])


@pytest.mark.parametrize("logprob", [-math.inf, -1e308, 800.0])
def test_odd_numbers_are_replies_or_faults_of_their_item(logprob: float) -> None:
    """JSON has no infinity, but Python's reads it, and servers written in it send it."""

    def script(asked: Asked) -> Answer:
        if asked.post != "Tram 1":
            return answer_as_vllm(asked)
        top = [{"token": f"token_id:{n}", "logprob": logprob} for n in IDS.values()]
        return say("x", logprobs=[{"token": "x", "top_logprobs": top}])

    with serve_vllm(script) as server, open_engine(server.url) as engine:
        replies, faults = ask_each(engine.label, make_items(3))
    if math.isinf(logprob):
        assert "no finite probabilities" in str(faults["i1"])
    else:
        assert replies["i1"].probabilities == pytest.approx((1 / 3,) * 3)
    assert {"i0", "i2"} <= set(replies)


def test_a_server_that_fails_at_load_is_told_with_its_address_and_a_fix() -> None:
    with serve(lambda asked: fail(503, "loading")) as server:
        with (
            pytest.raises(EngineDownError, match="loading") as caught,
            open_engine(server.url, max_retries=1),
        ):
            pass
        assert server.url in caught.value.what
    assert "Mend the server" in caught.value.fix
