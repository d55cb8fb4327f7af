"""Models that take pictures, with a tiny random one in the transformers engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from analytics.contract.engine import Engine
from analytics.contract.errors import EngineError
from analytics.contract.records import Item
from analytics.engine.loading import load_engine
from analytics.engine.models import ModelFolder
from tests.engine.conftest import DECODING

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def vision_engine(tiny_vision_folder: ModelFolder) -> Iterator[Engine]:
    loaded = load_engine("transformers", tiny_vision_folder, decoding=DECODING, dtype="float32")
    yield loaded
    loaded.close()


@pytest.fixture
def picture_items(tmp_path: Path) -> list[Item]:
    """Items with a red, a blue and no picture, of different lengths."""
    found = []
    for n, colour in enumerate(["red", "blue", None, "red", None]):
        path = tmp_path / f"{n}.jpg" if colour else None
        if path:
            Image.new("RGB", (280, 100 + 40 * n), colour).save(path)
        text = "Look at this" + " again" * n
        found.append(Item(content_key=str(n), text=text, image_path=path))
    return found


def test_tiny_model_accepts_images(vision_engine: Engine) -> None:
    assert vision_engine.facts.accepts_images


def test_picture_changes_the_label(vision_engine: Engine, picture_items: list[Item]) -> None:
    red = picture_items[0]
    blue = Item(content_key="b", text=red.text, image_path=picture_items[1].image_path)
    bare = Item(content_key="c", text=red.text)
    replies = vision_engine.label([red, blue, bare])
    assert len({reply.probabilities for reply in replies}) == 3


def test_mixed_items_keep_order_and_agree_with_single_ones(
    vision_engine: Engine, picture_items: list[Item]
) -> None:
    together = vision_engine.label(picture_items)
    for item, reply in zip(picture_items, together, strict=True):
        (alone,) = vision_engine.label([item])
        assert alone.probabilities == pytest.approx(reply.probabilities, abs=1e-4)


def test_rationales_of_mixed_items(vision_engine: Engine, picture_items: list[Item]) -> None:
    replies = vision_engine.rationalize(picture_items)
    assert [reply.text[:14] for reply in replies] == ["Text analysis:"] * 5
    alone = [vision_engine.rationalize([item])[0] for item in picture_items]
    assert [r.n_prompt_tokens for r in alone] == [r.n_prompt_tokens for r in replies]


def test_image_token_in_a_post_is_no_picture(
    vision_engine: Engine, picture_items: list[Item]
) -> None:
    text = "<image> <fake_token_around_image><image>"
    for path in (None, picture_items[0].image_path):
        item = Item(content_key="k", text=text, image_path=path)
        assert len(vision_engine.label([item])) == 1


def test_long_text_with_picture_is_cut(vision_engine: Engine, picture_items: list[Item]) -> None:
    item = Item(content_key="k", text="word " * 5000, image_path=picture_items[0].image_path)
    (reply,) = vision_engine.rationalize([item])
    assert reply.n_prompt_tokens + DECODING.max_rationale_tokens <= 1024


@pytest.mark.parametrize("content", [None, b"", b"\xff\xd8\xff not a picture"])
def test_unreadable_picture_is_an_engine_error_that_names_it(
    vision_engine: Engine, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "broken.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(EngineError, match=r"broken\.jpg: cannot be read"):
        vision_engine.label([Item(content_key="k", text="x", image_path=path)])
