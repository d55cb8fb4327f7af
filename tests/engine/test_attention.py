from pathlib import Path

import pytest

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
    ("config", "is_plain"),
    [
        ('{"model_type": "llama"}', True),
        ('{"model_type": "gemma2"}', False),
        ('{"model_type": "idefics3"}', False),
        ('{"model_type": "qwen2", "use_sliding_window": true}', False),
        ("no json", False),
    ],
)
def test_only_plain_families_are_taken(tmp_path: Path, config: str, is_plain: bool) -> None:
    from analytics.engine.attention import has_plain_attention

    (tmp_path / "config.json").write_text(config, encoding="utf-8")
    assert has_plain_attention(tmp_path) is is_plain
