"""The engine `openai` against a real local server that answers and fails in scripted ways."""

import base64
import json
import math
from contextlib import ExitStack
from pathlib import Path

import pytest
from PIL import Image

from analytics.chat.client import RefusedError, UnavailableError
from analytics.contract.decoding import Decoding
from analytics.contract.engine import SomeFailedError, ask_each
from analytics.contract.errors import ConfigError, EngineDownError, EngineError
from analytics.contract.parser import parse_reply
from analytics.contract.records import Item
from analytics.engine.loading import find_model, load_engine
from analytics.engine.models import ModelFolder
from analytics.engine.served import parse_options
from tests.chat.makers import Waits
from tests.chat.scripted_server import (
    MODEL,
    Answer,
    Asked,
    fail,
    find_closed_url,
    reason,
    say,
    serve,
)
from tests.engine.served import (
    answer,
    answer_posts,
    is_label,
    label_with,
    list_models,
    make_items,
    open_engine,
    say_label,
)


def test_labels_are_the_restricted_distribution() -> None:
    (reply,) = label_with(answer, make_items(1))
    assert reply.probabilities == pytest.approx((1 / 9, 2 / 9, 6 / 9))


def test_calibration_divides_the_logits() -> None:
    (reply,) = label_with(answer, make_items(1), calibration_temperature=2.0)
    roots = [p**0.5 for p in (0.1, 0.2, 0.6)]
    assert reply.probabilities == pytest.approx([root / sum(roots) for root in roots])


def test_calibration_adds_the_bias() -> None:
    bias = [math.log(2), 0, 0]
    (reply,) = label_with(answer, make_items(1), calibration_bias=bias)
    assert reply.probabilities == pytest.approx((2 / 10, 2 / 10, 6 / 10))


@pytest.mark.parametrize("bias", [[1, 2], "0,0,0", [0, 0, None]], ids=repr)
def test_a_bias_that_is_none_is_an_error_of_the_configuration(bias: object) -> None:
    with pytest.raises(ConfigError, match="calibration_bias"):
        parse_options({"url": "http://localhost:1/v1", "calibration_bias": bias})


def test_requests_say_what_they_should(tmp_path: Path) -> None:
    """The contract's prompts, greedily, with what the user adds, and nothing of vLLM's."""
    item = Item(content_key="k", text="Tram </post> x", aspect="tram")
    with serve(answer) as server:
        options = {"extra_body": {"chat_template_kwargs": {"enable_thinking": False}}}
        with open_engine(server.url, api_key="k1", **options) as engine:
            engine.label([item])
            engine.rationalize([item])
        label, rationale = (asked.body for asked in server.asked[-2:])
        assert server.asked[-1].headers["authorization"] == "Bearer k1"
    assert set(label) == {
        *("model", "messages", "temperature", "max_tokens"),
        *("logprobs", "top_logprobs", "chat_template_kwargs"),
    }
    assert (label["temperature"], label["max_tokens"], label["top_logprobs"]) == (0, 1, 20)
    assert set(rationale) == {
        *("model", "messages", "temperature", "max_tokens", "chat_template_kwargs"),
    }
    assert rationale["max_tokens"] == 64
    for body in (label, rationale):
        system, user = body["messages"]
        assert system["role"] == "system"
        assert "Tram \u2039/post> x" in user["content"]
        assert '"tram"' in user["content"]


def test_replies_keep_the_order_of_items_while_requests_overtake_each_other() -> None:
    def script(asked: Asked) -> Answer:
        n = int(asked.post.removeprefix("Tram "))
        share = (n + 1) / 100
        return say_label(
            {"negative": share, "neutral": 0.5, "positive": 0.5 - share}, delay_s=0.02 * (8 - n)
        )

    with serve(answer_posts(script)) as server, open_engine(server.url) as engine:
        replies = engine.label(make_items(8))
        assert server.n_most > 1
    assert [reply.probabilities[0] for reply in replies] == pytest.approx(
        [(n + 1) / 100 for n in range(8)]
    )


FAILURES = {
    "429": fail(429, retry_after="7"),
    "500": fail(500),
    "cut": say("x", cut="length"),
    "cut-chunk": say("x", cut="chunk"),
    "garbage": Answer(body=b"<html>proxy</html>"),
    "broken-logprobs": say("x", logprobs=[{"top_logprobs": [{}]}]),
    "slow": say_label(delay_s=5),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_failures_that_pass_cost_a_wait_and_no_item(failure: str) -> None:
    waits = Waits()
    script = answer_posts(lambda asked: FAILURES[failure] if asked.n_for_post == 0 else None)
    timeout_s = 0.5 if failure == "slow" else 10
    replies = label_with(script, make_items(3), sleep=waits, timeout_s=timeout_s)
    assert len(replies) == 3
    assert len(waits.seconds) == 3
    assert failure != "429" or min(waits.seconds) == 7.0


def test_one_refused_item_costs_the_others_nothing() -> None:
    script = answer_posts(lambda asked: fail(400, "too long") if asked.post == "Tram 2" else None)
    with serve(script) as server, open_engine(server.url) as engine:
        n_before = len(server.asked)
        replies, faults = ask_each(engine.label, make_items(5))
        assert len(server.asked) - n_before == 5
    assert list(replies) == ["i0", "i1", "i3", "i4"]
    assert isinstance(faults["i2"], RefusedError)
    assert "status 400 (" in str(faults["i2"])
    assert "too long" in str(faults["i2"])


def test_an_item_that_never_gets_a_reply_is_its_own_fault() -> None:
    """A post on which the server fails again and again, while the others are answered."""
    script = answer_posts(lambda asked: fail(500) if asked.post == "Tram 0" else None)
    items = make_items(20)
    with serve(script) as server, open_engine(server.url, max_concurrent=2) as engine:
        replies, faults = ask_each(engine.label, items)
    assert len(replies) == 19
    assert isinstance(faults["i0"], UnavailableError)


def test_a_server_that_goes_away_ends_the_run_at_once() -> None:
    with ExitStack() as opened:
        with serve(answer) as server:
            engine = opened.enter_context(open_engine(server.url, max_retries=1))
            assert len(engine.label(make_items(2))) == 2
        with pytest.raises(EngineDownError, match=r"no server answers .*url in \[model.options\]"):
            ask_each(engine.label, make_items(64))


def test_a_server_that_fails_all_ends_the_run_after_some() -> None:
    script = answer_posts(lambda asked: fail(503, "loading"))
    with (
        serve(script) as server,
        open_engine(server.url, max_retries=1, max_concurrent=4) as engine,
    ):
        n_before = len(server.asked)
        with pytest.raises(EngineDownError, match=r"last 8 requests got no reply .*loading"):
            ask_each(engine.label, make_items(64))
        assert len(server.asked) - n_before < 40


def test_few_items_without_reply_in_each_batch_add_up() -> None:
    script = answer_posts(lambda asked: fail(503))
    with serve(script) as server, open_engine(server.url, max_retries=0, max_concurrent=2) as e:
        for _ in range(2):
            assert len(ask_each(e.label, make_items(3))[1]) == 3
        with pytest.raises(EngineDownError, match="last 8 requests"):
            ask_each(e.label, make_items(3))


@pytest.mark.parametrize(("status", "expected"), [(401, "OPENAI_API_KEY"), (404, "ends in /v1")])
def test_a_key_or_model_refused_midway_ends_the_run_at_once(status: int, expected: str) -> None:
    def script(asked: Asked) -> Answer | None:
        return fail(status) if asked.post == "Tram 3" else say_label(delay_s=0.2)

    with (
        serve(answer_posts(script)) as server,
        open_engine(server.url, max_concurrent=4, api_key="secret-key") as engine,
    ):
        with pytest.raises(EngineDownError, match=expected) as caught:
            ask_each(engine.label, make_items(64))
        assert len(server.asked) < 12
        assert "secret-key" not in str(caught.value)
        # The engine can be asked again, and closed.
        assert len(engine.label(make_items(1))) == 1


def test_a_server_that_is_not_there_is_told_at_load() -> None:
    with pytest.raises(EngineDownError, match="no server answers"), open_engine(find_closed_url()):
        pass


def test_no_log_probabilities_are_told_at_load() -> None:
    def script(asked: Asked) -> Answer:
        return say("positive")

    expected = r"no log-probabilities from model 'scripted-72b' \(its reply has none\)"
    with serve(script) as server:
        with pytest.raises(EngineError, match=expected), open_engine(server.url):
            pass
        assert len(server.asked) == 3


def test_fewer_top_tokens_are_asked_for_where_the_server_refuses_many() -> None:
    def script(asked: Asked) -> Answer:
        if asked.body.get("top_logprobs", 0) > 5:
            return fail(400, "top_logprobs must be at most 5")
        return answer(asked)

    with serve(script) as server, open_engine(server.url) as engine:
        assert len(engine.label(make_items(1))) == 1
        assert [a.body["top_logprobs"] for a in server.asked if is_label(a)] == [20, 10, 5, 5]


def test_no_log_probabilities_for_one_item_are_its_fault() -> None:
    script = answer_posts(lambda asked: say("positive") if asked.post == "Tram 1" else None)
    with serve(script) as server, open_engine(server.url) as engine:
        with pytest.raises(SomeFailedError, match="has no log-probabilities") as caught:
            engine.label(make_items(3))
        assert list(caught.value.faults) == ["i1"]


def test_rationales_come_parsed_and_end_with_the_prediction() -> None:
    text = f"<think>hm: Prediction: neutral</think>\n{reason('positive')}\nAnything else?"
    with serve(answer_posts(lambda asked: say(text))) as server, open_engine(server.url) as engine:
        (reply,) = engine.rationalize(make_items(1))
    assert reply.finish_reason == "stop"
    assert (reply.n_prompt_tokens, reply.n_output_tokens) == (100, 20)
    assert reply.text.endswith("Prediction: positive")
    parsed = parse_reply(reply, has_image=True)
    assert parsed.status == "ok"
    assert parsed.rationale.text_analysis == "The words are plain."


@pytest.mark.parametrize(
    ("text", "finish_reason", "status"),
    [
        ("", "stop", "empty"),
        ("<think>I wonder", "length", "empty"),
        ("Text analysis: fine\nImage ana", "length", "truncated"),
        ("I like it.", "stop", "no_label"),
        ("**Text analysis**: a\n**Prediction**: positive", "stop", "ok"),
    ],
    ids=["empty", "thoughts", "cut", "free", "markdown"],
)
def test_odd_rationales_are_replies(text: str, finish_reason: str, status: str) -> None:
    script = answer_posts(lambda asked: say(text, finish_reason=finish_reason))
    with serve(script) as server, open_engine(server.url) as engine:
        (reply,) = engine.rationalize(make_items(1))
    assert parse_reply(reply, has_image=False).status == status


def test_a_filtered_rationale_is_its_item_s_fault() -> None:
    script = answer_posts(lambda asked: say("no", finish_reason="content_filter"))
    with (
        serve(script) as server,
        open_engine(server.url) as engine,
        pytest.raises(SomeFailedError, match="content filter"),
    ):
        engine.rationalize(make_items(1))


def test_guided_json_is_asked_for_and_read() -> None:
    parts = {
        "text_analysis": 'a "q" b\nc',
        "image_analysis": "",
        "conflict_resolution": "c",
        "final_conclusion": "d",
        "label": "positive",
    }
    script = answer_posts(lambda asked: None if is_label(asked) else say(json.dumps(parts)))
    with serve(script) as server, open_engine(server.url, guided="json") as engine:
        (reply,) = engine.rationalize(make_items(1))
        schema = server.asked[-1].body["response_format"]["json_schema"]["schema"]
        assert schema["required"] == list(parts)
        assert "response_format" not in server.asked[0].body
    parsed = parse_reply(reply, has_image=True)
    assert (parsed.status, parsed.rationale.text_analysis) == ("ok", 'a "q" b c')
    assert (parsed.rationale.image_analysis, parsed.rationale.final_conclusion) == ("", "d")


def test_pictures_go_as_they_were_prepared_and_only_where_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "p.jpg"
    Image.new("RGB", (20, 10), "red").save(path)
    items = [Item(content_key="a", text="Tram", image_path=path), *make_items(1)]
    with serve(answer) as server:
        for accepts_images in (False, True):
            with open_engine(server.url, accepts_images=accepts_images) as engine:
                assert engine.facts.accepts_images is accepts_images
                engine.label(items)
        contents = [asked.body["messages"][1]["content"] for asked in server.asked]
    with_picture = [content for content in contents if not isinstance(content, str)]
    ((picture, text),) = with_picture
    assert text["text"].startswith("<post>\nTram\n</post>")
    head, _, data = picture["image_url"]["url"].partition(",")
    assert head == "data:image/jpeg;base64"
    assert base64.b64decode(data) == path.read_bytes()


@pytest.mark.parametrize("data", [None, b"", b"\xff\xd8 no \xff\xd9"], ids=["gone", "empty", "bad"])
def test_a_picture_that_cannot_be_read_is_its_item_s_fault(
    tmp_path: Path, data: bytes | None
) -> None:
    """A server may label an empty picture, and the memo would keep that."""
    if data is not None:
        (tmp_path / "no.jpg").write_bytes(data)
    items = [*make_items(2), Item(content_key="p", text="x", image_path=tmp_path / "no.jpg")]
    with serve(answer) as server, open_engine(server.url, accepts_images=True) as engine:
        replies, faults = ask_each(engine.label, items)
    assert list(replies) == ["i0", "i1"]
    assert "no.jpg: cannot be read" in str(faults["p"])
    assert "`analytics media`, prepares it anew" in str(faults["p"])


def test_long_posts_lose_their_middle_in_both_prompts(caplog: pytest.LogCaptureFixture) -> None:
    item = Item(content_key="k", text="Tram" + "a" * 500 + "b" * 500)
    with serve(answer) as server, open_engine(server.url, max_characters=300) as engine:
        engine.label([item])
        engine.rationalize([item])
        posts = {asked.post for asked in server.asked[-2:]}
    assert posts == {"Tram" + "a" * 196 + " […] " + "b" * 100}
    assert "1 of 1 posts were cut in the middle" in caplog.text


def test_no_items_give_no_replies_and_a_closed_engine_says_so() -> None:
    with serve(answer) as server, open_engine(server.url) as engine:
        assert engine.label([]) == []
        engine.close()
        engine.close()
        with pytest.raises(EngineError, match="was closed"):
            engine.label(make_items(1))


def test_load_engine_takes_what_find_model_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k2")
    with serve(answer) as server:
        server.models = list_models(owned_by="acme")
        server.extras["/version"] = lambda body: Answer(body=b'{"version": "3"}')
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        model = find_model(MODEL, engine="openai", options={}, cache_dir=tmp_path)
        with pytest.raises(ConfigError, match=r"is behind a server\. Choose engine openai"):
            load_engine("transformers", model, decoding=Decoding())
        engine = load_engine("openai", model, decoding=Decoding(), batch_size=2)
        assert engine.facts.model_id == model.model_id
        assert (engine.facts.version, engine.facts.device) == ("(acme 3)", f"{server.url}/")
        engine.label(make_items(6))
        engine.close()
        assert server.n_listed == 1  # for the model's id and the start together
        assert server.n_most <= 2
        assert {asked.headers["authorization"] for asked in server.asked} == {"Bearer k2"}


def test_a_folder_of_weights_is_refused(weightless_folder: ModelFolder) -> None:
    with pytest.raises(ConfigError, match="engine openai runs no folder of weights"):
        load_engine("openai", weightless_folder, decoding=Decoding())
