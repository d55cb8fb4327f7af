"""The tiny recipe through the whole chain, by the commands that a user types."""

import importlib.util
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image

from analytics.cli import cli
from analytics.contract.decoding import Decoding
from analytics.contract.labels import LABELS, label_of
from analytics.contract.parser import parse_reply
from analytics.engine.loading import load_engine
from analytics.engine.models import ModelFolder, resolve_model
from distillation.data.examples import Example
from distillation.data.loaders import load_examples
from distillation.data.pictures import PictureFolder
from tests.engine.tiny_models import (
    make_tiny_idefics3,
    make_tiny_qwen2_5_vl,
    skip_without_torchvision,
)

pytestmark = [pytest.mark.model, pytest.mark.slow]

_POSTS = (
    ("The new tram is great", "tram"),
    ("Broken again, I hate this lift", "lift"),
    ("The library opens at nine", "library"),
    ("Best soup in town", "soup"),
    ("Worst bus of the week", "bus"),
    ("Rain tomorrow says the radio", "radio"),
)
_CLASSES = (2, 0, 1, 2, 0, 1)


def _write_data(folder: Path) -> Path:
    (folder / "images").mkdir(parents=True)
    rows, taught = [], []
    for n, ((text, aspect), index) in enumerate(zip(_POSTS, _CLASSES, strict=True)):
        Image.linear_gradient("L").rotate(60 * n).convert("RGB").save(folder / f"images/{n}.jpg")
        label = str(LABELS[index])
        row = {"id": f"x-{n}", "text": text, "aspect": aspect, "label": label}
        rows.append({**row, "image": f"{n}.jpg", "aspect_start": text.find(aspect)})
        cot = (
            f'"Text_analysis": "It is {label}."\n\n"Image_analysis": "A slope."\n\n'
            f'"Conflict_resolution": "None."\n\n"Final_conclusion": "So {label}."\n\n'
            f'"Prediction": {label}'
        )
        taught.append({**row, "cot": cot})
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    for split in ("train", "dev"):
        (folder / f"{split}.jsonl").write_text(lines, encoding="utf-8")
    # What a model was trained on does not count as gold, so the test has other texts.
    (folder / "test.jsonl").write_text(
        "".join(json.dumps({**row, "text": f"{row['text']}."}) + "\n" for row in rows), "utf-8"
    )
    # One label is wrong: a model that is always right has no temperature.
    doubted = [{**row, "text": f"{row['text']}!"} for row in rows]
    doubted[0]["label"] = str(LABELS[0])
    (folder / "doubted").mkdir()
    (folder / "doubted/dev.jsonl").write_text(
        "".join(json.dumps({**row, "image": None}) + "\n" for row in doubted), encoding="utf-8"
    )
    (folder / "teacher.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in taught), encoding="utf-8"
    )
    return folder


def _run(*arguments: str, exit_code: int = 0) -> dict[str, Any]:
    done = CliRunner().invoke(cli, ["distill", *arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == exit_code, done.output
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _serve(engine_name: str, model: ModelFolder, examples: Sequence[Example]) -> list[str]:
    """The labels that an engine gives; its rationales must say the same."""
    engine = load_engine(
        engine_name, model, decoding=Decoding(max_rationale_tokens=128), dtype="float32"
    )
    try:
        items = [example.item for example in examples]
        labels = [str(label_of(reply.probabilities)) for reply in engine.label(items)]
        parsed = [parse_reply(reply, has_image=True) for reply in engine.rationalize(items)]
    finally:
        engine.close()
    assert [str(p.rationale.label) for p in parsed] == labels
    assert {p.status for p in parsed} == {"ok"}
    return labels


@pytest.mark.parametrize(
    "make_model", [make_tiny_idefics3, make_tiny_qwen2_5_vl], ids=["idefics3", "qwen2_5_vl"]
)
def test_from_teacher_to_served_by_its_promoted_name(
    make_model: Callable[..., Path],
    base_folder: ModelFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if make_model is make_tiny_qwen2_5_vl:
        skip_without_torchvision()
    monkeypatch.setenv("ANALYTICS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    data = _write_data(tmp_path / "toy")
    model = make_model(tmp_path / "toy-model", tokenizer_from=base_folder.path)

    taught = _run(
        *("teacher", "--import", str(data / "teacher.jsonl"), "--data", str(data)),
        *("--split", "train", "--output", "teacher"),
    )
    assert taught["count_rationales"] == 6

    common = ["--model", str(model), "--data", f"{data}:train", "--dev", f"{data}:dev"]
    trained = _run(
        *("assistant", "--recipe", "tiny-assistant", *common, "--rationales", "teacher"),
        *("--soft-labels", "soft", "--top-k", "32", "--output", "assistant"),
    )
    assert trained["rationales"] == 6
    assert trained["with_picture"] == 6
    assert trained["count_soft_labels"] == 12
    assert trained["last"]["dev_accuracy"] == 1.0
    assert not list(Path("assistant").glob("checkpoint-*"))

    augmented = _run(
        *("augment", "--model", "assistant/model", "--data", f"{data}:train"),
        *("--engine", "transformers", "--dtype", "float32", "--output", "augmented"),
        *("--max-rationale-tokens", "64"),
    )
    assert augmented["count_by_stage"] == {"assistant": 6}

    union = ["--rationales", "teacher", "--rationales", "augmented"]
    student = _run(
        *("student", "--recipe", "tiny-student", *common, *union),
        *("--assistant", "assistant/model", "--output", "student"),
    )
    assert student["count_items"] == 12
    assert student["last"]["soft_rea"] < 0.5
    assert student["last"]["dev_accuracy"] == 1.0
    # The stored soft labels are those of the teacher's rationales alone.
    from_disk = _run(
        *("student", "--recipe", "tiny-student", *common, "--rationales", "teacher"),
        *("--soft-labels", "soft", "--set", "optim.n_epochs=3", "--output", "student-2"),
    )
    assert from_disk["last"]["soft_rea"] > 0

    scored = _run(
        *("evaluate", "--model", "student/model", "--data", str(data), "--split", "test"),
        *("--rationales", "teacher", "--engine", "transformers", "--dtype", "float32"),
    )
    assert scored["model"]["is_distilled"]
    assert scored["data"]["pictures_used"]
    assert scored["scores"]["accuracy"]["value"] == 1.0

    has_vllm = importlib.util.find_spec("vllm") is not None
    promoted = _run(
        *("promote", "student/model", "--name", "toy", "--gold", str(data)),
        *("--against", str(model), "--calibrate-on", str(data / "doubted")),
        *("--allow-few-posts", "--resamples", "300", *([] if has_vllm else ["--without-vllm"])),
    )
    assert promoted["status"] == "promoted"
    found = resolve_model("toy", cache_dir=tmp_path / "cache")
    assert found.model_id == promoted["model_id"]
    examples = load_examples(data, "test", pictures=PictureFolder(tmp_path / "kept"))
    gold = [str(example.label) for example in examples]
    assert _serve("transformers", found, examples) == gold
    if has_vllm:
        assert _serve("vllm", found, examples) == gold
