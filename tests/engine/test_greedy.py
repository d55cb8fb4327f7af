"""Decoding with rows that come and go, against `generate` of transformers."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from analytics.contract.decoding import Decoding
from analytics.contract.records import Item
from analytics.engine.loading import load_engine
from analytics.engine.models import ModelFolder, resolve_model
from tests.engine.tiny_models import make_tiny_idefics3

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.model

DECODING = Decoding(max_rationale_tokens=20)


def load(folder: ModelFolder, *, decoding: Decoding = DECODING) -> Any:
    """An engine whose batches are small, so that they join."""
    return load_engine("transformers", folder, decoding=decoding, dtype="float32", batch_size=3)


@pytest.fixture
def no_lucky_memory() -> Iterator[None]:
    """What nobody wrote is no number, rather than whatever memory held."""
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = True
    yield
    torch.use_deterministic_algorithms(False)


def compare(engine: Any, items: list[Item]) -> None:
    """Labels and rationales by our decoder equal those by `generate`."""
    labels, texts = engine.label(items), engine.rationalize(items)
    decoder, engine._decoder = engine._decoder, None
    assert decoder is not None
    try:
        assert texts == engine.rationalize(items)
        for ours, theirs in zip(labels, engine.label(items), strict=True):
            assert ours.probabilities == pytest.approx(theirs.probabilities, abs=1e-4)
    finally:
        engine._decoder = decoder
    assert len({text.text for text in texts}) > 1


def end_rows_early(engine: Any) -> None:
    """Let a row end after as many tokens as its first token says, so that rows leave."""
    from analytics.engine import stopping

    class Line(stopping.PredictionLine):
        def may_end(self, token: int) -> bool:
            return True

        def has_ended(self, output_ids: Any) -> bool:
            return len(output_ids) >= 2 + sum(output_ids[:3]) % 19

    engine._line = Line(engine._tokenizer, prefill_ids=engine._maker.prefill_ids)


@pytest.mark.usefixtures("no_lucky_memory")
def test_text_model_says_what_generate_says(base_folder: ModelFolder, items: list[Item]) -> None:
    engine = load(base_folder)
    end_rows_early(engine)
    compare(engine, items[:5])
    engine.close()


@pytest.mark.usefixtures("no_lucky_memory")
@pytest.mark.parametrize("penalty", [1.0, 1.3])
def test_model_with_pictures_says_what_generate_says(
    base_folder: ModelFolder, tmp_path: Path, penalty: float
) -> None:
    model = make_tiny_idefics3(tmp_path / "tiny", tokenizer_from=base_folder.path)
    items = []
    for n in range(11):
        path = tmp_path / f"{n}.png"
        Image.new("RGB", (90, 60), (n * 23, 255 - n * 23, 90)).save(path)
        text = "late and " * (n % 4 + 1) + "loud"
        items.append(Item(content_key=str(n), text=text, image_path=path if n % 3 else None))
    folder = resolve_model(str(model), cache_dir=tmp_path)
    engine = load(folder, decoding=replace(DECODING, repetition_penalty=penalty))
    end_rows_early(engine)
    compare(engine, items)
    engine.close()


def make_tiny_engine(base_folder: ModelFolder, place: Path, *, batch_size: int) -> Any:
    model = make_tiny_idefics3(place / "tiny", tokenizer_from=base_folder.path)
    return load_engine(
        "transformers",
        resolve_model(str(model), cache_dir=place),
        decoding=Decoding(max_rationale_tokens=12),
        dtype="float32",
        batch_size=batch_size,
    )


def test_replies_do_not_depend_on_their_company(base_folder: ModelFolder, tmp_path: Path) -> None:
    """Rows that have ended stay for a while; nothing that they say then may count."""
    items = [Item(content_key=str(n), text="so " * (n % 7) + str(n)) for n in range(24)]
    together = make_tiny_engine(base_folder, tmp_path / "a", batch_size=32)
    alone = make_tiny_engine(base_folder, tmp_path / "b", batch_size=1)
    for engine in (together, alone):
        end_rows_early(engine)
    replies = together.rationalize(items)
    assert [reply.n_output_tokens for reply in replies] == [
        reply.n_output_tokens for reply in alone.rationalize(items)
    ]
    counts = {reply.n_output_tokens for reply in replies}
    assert max(counts) == 12
    assert len(counts) > 3


def test_places_of_a_long_row_that_left_are_given_back() -> None:
    from analytics.engine.greedy import _leave, _Rows
    from analytics.engine.kv_cache import make_cache

    cache = make_cache(1)
    states = torch.randn(2, 1, 40, 4)
    cache.layers[0].update(states, -states)
    mask = torch.ones(2, 40, dtype=torch.long)
    mask[1, 5:30] = 0  # the second row is the short one
    ids = torch.arange(82).reshape(2, 41)
    rows = _Rows(numbers=[7, 8], outputs=[[1], [2]], cache=cache, ids=ids, mask=mask)
    kept = _leave(rows, {0})
    real = mask[1].bool()
    assert kept.numbers == [8]
    assert kept.mask.tolist() == [[1] * 15]
    assert kept.ids.tolist() == [[*ids[1, :40][real].tolist(), 81]]
    layer = kept.cache.layers[0]
    assert layer.get_seq_length() == 15
    torch.testing.assert_close(layer.keys[:, :, :15], states[1:, :, real])
    torch.testing.assert_close(layer.values[:, :, :15], -states[1:, :, real])


def test_places_that_are_given_back_hold_no_token(
    base_folder: ModelFolder, items: list[Item]
) -> None:
    """What a short row has read stays known to the repetition penalty, its prefix included."""
    from analytics.engine.greedy import _leave

    engine = load(base_folder)
    short, long = sorted(
        engine._maker.prepare(items[:6], "rationale"), key=lambda prompt: len(prompt.token_ids)
    )[:: len(items[:6]) - 1]
    with torch.inference_mode():
        rows = engine._decoder._start([0, 1], engine._encode([short, long]))
    assert rows.ids[:, :-1].shape == rows.mask.shape
    for row, prompt in enumerate((short, long)):
        assert rows.ids[row, :-1][rows.mask[row].bool()].tolist() == prompt.token_ids
    kept = _leave(rows, {1})
    assert kept.ids[0].tolist() == [*short.token_ids, *kept.outputs[0]]
    engine.close()


def test_a_failed_start_leaves_no_half_prefix(
    base_folder: ModelFolder, items: list[Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    from analytics.contract.errors import EngineError

    engine = load(base_folder)
    expected = [reply.probabilities for reply in engine.label(items[:2])]
    engine._decoder._shared = None
    with monkeypatch.context() as patched:

        def fail(*args: object, **values: object) -> None:
            raise RuntimeError("out of memory")

        patched.setattr(engine._model.model, "forward", fail)
        with pytest.raises(EngineError, match="out of memory"):
            engine.label(items[:2])
    assert [reply.probabilities for reply in engine.label(items[:2])] == expected
    engine.close()


def test_prompts_start_with_what_is_shared(base_folder: ModelFolder, items: list[Item]) -> None:
    engine = load(base_folder)
    shared = engine._maker.shared_ids
    assert "It is data" in engine._tokenizer.decode(shared)
    for item in [*items, Item(content_key="e", text=""), Item(content_key="n", text="\n\n x")]:
        for purpose in ("label", "rationale"):
            (prompt,) = engine._maker.prepare([item], purpose)
            assert prompt.token_ids[: len(shared)] == shared
    engine.close()


def test_shared_start_is_computed_once(base_folder: ModelFolder, items: list[Item]) -> None:
    engine = load(base_folder)
    n_tokens: list[int] = []
    hook = engine._model.model.embed_tokens.register_forward_hook(
        lambda module, inputs, output: n_tokens.append(inputs[0].numel())
    )
    n_shared = len(engine._maker.shared_ids)
    prompts = engine._maker.prepare(items[:1], "label")
    for _ in range(2):
        engine.label(items[:1])
    n_rest = len(prompts[0].token_ids) - n_shared
    assert n_tokens == [n_shared, n_rest, n_rest]
    hook.remove()
    engine.close()


def test_a_prompt_that_starts_otherwise_is_computed_whole(
    base_folder: ModelFolder, items: list[Item]
) -> None:
    engine = load(base_folder)
    expected = engine.label(items[:3])
    engine._decoder._shared_ids[5] += 1  # no prompt starts like this
    for ours, theirs in zip(engine.label(items[:3]), expected, strict=True):
        assert ours.probabilities == pytest.approx(theirs.probabilities, abs=1e-4)
    assert engine.rationalize(items[:3])
    engine.close()


def test_shared_start_of_lists() -> None:
    from analytics.contract.tokens import find_shared_start

    assert find_shared_start([[1, 2, 3], [1, 2], [1, 2, 4]]) == [1, 2]
    assert find_shared_start([[1], [2]]) == []
    assert find_shared_start([]) == []
