"""What is known of a model behind a server, and what its results are keyed by."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from analytics.contract.errors import ConfigError, EngineDownError
from analytics.contract.json_files import write_object
from analytics.contract.labels import LabelCalibration
from analytics.contract.prompts import make_reply_pattern
from analytics.engine.loading import find_model, list_key_options
from analytics.engine.served import ServedModel
from analytics.engine.served_rationales import make_text
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
from tests.engine.served import list_models
from tests.engine.test_models import make_folder

URL = "http://localhost:1/v1"


def find(tmp_path: Path, name: str = MODEL, **options: Any) -> ServedModel:
    model = find_model(name, engine="openai", options=options, cache_dir=tmp_path)
    assert isinstance(model, ServedModel)
    return model


def test_ids_follow_what_the_server_says(tmp_path: Path) -> None:
    said = MODEL

    def script(asked: Asked) -> Answer:
        return Answer(body=json.dumps(json.loads(say("x").body) | {"model": said}).encode())

    with serve(script) as server:

        def find_id(models: Answer, name: str = MODEL) -> str:
            server.models = models
            return find(tmp_path, name, url=server.url).model_id

        before = find_id(list_models(root="w1", owned_by="vllm", created=1))
        assert before == find_id(list_models(root="w1", owned_by="vllm", created=2, permission=[3]))
        others = [
            find_id(list_models(root="w2", owned_by="vllm")),
            find_id(list_models(root="w1", owned_by="vllm", parent="base")),
            find_id(list_models(root="w1", owned_by="vllm", meta={"n_params": 7})),
            find_id(list_models(root="w1", owned_by="vllm"), name="other"),
            find_id(fail(404)),
        ]
        said = f"{MODEL}-2026-03-01"
        others.append(find_id(list_models(root="w1", owned_by="vllm")))
    assert re.fullmatch(rf"{MODEL}@[0-9a-f]{{12}}", before)
    assert len({before, *others}) == 7


def test_ids_follow_the_address_unless_weights_are_named(tmp_path: Path) -> None:
    ids = []
    for _ in range(2):
        with serve(lambda asked: say("x")) as server:
            ids.append(find(tmp_path, url=server.url).model_id)
    assert ids[0] != ids[1]
    named = [
        find(tmp_path, name, url=url, weights=weights).model_id
        for name, url, weights in (
            (MODEL, URL, "r1"),
            (MODEL, find_closed_url(), "r1"),  # the server is not asked
            (MODEL, URL, "r2"),
            ("other", URL, "r1"),
        )
    ]
    assert named[0] == named[1]
    assert len(set(named)) == 3


def test_a_folder_says_what_is_served(tmp_path: Path) -> None:
    """Its contract is checked, and its id, calibration and eyes are those of the model."""
    path = make_folder(tmp_path / "student", {"vision_config": {}})
    bias = {"negative": 1.0, "neutral": 0.0, "positive": 0.5}
    write_object(path / "calibration.json", {"temperature": 1.5, "label_bias": bias})
    model = find(tmp_path, "student-3b", url=URL, folder=str(path))
    assert (model.name, model.accepts_images) == ("student-3b", True)
    assert model.calibration == LabelCalibration(1.5, (1.0, 0.0, 0.5))
    folder = find_model(str(path), engine="transformers", options={}, cache_dir=tmp_path)
    assert model.model_id == folder.model_id
    blind = find(tmp_path, url=URL, folder=str(path), accepts_images=False)
    assert not blind.accepts_images
    other = find(tmp_path, url=URL, folder=str(path), calibration_bias=[0, 0, 1])
    assert other.calibration == LabelCalibration(1.5, (0.0, 0.0, 1.0))


def test_options_that_change_results_are_part_of_the_key(tmp_path: Path) -> None:
    def list_options(**options: Any) -> dict[str, Any]:
        return list_key_options(find(tmp_path, url=URL, weights="w", **options), {})

    assert list_options(max_concurrent=3, timeout_s=9, max_retries=0) == {"engine": "openai"}
    assert list_options(server="auto", accepts_images=True, extra_body={"top_k": 1}) == {
        "engine": "openai",
        "accepts_images": True,
        "extra_body": {"top_k": 1},
    }


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, r"url is missing: .*OPENAI_BASE_URL"),
        ({"url": URL, "max_concurent": 2}, r"'max_concurent'. Did you mean 'max_concurrent'"),
        ({"url": URL, "max_concurrent": 0}, r"max_concurrent is 0: must be a whole number"),
        ({"url": URL, "timeout_s": True}, r"timeout_s is True: must be a number above 0"),
        ({"url": URL, "server": "tgi"}, r"server is 'tgi': must be one of auto, vllm, other"),
        ({"url": URL, "accepts_images": "no"}, r"accepts_images is 'no': must be true or false"),
        ({"url": URL, "extra_body": {"n": 2, "stop": "x"}}, r"n, stop is set by the engine"),
        ({"url": URL, "extra_body": "x"}, r"extra_body is 'x': must be a table"),
        ({"url": URL, "extra_body": {"a": float("nan")}}, r"must be what JSON can say"),
        ({"url": URL, "extra_body": {"a": date(2026, 1, 1)}}, r"must be what JSON can say"),
        ({"url": URL, "weights": "a", "folder": "b"}, r"weights and folder are both given"),
        ({"url": "localhost:8000"}, r"url in \[model.options\] .*no web address"),
    ],
)
def test_faults_of_options_are_told(tmp_path: Path, options: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        find(tmp_path, **options)


def test_a_server_that_is_not_there_or_takes_no_chat_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineDownError, match="no server answers"):
        find(tmp_path, url=find_closed_url())
    with (
        serve(lambda asked: fail(400, "no chat template")) as server,
        pytest.raises(EngineDownError, match=r"takes no chat request .*no chat template"),
    ):
        find(tmp_path, url=server.url)


@pytest.mark.parametrize("prefill", ["", "Text analysis:"])
def test_the_pattern_of_a_rationale_is_that_of_the_contract(prefill: str) -> None:
    pattern = make_reply_pattern(prefill)
    assert re.fullmatch(pattern, reason("neutral", image_analysis="").removeprefix(prefill))
    assert not re.fullmatch(pattern, reason("neutral").replace("neutral", "mixed"))
    assert not re.fullmatch(pattern, "Prediction: neutral")


WHOLE = '{"text_analysis": "a\\u00e4\\"", "final_conclusion": "d", "label": "positive"}'


@pytest.mark.parametrize("n_characters", range(len(WHOLE)))
def test_json_that_was_cut_keeps_what_was_whole(n_characters: int) -> None:
    text, is_whole = make_text(WHOLE[:n_characters], prefill="", is_json=True)
    assert not is_whole
    if n_characters > WHOLE.index(', "final'):
        assert text.startswith("Text analysis: aä")


def test_whole_json_becomes_lines() -> None:
    text, _ = make_text(f"```json\n{WHOLE}\n```", prefill="", is_json=True)
    assert text.splitlines()[0] == "Text analysis: a\u00e4"
    assert text.endswith("Final conclusion: d\nPrediction: positive")
