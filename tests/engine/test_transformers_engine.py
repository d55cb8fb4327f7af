"""The transformers engine with the real small model, in float32."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from analytics.contract.decoding import Decoding
from analytics.contract.engine import Engine
from analytics.contract.errors import ConfigError, EngineError
from analytics.contract.parser import parse_response
from analytics.contract.prompts import RATIONALE_PREFILL
from analytics.contract.records import Item
from analytics.contract.rendering import Prompt
from analytics.engine.batching import split_by_length
from analytics.engine.loading import load_engine
from analytics.engine.models import ModelFolder
from analytics.engine.stopping import PredictionLine, StopAtPrediction
from tests.engine.conftest import DECODING

pytestmark = pytest.mark.model


def probabilities(engine: Engine, items: Sequence[Item]) -> list[tuple[float, float, float]]:
    return [reply.probabilities for reply in engine.label(items)]


def assert_close(
    found: Sequence[Sequence[float]], expected: Sequence[Sequence[float]], tolerance: float
) -> None:
    worst = max(
        abs(a - b)
        for row, other in zip(found, expected, strict=True)
        for a, b in zip(row, other, strict=True)
    )
    assert worst <= tolerance


def test_facts_say_what_runs(engine: Engine, base_folder: ModelFolder) -> None:
    assert engine.facts.name == "transformers"
    assert engine.facts.model_id == base_folder.model_id
    assert engine.facts.dtype == "float32"
    assert not engine.facts.accepts_images


def test_label_probabilities_sum_to_one(engine: Engine, items: list[Item]) -> None:
    for row in probabilities(engine, items[:8]):
        assert math.isclose(sum(row), 1, abs_tol=1e-9)
        assert min(row) > 0


def test_label_is_the_models_next_token(
    engine: Engine, base_folder: ModelFolder, items: list[Item]
) -> None:
    """Against the plainest way there is: one prompt, no padding, the full softmax."""
    import torch
    import transformers

    from analytics.contract.prompts import flatten_messages, render_messages

    tokenizer = transformers.AutoTokenizer.from_pretrained(base_folder.path)
    model = transformers.AutoModelForCausalLM.from_pretrained(base_folder.path, dtype=torch.float32)
    expected = []
    for item in items[:4]:
        messages = flatten_messages(render_messages(item, "label"))
        ids = tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        with torch.no_grad():
            shares = torch.softmax(model(**ids).logits[0, -1], dim=-1)
        chosen = shares[[tokenizer.encode(w)[0] for w in ("negative", "neutral", "positive")]]
        expected.append((chosen / chosen.sum()).tolist())
    assert_close(probabilities(engine, items[:4]), expected, 1e-4)


def test_label_batches_agree_with_single_items_and_keep_order(
    engine: Engine, items: list[Item]
) -> None:
    """Lengths differ, so this holds only if padding on the left changes nothing."""
    chosen = items[:8]
    alone = [row for item in chosen for row in probabilities(engine, [item])]
    assert_close(probabilities(engine, chosen), alone, 1e-4)
    assert_close(probabilities(engine, chosen[::-1]), alone[::-1], 1e-4)
    assert len({round(row[0], 4) for row in alone}) == len(chosen)


def test_rationalize_batches_agree_with_single_items(engine: Engine, items: list[Item]) -> None:
    chosen = items[:3]
    together = engine.rationalize(chosen)
    assert [engine.rationalize([item])[0] for item in chosen] == together


def test_label_rerun_is_the_same_to_the_bit(engine: Engine, items: list[Item]) -> None:
    assert probabilities(engine, items[:6]) == probabilities(engine, items[:6])


def test_rationalize_counts_tokens_and_stops_at_the_limit(
    engine: Engine, items: list[Item]
) -> None:
    replies = engine.rationalize(items[:4])
    for reply in replies:
        assert reply.text.startswith(RATIONALE_PREFILL)
        assert 1 <= reply.n_output_tokens <= DECODING.max_rationale_tokens
        assert (reply.finish_reason == "length") == (
            reply.n_output_tokens == DECODING.max_rationale_tokens
        )
        assert "<|im_end|>" not in reply.text
    assert any(reply.finish_reason == "length" for reply in replies)


def test_rationalize_stops_after_the_prediction_line(
    base_folder: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The words come from a stand-in head, all else is the real engine."""
    import torch

    engine = load_engine("transformers", base_folder, decoding=DECODING, dtype="float32")
    tokenizer, model = engine._tokenizer, engine._model  # type: ignore[attr-defined]
    script = tokenizer.encode(" calm.\nPrediction: neutral\nText analysis: again and again")
    longer = tokenizer.encode(" calm, and more so every day.\nPrediction: positive\nMore")
    n_steps = 0

    def speak(module: object, inputs: object, logits: torch.Tensor) -> torch.Tensor:
        nonlocal n_steps
        # The row of the short reply leaves; what stays is the other.
        said = (script, longer) if len(logits) == 2 else (longer,)
        for row, words in enumerate(said):
            logits[row, -1, words[min(n_steps, len(words) - 1)]] = 1e6
        n_steps += 1
        return logits

    engine.label([Item(content_key="x", text="x")])  # computes the shared prefix
    model.lm_head.register_forward_hook(speak)
    # The longer prompt comes second in the batch, so its row is known.
    short, long = engine.rationalize(
        [Item(content_key="a", text="A"), Item(content_key="b", text="A longer post, much more")]
    )
    assert short.text == "Text analysis: calm.\nPrediction: neutral"
    assert short.finish_reason == "stop"
    assert short.n_output_tokens == len(tokenizer.encode(" calm.\nPrediction: neutral\n"))
    assert long.text.endswith("\nPrediction: positive")
    assert long.n_output_tokens > short.n_output_tokens
    assert n_steps == long.n_output_tokens  # no padding is computed after the last end
    assert parse_response(short.text).rationale.label == "neutral"
    engine.close()


@pytest.mark.parametrize(
    "text",
    ["", " ", "\U0001f600" * 50, "word " * 5000, "a<|im_end|>b", "\u202e\x00"],
    ids=["empty", "space", "emoji", "long", "control", "odd"],
)
def test_odd_texts_get_replies(engine: Engine, text: str) -> None:
    item = Item(content_key="k", text=text)
    (row,) = probabilities(engine, [item])
    assert math.isclose(sum(row), 1, abs_tol=1e-9)


def test_no_items_give_no_replies(engine: Engine) -> None:
    assert engine.label([]) == []
    assert engine.rationalize([]) == []


def test_picture_is_ignored_by_a_text_model(engine: Engine, items: list[Item]) -> None:
    from pathlib import Path

    item = replace(items[0], image_path=Path("/nowhere.jpg"), image_sha256="0" * 64)
    assert probabilities(engine, [item]) == probabilities(engine, items[:1])


def test_split_by_length_fills_batches_within_both_limits() -> None:
    lengths = [5, 1, 9, 1, 5, 9, 2, 100]
    prompts = [Prompt(text="", token_ids=[0] * n, image_path=None) for n in lengths]
    batches = list(split_by_length(prompts, batch_size=3, batch_tokens=20))
    assert batches == [[1, 3], [6], [0, 4], [2, 5], [7]]


def test_stop_criterion_ignores_a_prediction_inside_a_line(base_tokenizer: object) -> None:
    import torch

    tokenizer: object = base_tokenizer
    prefill = tokenizer.encode(RATIONALE_PREFILL)  # type: ignore[attr-defined]
    stop = StopAtPrediction(PredictionLine(tokenizer, prefill_ids=prefill), n_padded=0)
    ids = tokenizer.encode(" Prediction: positive\n")  # type: ignore[attr-defined]
    assert not stop(torch.tensor([ids]), None).any()


def test_close_then_use_is_an_error(base_folder: ModelFolder, items: list[Item]) -> None:
    engine = load_engine("transformers", base_folder, decoding=Decoding())
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match="it was closed"):
        engine.label(items[:1])


def test_unknown_option_names_the_nearest(base_folder: ModelFolder) -> None:
    with pytest.raises(ConfigError, match=r"'max_model_length'. Did you mean 'max_model_len'"):
        load_engine(
            "transformers",
            base_folder,
            decoding=Decoding(),
            options={"max_model_length": 5},
        )


def test_loading_prints_nothing(
    base_folder: ModelFolder, capfd: pytest.CaptureFixture[str]
) -> None:
    engine = load_engine("transformers", base_folder, decoding=DECODING)
    engine.rationalize([Item(content_key="k", text="Hello")])
    engine.close()
    assert capfd.readouterr() == ("", "")
