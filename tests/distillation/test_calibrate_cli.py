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
from analytics.contract.labels import LABELS, label_of
from analytics.engine.loading import load_engine
from analytics.engine.models import ModelFolder, resolve_model
from distillation.data.loaders import load_examples
from distillation.data.seen import list_digests, write_seen
from tests.engine.tiny_models import TOY_WORDS, make_tiny_idefics3

pytestmark = pytest.mark.model

SHARES = (0.2, 0.7, 0.1)


def write_own(model: Path, path: Path, word: str, n: int) -> None:
    """Posts whose labels are the model's own but for a quarter: there is a temperature."""
    write_rows(path, ["neutral"] * n, word)
    examples = load_examples(path, "all")
    folder = resolve_model(str(model), cache_dir=path.parent / "cache")
    engine = load_engine("transformers", folder, decoding=Decoding(), dtype="float32")
    said = [label_of(r.probabilities) for r in engine.label([e.item for e in examples])]
    engine.close()
    wrong = [LABELS[(LABELS.index(x) + (i % 4 == 0)) % 3] for i, x in enumerate(said)]
    write_rows(path, [str(label) for label in wrong], word)


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
    path = make_tiny_idefics3(
        tmp_path / "m", tokenizer_from=base_folder.path, seed=1, n_words=TOY_WORDS
    )
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
    write_own(model, tmp_path / "own.jsonl", "loud", 120)
    write_own(model, tmp_path / "other.jsonl", "kind", 60)
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
    files = (tmp_path / "own.jsonl", tmp_path / "other.jsonl")
    read = [e for file in files for e in load_examples(file, "all")]
    assert stored["post_digests"] == list_digests(read)

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
    write_own(model, tmp_path / "own.jsonl", "loud", 60)
    code, said = calibrate(model, "--on", f"{tmp_path / 'own.jsonl'}:all")
    assert code == 0
    assert "label_bias" not in said["calibration"]
    assert said["calibration"]["temperature"] > 0
    assert not said["calibration"]["is_bounded"]


def test_a_fit_at_a_limit_or_of_few_posts_is_refused_and_nothing_changes(
    model: Path, tmp_path: Path
) -> None:
    """It was written with exit code 0, and the gate then took it."""
    own, asked = tmp_path / "own.jsonl", [str(model), "--engine", "transformers"]
    write_own(model, own, "loud", 60)
    lines = own.read_text().splitlines()
    (tmp_path / "few.jsonl").write_text("\n".join(lines[:6]))
    said = [json.loads(line) for line in lines]
    never = [
        {**row, "label": _turn(row["label"], 2 if i % 4 == 0 else 1)} for i, row in enumerate(said)
    ]  # the label that the model does not give
    (tmp_path / "never.jsonl").write_text("\n".join(map(json.dumps, never)))
    for name, message in (
        ("few", "--on few:all: it was fitted on 6 posts, and at least 50 are needed"),
        ("never", "--on never:all: the fit ended at its limit, 20.000"),
    ):
        command = ["distill", "calibrate", *asked, "--on", f"{tmp_path / name}.jsonl:all"]
        result = CliRunner().invoke(cli, command)
        assert isinstance(result.exception, TrainingError)
        assert message in str(result.exception)
    assert not (model / "calibration.json").exists()


def _turn(label: str, n: int) -> str:
    return str(LABELS[([str(x) for x in LABELS].index(label) + n) % 3])


def test_posts_that_were_trained_on_do_not_count(model: Path, tmp_path: Path) -> None:
    write_own(model, tmp_path / "own.jsonl", "loud", 75)
    examples = load_examples(tmp_path / "own.jsonl", "all")
    write_seen(model, examples[:15], base=None)
    code, said = calibrate(model, "--on", f"{tmp_path / 'own.jsonl'}:all")
    assert code == 0
    assert (said["sets"][0]["n"], said["sets"][0]["n_seen"]) == (60, 15)
    write_seen(model, examples, base=None)
    before = (model / "calibration.json").read_text()
    assert calibrate(model, "--on", f"{tmp_path / 'own.jsonl'}:all")[0] == 1
    assert (model / "calibration.json").read_text() == before
