"""`analytics distill evaluate` with a real, tiny model that sees pictures."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from analytics.cli import cli
from analytics.engine.models import ModelFolder
from distillation.data.loaders import load_examples
from distillation.data.rationales import RationaleRow, write_rationales
from distillation.data.seen import write_seen
from distillation.evaluation.report import read_predictions
from tests.engine.tiny_models import TOY_WORDS, make_tiny_idefics3

TEXTS = ("The $T$ is late again", "I love my $T$", "$T$ opens at nine", "Never again, $T$")
ASPECTS = ("tram", "garden", "library", "coffee")

pytestmark = pytest.mark.model


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Eight examples in the JSONL layout, two to a drawn picture."""
    folder = tmp_path / "tiny15"
    (folder / "images").mkdir(parents=True)
    lines = []
    for i in range(8):
        name = f"{i // 2}.png"
        Image.new("RGB", (30 + 10 * (i // 2), 40), (60 * (i // 2), 90, 120)).save(
            folder / "images" / name
        )
        aspect = ASPECTS[i % 4]
        row = {
            "id": f"tiny-{i}",
            "text": TEXTS[i // 2].replace("$T$", aspect),
            "aspect": aspect,
            "label": ("negative", "neutral", "positive")[i % 3],
            "image": name,
        }
        lines.append(json.dumps(row))
    (folder / "test.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def tiny_model(base_folder: ModelFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tiny")
    return make_tiny_idefics3(path, tokenizer_from=base_folder.path, n_words=TOY_WORDS)


@pytest.fixture(autouse=True)
def small_and_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANALYTICS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("ANALYTICS_INFER_MAX_RATIONALE_TOKENS", "12")


def _evaluate(model: Path, data: Path, *more: str) -> Result:
    return CliRunner().invoke(
        cli,
        [
            *("distill", "evaluate", "--model", str(model), "--data", str(data)),
            *("--engine", "transformers", "--dtype", "float32", "--resamples", "200", *more),
        ],
    )


def test_evaluation_end_to_end(tiny_model: Path, data: Path, tmp_path: Path) -> None:
    for package in ("sacrebleu", "rouge_score", "nltk"):
        pytest.importorskip(package, reason=f"{package} is not installed (extra distill)")
    _write_references(tmp_path / "teacher")
    result = _evaluate(
        tiny_model,
        data,
        *("--rationales", str(tmp_path / "teacher"), "--json", "--output", "out.json"),
        *("--predictions", "predictions.parquet"),
    )
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report == json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert report["model"]["is_distilled"] is False
    assert report["data"]["pictures_used"] is True
    assert (report["n"], report["n_groups"], report["n_with_picture"]) == (8, 4, 8)
    for score in report["scores"].values():
        assert 0 <= score["low"] <= score["high"] <= 1
    judged = read_predictions(tmp_path / "predictions.parquet")
    hits = sum(row.predicted is row.label for row in judged)
    assert report["scores"]["accuracy"]["value"] == hits / 8
    assert {name: probe["n"] for name, probe in report["probes"].items()} == {
        "picture_blanked": 8,
        "picture_swapped": 8,
        "aspect_swapped": 8,
        "text_masked": 8,
    }
    # A model that reads the picture gives other probabilities without it.
    assert report["probes"]["picture_blanked"]["mean_distance"] > 0
    assert report["probes"]["text_masked"]["mean_distance"] > 0
    assert report["rationales"]["n"] == report["rationales"]["n_with_reference"] == 2
    assert 0 <= report["rationales"]["texts"]["rouge_l"] <= 1


def test_table_and_text_only(tiny_model: Path, data: Path) -> None:
    result = _evaluate(tiny_model, data, "--text-only", "--max-rationales", "1", "--limit", "4")
    assert result.exit_code == 0, result.output
    assert "not distilled for this task" in result.stdout
    assert "no pictures (--text-only)" in result.stdout
    assert "4 examples in 2 groups, 0 not judged" in result.stdout
    assert "picture_blanked: none, no example has a picture" in result.stdout
    lines = result.stdout.splitlines()
    assert any(line.startswith("macro F1") and "[" in line for line in lines)
    assert any(line.startswith("text masked") for line in lines)


def test_texts_of_the_training_are_named(
    tiny_model: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    model = tmp_path / "trained"
    shutil.copytree(tiny_model, model)
    examples = load_examples(data, "test", pictures=None)
    write_seen(tmp_path / "assistant", examples[2:4], base=None)
    write_seen(model, examples[:2], base=None, assistants=[tmp_path / "assistant"])
    few = ("--text-only", "--max-rationales", "0", "--no-probes")
    result = _evaluate(model, data, *few)
    assert result.exit_code == 0, result.output
    assert "training  2 of the 8 were TRAINED ON, 2 more by its assistant only" in result.stdout
    assert "see the 4 others" in result.stdout
    assert "not trained on" in result.stdout
    report = json.loads(_evaluate(model, data, *few, "--json").stdout)
    assert (report["n_seen_in_training"], report["n_seen_by_assistant"]) == (2, 2)
    assert report["warning"].startswith("2 of the 8 were TRAINED ON")
    assert set(report["scores_unseen"]) == set(report["scores"])


def test_result_is_printed_though_the_disk_is_full_by_then(tiny_model: Path, data: Path) -> None:
    few = ("--text-only", "--max-rationales", "0", "--no-probes", "--json")
    result = _evaluate(tiny_model, data, *few, "--output", "/dev/full")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["n"] == 8
    assert "/dev/full: cannot be written (No space left on device)" in result.stderr


def test_wrong_use_is_said_before_a_model_is_loaded(tiny_model: Path, data: Path) -> None:
    assert _evaluate(tiny_model, data, "--output", "no/such/out.json").exit_code == 2
    result = _evaluate(tiny_model, data, "--split", "dev")
    assert "dev.jsonl: no such file" in str(result.exception)


def _write_references(folder: Path) -> None:
    rows = [
        RationaleRow(
            example_id=f"tiny-{i}",
            dataset="tiny15",
            split="test",
            group="g",
            text=TEXTS[i // 2].replace("$T$", ASPECTS[i % 4]),
            aspect=ASPECTS[i % 4],
            image_sha256=None,
            label="neutral",
            text_analysis="The text complains about the tram.",
            image_analysis="The picture is plain.",
            conflict_resolution="There is none.",
            final_conclusion="The post is negative.",
            rationale_label="negative",
            stage="imported",
            model="m",
            prompt_digest="d",
        )
        for i in (0, 5)
    ]
    write_rationales(folder, rows, [], {})
