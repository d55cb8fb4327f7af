"""`analytics distill calibrate` with a real, tiny model."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from analytics.cli import cli
from analytics.contract.decoding import Decoding
from analytics.contract.errors import TrainingError
from analytics.contract.labels import LABELS
from analytics.engine.loading import load_engine
from analytics.engine.models import ModelFolder, resolve_model
from distillation.data.loaders import load_examples
from distillation.data.seen import write_seen
from tests.engine.tiny_models import make_tiny_idefics3

pytestmark = pytest.mark.model

SHARES = (0.2, 0.7, 0.1)


def write_rows(path: Path, labels: list[str], word: str) -> None:
    rows = [
        {"id": f"{word}-{i}", "text": f"The tram is {word} {i}", "label": label}
        for i, label in enumerate(labels)
    ]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")


@pytest.fixture
def model(base_folder: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANALYTICS_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "m").mkdir()
    path = make_tiny_idefics3(tmp_path / "m", tokenizer_from=base_folder.path, seed=1)
    return shutil.copytree(path, tmp_path / "model")


def calibrate(model: Path, *more: str) -> tuple[int, dict[str, Any]]:
    """Exit code and, where it is 0, the JSON."""
    asked = ["distill", "calibrate", str(model), "--engine", "transformers", "--json", *more]
    result = CliRunner().invoke(cli, asked)
    assert result.exception is None or isinstance(result.exception, SystemExit | TrainingError)
    return result.exit_code, json.loads(result.stdout) if result.exit_code == 0 else {}


def test_temperature_and_bias_are_fitted_stored_and_served(model: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    draw = [str(LABELS[i]) for i in rng.choice(3, size=120, p=SHARES)]
    write_rows(tmp_path / "train.jsonl", draw, "late")
    write_rows(tmp_path / "own.jsonl", draw, "loud")
    write_rows(tmp_path / "other.jsonl", ["negative", "positive", "neutral"] * 20, "kind")
    code, said = calibrate(
        *(
            model,
            "--on",
            f"{tmp_path / 'own.jsonl'}:all",
            "--on",
            f"{tmp_path / 'other.jsonl'}:all",
        ),
        *("--shares-of", f"{tmp_path / 'train.jsonl'}:all"),
    )
    assert (code, said["status"]) == (0, "done")
    stored = json.loads((model / "calibration.json").read_text())
    assert stored == said["calibration"]
    adjustment = stored["adjustment"]
    shares = [draw.count(str(label)) / len(draw) for label in LABELS]
    assert list(adjustment["shares"].values()) == pytest.approx(shares)
    assert 0 <= adjustment["strength"] <= 1
    expected = -adjustment["strength"] * (np.log(shares) - np.log(shares).mean())
    assert list(stored["label_bias"].values()) == pytest.approx(expected.tolist())
    assert [row["n"] for row in said["sets"]] == [120, 60]

    # What the command said of the log loss is what is served.
    folder = resolve_model(str(model), cache_dir=tmp_path / "cache")
    examples = load_examples(tmp_path / "other.jsonl", "all")
    engine = load_engine("transformers", folder, decoding=Decoding(), dtype="float32")
    replies = engine.label([example.item for example in examples])
    engine.close()
    losses = [
        -np.log(reply.probabilities[LABELS.index(example.label)])
        for reply, example in zip(replies, examples, strict=True)
    ]
    assert said["sets"][1]["with_bias"]["nll"] == pytest.approx(np.mean(losses), abs=1e-2)


def test_without_shares_only_a_temperature_is_stored(model: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / "own.jsonl", ["negative", "positive", "neutral"] * 20, "loud")
    code, said = calibrate(model, "--on", f"{tmp_path / 'own.jsonl'}:all")
    assert code == 0
    assert "label_bias" not in said["calibration"]
    assert said["calibration"]["temperature"] > 0


def test_posts_that_were_trained_on_do_not_count(model: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / "own.jsonl", ["negative", "positive", "neutral"] * 20, "loud")
    examples = load_examples(tmp_path / "own.jsonl", "all")
    write_seen(model, examples[:15], base=None)
    code, said = calibrate(model, "--on", f"{tmp_path / 'own.jsonl'}:all")
    assert code == 0
    assert (said["sets"][0]["n"], said["sets"][0]["n_seen"]) == (45, 15)
    write_seen(model, examples, base=None)
    before = (model / "calibration.json").read_text()
    assert calibrate(model, "--on", f"{tmp_path / 'own.jsonl'}:all")[0] == 1
    assert (model / "calibration.json").read_text() == before
