"""The tiny recipe through the whole chain, by the commands that a user types."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image

from analytics.cli import cli
from analytics.contract.labels import LABELS
from analytics.engine.models import ModelFolder
from tests.engine.tiny_models import make_tiny_idefics3

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
    for split in ("train", "dev", "test"):
        (folder / f"{split}.jsonl").write_text(lines, encoding="utf-8")
    (folder / "teacher.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in taught), encoding="utf-8"
    )
    return folder


def _run(*arguments: str, exit_code: int = 0) -> dict[str, Any]:
    done = CliRunner().invoke(cli, ["distill", *arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == exit_code, done.output
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def test_teacher_assistant_augmentation_student_evaluation(
    base_folder: ModelFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ANALYTICS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    data = _write_data(tmp_path / "toy")
    model = make_tiny_idefics3(tmp_path / "toy-model", tokenizer_from=base_folder.path)

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
