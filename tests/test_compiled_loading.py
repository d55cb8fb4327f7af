"""A model is compiled where the plan pays for it, and loaded without where that fails."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from analytics.config.loading import load_config
from analytics.contract.engine import Engine
from analytics.contract.errors import CompileError, EngineError
from analytics.contract.policy import ALL_RATIONALES, RationalePolicy
from analytics.engine import vllm_cpu
from analytics.pipeline import run_steps
from tests.crash import make_project
from tests.scripted import ScriptedEngine

N_POSTS = 60


def load_noting(name: str, folder: Any, *, n_rationales: int, **options: Any) -> Engine:
    """What `load_engine` is to a run; it writes down what is expected, and may fail at that."""
    with open(os.environ["SCRIPTED_LOADS"], "a", encoding="utf-8") as file:
        file.write(f"{n_rationales}\n")
    if n_rationales and os.environ.get("SCRIPTED_COMPILER") == "broken":
        raise CompileError("no space left for objects")
    if os.environ.get("SCRIPTED_COMPILER") == "innocent":
        raise EngineError("no space left for the model")
    return ScriptedEngine()


def _run(folder: Path, monkeypatch: pytest.MonkeyPatch, rationales: str) -> list[int]:
    notes = folder / "loads.txt"
    monkeypatch.setenv("SCRIPTED_LOADS", str(notes))
    monkeypatch.setenv("ANALYTICS_INFER_RATIONALES", rationales)
    monkeypatch.setenv("ANALYTICS_CACHE_DIR", str(folder / "cache"))
    config = load_config(make_project(folder, N_POSTS))
    outcome = run_steps(config, "run", ("ingest", "media", "infer"), load=load_noting)
    assert outcome.plan is not None
    assert outcome.plan.count_contents > 40
    return [int(line) for line in notes.read_text(encoding="utf-8").split()]


def test_the_engine_is_told_how_many_rationales_are_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (n_all,) = _run(tmp_path / "all", monkeypatch, "all")
    assert n_all > 40
    assert _run(tmp_path / "none", monkeypatch, "none") == [0]


def test_a_model_that_cannot_be_compiled_is_loaded_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SCRIPTED_COMPILER", "broken")
    first, *others = _run(tmp_path, monkeypatch, "all")
    assert first > 40
    assert others == [0]
    assert "no space left for objects" in caplog.text
    # What another engine, or one that was not to compile, fails on is not tried again.
    monkeypatch.setenv("SCRIPTED_COMPILER", "innocent")
    with pytest.raises(EngineError, match="no space left"):
        _run(tmp_path / "again", monkeypatch, "all")
    assert len((tmp_path / "again" / "loads.txt").read_text(encoding="utf-8").split()) == 1


def test_compiling_pays_for_many_and_needs_a_compiler_and_headers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CXX", sys.executable)  # a program that there is
    (tmp_path / "Python.h").touch()
    paths = {"include": str(tmp_path)}
    monkeypatch.setattr(vllm_cpu.sysconfig, "get_paths", lambda: paths)
    assert vllm_cpu.pays_to_compile(vllm_cpu.MIN_RATIONALES)
    assert not vllm_cpu.pays_to_compile(vllm_cpu.MIN_RATIONALES - 1)
    monkeypatch.setenv("CXX", str(tmp_path / "no-compiler"))
    assert not vllm_cpu.pays_to_compile(vllm_cpu.MIN_RATIONALES)
    monkeypatch.setenv("CXX", sys.executable)
    (tmp_path / "Python.h").unlink()
    assert not vllm_cpu.pays_to_compile(vllm_cpu.MIN_RATIONALES)


def test_expected_rationales_by_policy() -> None:
    assert ALL_RATIONALES.expect_count(100) == 100
    assert RationalePolicy().expect_count(100) == 0
    nightly = RationalePolicy(sample_share=0.02, uncertain_below=0.2, top_posts=50)
    assert nightly.expect_count(1000) == 270
    assert nightly.expect_count(30) == 30


def test_a_size_of_the_cache_that_vllm_was_given_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VLLM_CPU_KVCACHE_SPACE", raising=False)
    assert vllm_cpu.list_cpu_arguments(compiles=False)["kv_cache_memory_bytes"] >= 2**30
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "2")
    assert "kv_cache_memory_bytes" not in vllm_cpu.list_cpu_arguments(compiles=False)
