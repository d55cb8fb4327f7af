from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from analytics.contract.decoding import Decoding
from analytics.contract.records import Item
from analytics.engine.models import ModelFolder
from tests.engine.tiny_models import make_tiny_idefics3

torch = pytest.importorskip("torch")


@pytest.mark.parametrize(("n_queries", "length"), [(1, 9), (9, 9), (3, 9)])
def test_grouped_attention_equals_the_plain_one(n_queries: int, length: int) -> None:
    from analytics.engine.attention import grouped_attention

    torch.manual_seed(0)
    query = torch.randn(2, 6, n_queries, 8)
    key, value = torch.randn(2, 2, length, 8), torch.randn(2, 2, length, 8)
    mask = torch.zeros(2, 1, n_queries, length)
    mask[0, :, :, :2] = torch.finfo(torch.float32).min  # padding on the left
    found, _ = grouped_attention(None, query, key, value, mask, scaling=8**-0.5)
    expected = torch.nn.functional.scaled_dot_product_attention(
        query, key.repeat_interleave(3, 1), value.repeat_interleave(3, 1), attn_mask=mask
    )
    torch.testing.assert_close(found, expected.transpose(1, 2), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("config", "chosen"),
    [
        ('{"model_type": "llama"}', "grouped_cpu"),
        ('{"model_type": "gemma2"}', None),
        ('{"model_type": "idefics3"}', None),
        (
            '{"model_type": "idefics3", "text_config": {"model_type": "llama"}}',
            {"text_config": "grouped_cpu"},
        ),
        ('{"model_type": "idefics3", "text_config": {"model_type": "gemma2"}}', None),
        ('{"model_type": "qwen2", "use_sliding_window": true}', None),
        ("no json", None),
    ],
)
def test_only_plain_families_are_taken(tmp_path: Path, config: str, chosen: object) -> None:
    from analytics.engine.attention import choose_attention

    (tmp_path / "config.json").write_text(config, encoding="utf-8")
    assert choose_attention(tmp_path) == chosen


def test_language_model_of_a_model_with_pictures_computes_the_same(
    base_folder: ModelFolder, tmp_path: Path
) -> None:
    from analytics.engine.attention import NAME
    from analytics.engine.loading import load_engine
    from analytics.engine.models import resolve_model

    model = make_tiny_idefics3(tmp_path / "tiny", tokenizer_from=base_folder.path)
    picture = tmp_path / "p.jpg"
    Image.linear_gradient("L").convert("RGB").save(picture)
    items = [
        Item(content_key=str(n), text="late " * (n + 1), image_path=picture if n % 2 else None)
        for n in range(6)
    ]
    found = []
    for options in ({}, {"attn_implementation": "eager"}):
        engine: Any = load_engine(
            "transformers",
            resolve_model(str(model), cache_dir=tmp_path),
            decoding=Decoding(max_rationale_tokens=16),
            dtype="float32",
            options={"device": "cpu", **options},
        )
        text_config = engine._model.config.text_config
        is_ours = text_config._attn_implementation == NAME
        assert is_ours is not bool(options)
        assert engine._model.config.vision_config._attn_implementation != NAME
        found.append(([r.probabilities for r in engine.label(items)], engine.rationalize(items)))
        engine.close()
    assert found[0][1] == found[1][1]
    for ours, theirs in zip(found[0][0], found[1][0], strict=True):
        assert ours == pytest.approx(theirs, abs=1e-5)
