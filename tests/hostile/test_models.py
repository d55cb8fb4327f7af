"""Real models on hostile posts: a label of three for each, and rationales that can be read."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from analytics.contract.decoding import Decoding
from analytics.contract.engine import Engine
from analytics.contract.labels import LABELS, label_of
from analytics.contract.parser import parse_reply
from analytics.contract.prompts import RATIONALE_PREFILL
from analytics.contract.records import Item, ResponseStatus
from analytics.contract.tokens import list_control_tokens
from analytics.engine.loading import load_engine
from analytics.engine.model_files import load_tokenizer
from analytics.engine.models import ModelFolder, resolve_model

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def tiny_engine(tiny_vision_folder: ModelFolder) -> Iterator[Engine]:
    decoding = Decoding(max_rationale_tokens=24)
    loaded = load_engine("transformers", tiny_vision_folder, decoding=decoding, dtype="float32")
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def student(cache_dir: Path, base_folder: ModelFolder) -> ModelFolder:
    assert base_folder  # skips where its package is missing
    return resolve_model("smol-139m", cache_dir=cache_dir)


@pytest.fixture(scope="module")
def student_engine(student: ModelFolder) -> Iterator[Engine]:
    # Long posts are cut as always, but sooner: they would be most of the test's time.
    loaded = load_engine(
        "transformers",
        student,
        decoding=Decoding(max_rationale_tokens=100),
        dtype="float32",
        options={"max_model_len": 400},
    )
    yield loaded
    loaded.close()


def _check_labels(engine: Engine, items: Sequence[Item]) -> None:
    for item, reply in zip(items, engine.label(items), strict=True):
        assert sum(reply.probabilities) == pytest.approx(1), item.content_key
        assert all(0 <= p <= 1 for p in reply.probabilities)
        assert label_of(reply.probabilities) in LABELS


def _judge(engine: Engine, folder: ModelFolder, items: Sequence[Item]) -> Counter[ResponseStatus]:
    """How many rationales have each status; none may hold a control token."""
    control = [mark for mark in list_control_tokens(load_tokenizer(folder)[0]) if len(mark) > 2]
    found: Counter[ResponseStatus] = Counter()
    for item, reply in zip(items, engine.rationalize(items), strict=True):
        assert reply.text.startswith(RATIONALE_PREFILL)
        assert not [mark for mark in control if mark in reply.text], item.content_key
        parsed = parse_reply(reply, has_image=item.image_path is not None)
        assert parsed.rationale.label in (None, *LABELS)
        found[parsed.status] += 1
    return found


def test_tiny_model_labels_all(tiny_engine: Engine, hostile_items: list[Item]) -> None:
    _check_labels(tiny_engine, hostile_items)


def test_noise_of_a_tiny_model_is_read(
    tiny_engine: Engine, tiny_vision_folder: ModelFolder, hostile_items: list[Item]
) -> None:
    found = _judge(tiny_engine, tiny_vision_folder, hostile_items)
    assert found.total() == len(hostile_items)


def test_student_labels_all(student_engine: Engine, hostile_items: list[Item]) -> None:
    _check_labels(student_engine, hostile_items)


@pytest.mark.slow
def test_student_keeps_its_form(
    student_engine: Engine, student: ModelFolder, hostile_items: list[Item]
) -> None:
    """One post of each kind, for all take minutes. It may lose its form, but not often."""
    kinds = {item.content_key.partition("-")[0]: item for item in hostile_items}
    found = _judge(student_engine, student, list(kinds.values()))
    assert found.total() == len(kinds) == 11
    assert found[ResponseStatus.OK] >= 8, found
