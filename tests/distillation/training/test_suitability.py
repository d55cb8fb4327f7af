"""Models whose attention packs do not know are refused, not trained wrongly."""

from pathlib import Path
from typing import Any

import pytest

from analytics.contract.errors import TrainingError
from analytics.engine.models import ModelFolder
from distillation.training import modeling
from distillation.training.modeling import load_trainee
from distillation.training.recipe import ModelRecipe
from distillation.training.suitability import find_reach

pytestmark = pytest.mark.model

_SHAPE: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 32,
    "max_position_embeddings": 1024,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 2,
}


def _make(path: Path, kind: str, tokenizer_from: Path, **more: Any) -> Path:
    """A random text model; its logits differ enough between tokens to be compared."""
    import torch
    import transformers

    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(tokenizer_from)
    config: Any = getattr(transformers, f"{kind}Config")(
        **{**_SHAPE, "vocab_size": len(tokenizer), **more}
    )
    torch.manual_seed(0)
    model = getattr(transformers, f"{kind}ForCausalLM")(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(4)
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


def test_a_window_is_refused_where_a_sequence_may_exceed_it(
    base_folder: ModelFolder, tmp_path: Path
) -> None:
    folder = _make(tmp_path / "m", "Mistral", base_folder.path, sliding_window=32)
    trainee = load_trainee(folder, ModelRecipe(), device="cpu")
    with pytest.raises(TrainingError, match=r"sees 32 tokens at most .* pack\.max_tokens = 512"):
        trainee.make_encoder(max_tokens=512, max_response_tokens=128)


def test_a_wide_window_is_no_hindrance(base_folder: ModelFolder, tmp_path: Path) -> None:
    folder = _make(tmp_path / "m", "Mistral", base_folder.path, sliding_window=600)
    trainee = load_trainee(folder, ModelRecipe(), device="cpu")
    trainee.make_encoder(max_tokens=512, max_response_tokens=128)


def test_capped_logits_are_refused(base_folder: ModelFolder, tmp_path: Path) -> None:
    folder = _make(tmp_path / "m", "Gemma2", base_folder.path, attn_logit_softcapping=50.0)
    with pytest.raises(TrainingError, match=r"attn_logit_softcapping = 50\.0"):
        load_trainee(folder, ModelRecipe(), device="cpu")


def test_layers_that_mix_neighbours_are_refused_and_seen_by_comparing(
    base_folder: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Short convolutions run over branches that must not meet, even if no setting told it."""
    more = {"layer_types": ["conv", "full_attention"]}
    folder = _make(tmp_path / "m", "Lfm2", base_folder.path, **more)
    with pytest.raises(TrainingError, match="layers of kind conv"):
        load_trainee(folder, ModelRecipe(), device="cpu")
    monkeypatch.setattr(modeling, "check_config", lambda config, folder: None)
    with pytest.raises(TrainingError, match="not plainly causal"):
        load_trainee(folder, ModelRecipe(), device="cpu")


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_rounding_is_no_difference(toy_folder: Path, base_folder: ModelFolder, dtype: str) -> None:
    for folder in (toy_folder, base_folder.path):
        load_trainee(folder, ModelRecipe(dtype=dtype), device="cpu")


@pytest.mark.parametrize(
    ("settings", "reach"),
    [
        ({}, None),
        ({"sliding_window": 64, "use_sliding_window": False}, None),
        ({"sliding_window": 64, "use_sliding_window": True, "max_window_layers": 1}, 64),
        ({"sliding_window": 64, "use_sliding_window": True, "max_window_layers": 2}, None),
    ],
    ids=["none", "unused", "one layer", "no layer"],
)
def test_windows_count_where_a_layer_uses_them(settings: dict[str, Any], reach: int | None) -> None:
    import transformers

    config = transformers.Qwen2Config(num_hidden_layers=2, **settings)
    assert find_reach(config) == reach
