from dataclasses import replace
from pathlib import Path

import pytest

from analytics.contract.errors import TrainingError
from distillation.data.examples import Example, make_example
from distillation.data.seen import SEEN_FILE, find_seen, read_seen, write_seen


def _examples(*texts: str) -> list[Example]:
    return [make_example(example_id=text, text=text, label="neutral") for text in texts]


def test_a_model_names_its_texts_and_those_of_its_base(tmp_path: Path) -> None:
    base, model = tmp_path / "base", tmp_path / "model"
    base.mkdir()
    model.mkdir()
    assert read_seen(base) is None
    assert write_seen(base, _examples("The tram is late", "THE TRAM is late @us"), base=None) == 1
    assert write_seen(model, _examples("New soup"), base=base) == 2
    seen = read_seen(model)
    assert seen is not None
    # A copy with another case, mention and link is the same text; another one is not.
    tested = _examples("RT @x: the tram is late http://t.co/a", "New soup", "Old soup")
    assert find_seen(tested, seen) == {tested[0].example_id, "New soup"}
    assert "soup" not in (model / SEEN_FILE).read_text(encoding="utf-8")


def test_base_that_says_nothing_and_file_of_another_version(tmp_path: Path) -> None:
    assert write_seen(tmp_path, _examples("a"), base=tmp_path / "silent") == 1
    (tmp_path / SEEN_FILE).write_text('{"format_version": 9, "texts": []}', encoding="utf-8")
    with pytest.raises(TrainingError, match="format 9, this version reads 1"):
        read_seen(tmp_path)


def test_posts_without_words_are_seen_by_their_picture(tmp_path: Path) -> None:
    """Mentions and links alone normalise to nothing: that is no text to remember."""

    def make(name: str, picture: str | None) -> Example:
        example = make_example(example_id=name, text=f"@{name}", label="neutral")
        return replace(example, item=replace(example.item, image_sha256=picture))

    assert write_seen(tmp_path, [make("a", "1"), make("b", None)], base=None) == 1
    seen = read_seen(tmp_path)
    assert seen is not None
    tested = [make("same", "1"), make("other", "2"), make("bare", None)]
    assert find_seen(tested, seen) == {"same"}
