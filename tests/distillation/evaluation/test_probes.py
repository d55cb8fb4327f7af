from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from analytics.contract.prompts import fence
from analytics.contract.text import content_key
from distillation.evaluation.probes import (
    MASK,
    PROBE_NAMES,
    blank_pictures,
    make_probes,
    mask_text,
    score_probe,
    swap_aspects,
    swap_pictures,
)
from tests.distillation.evaluation.makers import draw_examples


def test_blank_pictures_are_grey_and_of_the_same_size(tmp_path: Path) -> None:
    examples = draw_examples(tmp_path)
    found = blank_pictures(examples, tmp_path)
    assert sorted(found) == ["0-0", "0-1", "1-0", "1-1"]
    sizes = []
    for example in examples[:4]:
        item = found[example.example_id]
        assert item.image_path is not None
        with Image.open(item.image_path) as picture:
            sizes.append(picture.size)
            assert picture.getpixel((5, 5)) == (128, 128, 128)
        assert item.content_key == content_key(item.text, item.image_sha256, item.aspect)
        assert (item.text, item.aspect) == (example.item.text, example.item.aspect)
    assert sizes == [(64, 40), (64, 40), (40, 64), (40, 64)]


def test_no_picture_is_swapped_with_itself(tmp_path: Path) -> None:
    examples = draw_examples(tmp_path)
    found = swap_pictures(examples, seed=3)
    assert found == swap_pictures(examples, seed=3)
    for example in examples[:4]:
        assert found[example.example_id].image_sha256 != example.item.image_sha256
        assert found[example.example_id].image_path != example.item.image_path
    assert found["0-0"].image_path == found["0-1"].image_path
    assert swap_pictures(examples[:2]) == {}


def test_new_aspect_is_not_in_the_text(tmp_path: Path) -> None:
    examples = draw_examples(tmp_path)
    found = swap_aspects(examples)
    known = {e.item.aspect for e in examples}
    assert len(found) == 6
    for example in examples:
        aspect = found[example.example_id].aspect
        assert aspect in known
        assert aspect.casefold() not in example.item.text.casefold()
    assert swap_aspects(examples[:2]) == {}


def test_words_are_masked_but_not_the_aspect() -> None:
    assert mask_text("Great day in lisbon 's sun\nyes") == "\n".join([" ".join([MASK] * 6), MASK])
    assert mask_text("Great day in lisbon 's sun", "Lisbon") == "___ ___ ___ lisbon ___ ___"
    assert mask_text("#Lisbon!", "Lisbon") == "___Lisbon___"
    assert mask_text("A party by art lovers #art", "art") == "___ ___ ___ art ___ ___art"
    assert fence(MASK) == MASK


def test_shift_by_hand() -> None:
    before = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]])
    after = np.array([[0.2, 0.7, 0.1], [0.1, 0.1, 0.8]])
    found = score_probe(before, after, np.array([0, 2]))
    assert found.flip_share == 0.5
    assert found.mean_distance == pytest.approx(0.25)
    assert found.mean_shift == pytest.approx({"negative": -0.25, "neutral": 0.25, "positive": 0})
    assert (found.accuracy_before, found.accuracy_after, found.n) == (1.0, 0.5, 2)


def test_probes_that_do_not_apply_say_why(tmp_path: Path) -> None:
    examples = draw_examples(tmp_path)
    blind = make_probes(examples, folder=tmp_path, sees_pictures=False)
    assert [probe.name for probe in blind] == list(PROBE_NAMES)
    assert [probe.reason for probe in blind] == ["the model takes no pictures"] * 2 + [None] * 2
    bare = make_probes(examples[4:], folder=tmp_path, sees_pictures=True)
    assert bare[0].reason == "no example has a picture"
    assert bare[2].reason == "no other aspect to ask for"
    same = make_probes(examples[:2], folder=tmp_path, sees_pictures=True)
    assert same[1].reason == "all examples have the same picture"
