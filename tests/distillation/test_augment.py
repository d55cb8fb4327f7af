"""Augmentation by a scripted engine: what an assistant may leave out, and an engine that dies."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from analytics.cli import cli
from analytics.contract.engine import TextReply
from analytics.contract.errors import EngineError, TrainingError
from analytics.contract.model_folder import find_empty_parts
from analytics.contract.records import Item
from distillation.augment import augment, find_response_tokens
from distillation.data.examples import Example, make_example
from distillation.data.rationales import read_rationales, write_rationales
from tests.engine.test_models import make_folder
from tests.scripted import ScriptedEngine

SHORT = "Plain words.\nImage analysis:\nConflict resolution:\nFinal conclusion: So.\nPrediction: "


class Assistant(ScriptedEngine):
    """Explains every post as neutral; `dies_after` posts it answers nothing any more."""

    dies_after: int | None = None
    n_answered = 0

    def rationalize(self, items: Sequence[Item]) -> list[TextReply]:
        if self.dies_after is not None and self.n_answered + len(items) > self.dies_after:
            raise EngineError("the device is gone")
        self.n_answered += len(items)
        text = "Text analysis: " + SHORT + "neutral"
        return [
            TextReply(text=text, finish_reason="stop", n_prompt_tokens=5, n_output_tokens=9)
            for _ in items
        ]


def _examples(n: int) -> list[Example]:
    return [make_example(example_id=f"e{i}", text=f"Post {i}", label="neutral") for i in range(n)]


def _augment(engine: Assistant, n: int, output: Path, **more: Any) -> dict[str, Any] | None:
    return augment(
        _examples(n),
        engine,
        output=output,
        dataset="toy",
        split="train",
        version="0",
        max_rationale_tokens=64,
        **more,
    )


def test_parts_that_the_assistant_was_taught_to_leave_out_may_be_empty(tmp_path: Path) -> None:
    (tmp_path / "contract.json").write_text(
        json.dumps({"recipe": {"pack": {"part_sentences": [2, 0, 0, 1]}}})
    )
    parts = find_empty_parts(tmp_path)
    assert parts == ["image_analysis", "conflict_resolution"]
    strict = _augment(Assistant(), 2, tmp_path / "strict")
    assert strict is not None
    assert strict["count_rejects_by_reason"] == {"malformed: no conflict resolution": 2}
    kept = _augment(Assistant(), 2, tmp_path / "kept", may_be_empty=parts)
    assert kept is not None
    assert kept["count_rationales"] == 2
    assert read_rationales(tmp_path / "kept")[0].final_conclusion == "So."


def test_length_of_replies_is_that_of_the_training(tmp_path: Path) -> None:
    assert find_response_tokens(tmp_path) == 512
    (tmp_path / "contract.json").write_text('{"recipe": {"pack": {"max_response_tokens": 320}}}')
    assert find_response_tokens(tmp_path) == 320
    (tmp_path / "contract.json").write_text('{"recipe": null}')
    assert find_response_tokens(tmp_path) == 512
    assert find_empty_parts(tmp_path) == []


def test_engine_that_dies_is_an_error_and_its_posts_are_asked_again(tmp_path: Path) -> None:
    """It once left the rest as rejects for ever."""
    parts = ["conflict_resolution"]
    engine = Assistant()
    engine.dies_after = 64
    with pytest.raises(EngineError, match=r"64 of 128 posts .*the device is gone.*is kept in"):
        _augment(engine, 200, tmp_path, may_be_empty=parts)
    assert not (tmp_path / "manifest.json").exists()
    again = Assistant()
    manifest = _augment(again, 200, tmp_path, may_be_empty=parts)
    assert manifest is not None
    assert (manifest["count_rationales"], again.n_answered) == (200, 136)


def test_single_faults_are_rejects_that_the_next_run_asks_again(tmp_path: Path) -> None:
    class Picky(Assistant):
        def rationalize(self, items: Sequence[Item]) -> list[TextReply]:
            if any(item.text == "Post 3" for item in items):
                raise EngineError("too long")
            return super().rationalize(items)

    parts = ["conflict_resolution"]
    manifest = _augment(Picky(), 9, tmp_path, may_be_empty=parts)
    assert manifest is not None
    assert manifest["count_rejects_by_reason"] == {"engine": 1}
    again = Assistant()
    manifest = _augment(again, 9, tmp_path, may_be_empty=parts)
    assert manifest is not None
    assert (manifest["count_rationales"], again.n_answered) == (9, 1)


def _ask(model: str, data: Path, output: Path) -> str:
    """What the command says as it fails."""
    command = ["distill", "augment", "--model", model, "--data", f"{data}:all"]
    result = CliRunner().invoke(
        cli, [*command, "--output", str(output), "--engine", "transformers"]
    )
    assert isinstance(result.exception, TrainingError), result.output
    return str(result.exception)


def test_the_output_is_looked_at_before_a_model_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It said so after minutes of loading. The model here is none that could be."""
    monkeypatch.setenv("ANALYTICS_CACHE_DIR", str(tmp_path / "cache"))
    data = tmp_path / "toy.jsonl"
    data.write_text('{"text": "Rain", "label": "neutral"}\n')
    model = str(make_folder(tmp_path / "model"))
    write_rationales(tmp_path / "teacher", [], [], {"maker": "teacher"})
    assert "made by 'teacher', not by 'assistant'" in _ask("no-such", data, tmp_path / "teacher")
    _augment(Assistant(), 2, tmp_path / "other")
    said = _ask(model, data, tmp_path / "other")
    assert "it was begun with max_rationale_tokens = 64, now 512" in said
    assert "Give another --output" in said
    (tmp_path / "file").write_text("")
    assert "file: cannot be written" in _ask(model, data, tmp_path / "file")
