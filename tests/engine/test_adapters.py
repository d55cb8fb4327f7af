"""A LoRA adapter as the model: merged once, and then a folder like any other."""

import json
from pathlib import Path
from typing import Any

import pytest

from analytics.contract.errors import EngineError
from analytics.contract.records import Item
from analytics.engine.loading import load_engine
from analytics.engine.models import ModelFolder, resolve_model
from tests.engine.conftest import DECODING

pytestmark = pytest.mark.model
ITEMS = [Item(content_key=str(n), text=f"Post {n}: the tram is late") for n in range(4)]


@pytest.fixture
def adapter(tiny_vision_folder: ModelFolder, tmp_path: Path) -> Path:
    """An adapter of the tiny Idefics3, not all zero, saved as peft does."""
    return make_adapter(tiny_vision_folder.path, tmp_path / "mine")


def make_adapter(base: Path, folder: Path, *, seed: int = 0) -> Path:
    peft = pytest.importorskip("peft")
    import torch
    import transformers

    loader: Any = transformers.AutoModelForImageTextToText
    model = loader.from_pretrained(base, dtype=torch.float32)
    torch.manual_seed(seed)
    wrapped = peft.get_peft_model(
        model,
        peft.LoraConfig(
            r=4, target_modules=r".*text_model.*(q_proj|up_proj)", init_lora_weights=False
        ),
    )
    wrapped.save_pretrained(folder)
    return folder


def label(folder: ModelFolder) -> list[tuple[float, float, float]]:
    engine = load_engine("transformers", folder, decoding=DECODING, dtype="float32")
    try:
        return [reply.probabilities for reply in engine.label(ITEMS)]
    finally:
        engine.close()


def test_an_adapter_is_served_as_its_base_with_it_would_be(
    adapter: Path, tiny_vision_folder: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import peft

    found = resolve_model(str(adapter), cache_dir=tmp_path / "cache")
    assert found.name == "mine"
    assert found.accepts_images
    assert not found.is_distilled
    ours = label(found)
    base = label(tiny_vision_folder)
    assert (
        max(abs(a - b) for x, y in zip(ours, base, strict=True) for a, b in zip(x, y, strict=True))
        > 1e-3
    )

    # peft's own way: the adapter beside the weights, nothing merged.
    import transformers

    loader = transformers.AutoModelForImageTextToText
    load = loader.from_pretrained

    def load_with_adapter(*args: Any, **kwargs: Any) -> Any:
        return peft.PeftModel.from_pretrained(load(*args, **kwargs), adapter).base_model.model

    monkeypatch.setattr(loader, "from_pretrained", load_with_adapter)
    for a, b in zip(ours, label(tiny_vision_folder), strict=True):
        assert a == pytest.approx(b, abs=2e-3)  # merged weights are rounded to the base's type


def test_it_is_merged_once_and_anew_when_it_changes(
    adapter: Path, tiny_vision_folder: ModelFolder, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    first = resolve_model(str(adapter), cache_dir=cache)
    made_at = (first.path / "model.safetensors").stat().st_mtime_ns
    assert resolve_model(str(adapter), cache_dir=cache) == first
    assert (first.path / "model.safetensors").stat().st_mtime_ns == made_at
    make_adapter(tiny_vision_folder.path, adapter, seed=1)
    second = resolve_model(str(adapter), cache_dir=cache)
    assert second.path != first.path
    assert second.model_id != first.model_id


def test_a_stamp_and_a_temperature_of_the_adapter_count_not_those_of_the_base(
    adapter: Path, tiny_vision_folder: ModelFolder, tmp_path: Path
) -> None:
    (adapter / "calibration.json").write_text('{"temperature": 1.5}', encoding="utf-8")
    assert resolve_model(str(adapter), cache_dir=tmp_path / "cache").calibration.temperature == 1.5
    stamp = tiny_vision_folder.path / "calibration.json"
    stamp.write_text('{"temperature": 3.0}', encoding="utf-8")
    (adapter / "calibration.json").unlink()
    try:
        assert (
            resolve_model(str(adapter), cache_dir=tmp_path / "cache").calibration.temperature == 1.0
        )
    finally:
        stamp.unlink()


def test_faults_name_the_file_and_the_fix(
    adapter: Path, base_folder: ModelFolder, tmp_path: Path
) -> None:
    config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))

    def write(base: str | None) -> None:
        (adapter / "adapter_config.json").write_text(
            json.dumps({**config, "base_model_name_or_path": base}), encoding="utf-8"
        )

    write(None)
    with pytest.raises(EngineError, match=r"adapter_config\.json: names no base_model_name"):
        resolve_model(str(adapter), cache_dir=tmp_path / "cache")
    write(str(adapter))
    with pytest.raises(EngineError, match="names itself as its base"):
        resolve_model(str(adapter), cache_dir=tmp_path / "cache")
    # A model without such layers; in this cache, too, or it were assembled for ten seconds.
    (tmp_path / "cache/models").mkdir(parents=True)
    (tmp_path / "cache/models" / base_folder.path.name).symlink_to(base_folder.path)
    write("smol-135m-base")
    with pytest.raises(EngineError, match=r"cannot be merged into .*base_model_name_or_path"):
        resolve_model(str(adapter), cache_dir=tmp_path / "cache")
    (adapter / "adapter_model.safetensors").unlink()
    with pytest.raises(EngineError, match=r"no adapter_model\.safetensors"):
        resolve_model(str(adapter), cache_dir=tmp_path / "cache")
