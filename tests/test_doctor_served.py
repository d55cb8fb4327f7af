"""`analytics doctor` and a model behind a server: real local servers, well and ill."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from analytics.doctor import Finding, examine
from tests.chat.scripted_server import MODEL, Answer, Asked, fail, find_closed_url, say, serve
from tests.engine.served import answer, list_models
from tests.scripted import write_config


def look(folder: Path, url: str, options: str = "", name: str = MODEL) -> dict[str, Finding]:
    """What is found of the model, by name."""
    text = f'[model]\nname = "{name}"\nengine = "openai"\n[model.options]\nurl = "{url}"\n'
    found = [f for f in examine(write_config(folder, text + options)) if f.area == "Model"]
    return {finding.name: finding for finding in found}


@pytest.mark.parametrize("options", ["", 'weights = "r1"\n'])
def test_a_served_model_is_asked(tmp_path: Path, options: str) -> None:
    """With `weights` its id needs no server, and the server is looked at all the same."""
    with serve(answer) as server:
        found = look(tmp_path, server.url, options)
        assert server.n_listed == 1
    assert all(finding.is_ok for finding in found.values() if finding.is_needed)
    assert list(found) == [
        MODEL, "errors.json", "reference.json", "server", "log-probabilities"
    ]  # fmt: skip
    # Of a model behind a server neither is known, and `distill` cannot measure it.
    assert "distill" not in found["errors.json"].fix
    assert f"{server.url}/ (unknown server) answers; texts go there" in found["server"].detail
    assert found["log-probabilities"].detail == "of the 20 most probable tokens"


def test_a_model_that_is_not_listed_and_answers_is_told(tmp_path: Path) -> None:
    with serve(answer) as server:
        found = look(tmp_path, server.url, name="an-alias")
    assert found["server"].is_ok
    assert "answers, but does not list the model" in found["server"].detail


def refuse(status: int) -> Callable[[Asked], Answer]:
    return lambda asked: fail(status)


FAULTS = {
    "key": (refuse(401), "server", "status 401", "OPENAI_API_KEY is not set"),
    "model": (refuse(404), "server", "status 404", f"it offers {MODEL}"),
    "redirect": (refuse(307), "server", "status 307", "redirects to nowhere"),
    "loading": (refuse(503), "server", "status 503", "Mend the server"),
    "no-chat": (refuse(400), "server", "takes no chat request", "extra_body in [model.options]"),
    "no-logprobs": (
        lambda asked: say("positive"),
        "log-probabilities",
        "no log-probabilities from model",
        "`top_logprobs`",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_of_a_server_has_its_place_and_fix(tmp_path: Path, name: str) -> None:
    script, thing, detail, fix = FAULTS[name]
    with serve(script) as server:  # type: ignore[arg-type]
        found = look(tmp_path, server.url)[thing]
    assert not found.is_ok
    assert found.is_needed
    assert server.url in found.detail
    assert detail in found.detail
    assert fix in found.fix
    assert fix not in found.detail


def test_a_key_that_is_refused_is_told_from_one_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-s3cret")
    with serve(answer) as server:
        server.models = Answer(status=403, body=b"no sk-s3cret here")
        found = look(tmp_path, server.url)["server"]
    assert "valid key into the environment variable OPENAI_API_KEY" in found.fix
    assert "s3cret" not in found.detail + found.fix


def test_no_server_is_told_with_its_address_and_where_that_is_set(tmp_path: Path) -> None:
    url = find_closed_url()
    found = look(tmp_path, url)["server"]
    assert f"{url}/: no server answers" in found.detail
    assert "url in [model.options] (or OPENAI_BASE_URL)" in found.fix


@pytest.mark.parametrize("hung", ["list", "chat"])
def test_a_server_that_hangs_does_not_hang_it(tmp_path: Path, hung: str) -> None:
    delay_s = 30.0
    slow = Answer(body=list_models().body, delay_s=delay_s)
    script = (lambda asked: say("x", delay_s=delay_s)) if hung == "chat" else answer
    with serve(script) as server:
        if hung == "list":
            server.models = slow
        started = time.monotonic()
        found = look(tmp_path, server.url, "timeout_s = 1\n")["server"]
        assert time.monotonic() - started < 10
    assert not found.is_ok
    assert server.url in found.detail
    assert found.fix


def test_waits_are_short_whatever_the_configuration_allows(tmp_path: Path) -> None:
    """A server that always fails is asked once, not for ten minutes."""
    with serve(lambda asked: fail(503)) as server:
        started = time.monotonic()
        assert not look(tmp_path, server.url, "timeout_s = 600\nmax_retries = 50\n")["server"].is_ok
        assert time.monotonic() - started < 10
        assert len(server.asked) == 1


@pytest.mark.parametrize("options", ['timeout_s = "x"\n', "max_retries = -1\n", "top = 1\n"])
def test_wrong_options_are_told_by_their_names(tmp_path: Path, options: str) -> None:
    found = look(tmp_path, "http://localhost:1/v1", options)[MODEL]
    assert options.split()[0] in found.detail
    assert "docs/engines.md" in found.fix


def test_what_a_server_calls_itself_is_shown_short_and_plain(tmp_path: Path) -> None:
    with serve(answer) as server:
        server.models = list_models(owned_by="x\x1b[2J" + "y" * 1000)
        server.extras["/version"] = lambda body: Answer(body=json.dumps({"version": [1]}).encode())
        found = look(tmp_path, server.url)["server"]
    assert found.is_ok
    assert "\x1b" not in found.detail
    assert len(found.detail) < 300
