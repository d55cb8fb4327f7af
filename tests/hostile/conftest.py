"""The hostile posts as items, with their pictures drawn."""

from pathlib import Path

import pytest

from analytics.contract.records import Item
from analytics.contract.text import clean_text
from tests.engine.conftest import tiny_qwen_folder, tiny_vision_folder
from tests.hostile.posts import draw_words, list_posts

__all__ = ["tiny_qwen_folder", "tiny_vision_folder"]  # fixtures, for the tests here


@pytest.fixture(scope="session")
def hostile_items(tmp_path_factory: pytest.TempPathFactory) -> list[Item]:
    """An item a post, as a run makes it of the text; those with words in a picture have one."""
    folder = tmp_path_factory.mktemp("words")
    items = []
    for post in list_posts():
        path: Path | None = None
        if post.in_picture:
            path = folder / f"{post.name}.jpg"
            path.write_bytes(draw_words(post.in_picture))
        items.append(
            Item(
                content_key=f"{post.kind}-{post.name}",
                text=clean_text(post.text),
                aspect=clean_text(post.aspect),
                image_path=path,
            )
        )
    return items
