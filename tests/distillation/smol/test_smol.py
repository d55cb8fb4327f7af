"""The embedded student before training: its shape, its pictures, and how its eyes learn."""

import importlib.util
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image

from analytics.cli import cli
from analytics.contract.decoding import Decoding
from analytics.contract.records import Item
from analytics.engine.loading import load_engine
from analytics.engine.models import ModelFolder, resolve_model
from distillation.smol import architecture
from distillation.smol.architecture import VisionShape, build_untrained

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def untrained(base_folder: ModelFolder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("smol") / "untrained"
    build_untrained(folder, language_model=base_folder.path, shape=VisionShape(), seed=0)
    yield folder
    shutil.rmtree(folder)  # 270 MB


def test_it_has_139_million_parameters_and_16_tokens_a_picture(untrained: Path) -> None:
    import safetensors

    with safetensors.safe_open(untrained / "model.safetensors", framework="pt") as file:
        n = sum(file.get_tensor(name).numel() for name in file.keys())  # noqa: SIM118
    assert 138.5e6 < n < 139.5e6
    assert VisionShape().n_image_tokens == 16


def test_its_text_side_is_the_language_model_itself(
    untrained: Path, base_folder: ModelFolder, tmp_path: Path
) -> None:
    """Without a picture it says what its language model says."""
    model = resolve_model(str(untrained), cache_dir=tmp_path)
    assert model.accepts_images
    items = [Item(content_key="1", text="I love the new ferry", aspect="ferry")]
    replies = []
    for folder in (model, base_folder):
        engine = load_engine(
            "transformers", folder, decoding=Decoding(max_rationale_tokens=8), dtype="float32"
        )
        replies.append(engine.label(items)[0].probabilities)
        engine.close()
    assert replies[0] == pytest.approx(replies[1], abs=1e-4)


def test_ship_stores_the_difference_under_a_description(
    untrained: Path, cache_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Untrained, so the language model's own weights need no byte."""
    monkeypatch.setenv("ANALYTICS_CACHE_DIR", str(cache_dir))
    arguments = ["distill", "ship", str(untrained), "--base", "smol-135m-base", "--json"]
    wrong = CliRunner().invoke(
        cli, [*arguments, "--output", str(tmp_path / "a"), "--description", "A student"]
    )
    assert "no contract.json" in str(wrong.exception)
    (untrained / "contract.json").write_text('{"training_digest": "d", "description": "Long"}')
    done = CliRunner().invoke(
        cli, [*arguments, "--output", str(tmp_path / "b"), "--description", "A student"]
    )
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert report["relative_error"] == 0.0
    assert 8e6 < report["bytes"] < 11e6
    stamp = json.loads((tmp_path / "b/contract.json").read_text(encoding="utf-8"))
    assert stamp == {"training_digest": "d", "description": "A student"}
    for options, reason in (
        (["--rename", "model.text_model.=typo."], "none of its"),
        (["--max-megabytes", "5"], "more than 5 MB"),
    ):
        refused = CliRunner().invoke(cli, [*arguments, *options, "--output", str(tmp_path / "c")])
        assert refused.exit_code == 1
        assert reason in str(refused.exception)
    assert not (tmp_path / "c").exists()


def test_ship_fits_what_changed_to_the_posts_that_it_is_given(
    untrained: Path, cache_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers may be further off than the nearest levels, outputs are nearer."""
    import torch
    from safetensors.torch import load_file, save_file

    monkeypatch.setenv("ANALYTICS_CACHE_DIR", str(cache_dir))
    tuned = tmp_path / "tuned"
    shutil.copytree(untrained, tuned)
    weights = load_file(tuned / "model.safetensors")
    torch.manual_seed(0)
    changed = [f"model.text_model.layers.{n}.self_attn.q_proj.weight" for n in (0, 9)]
    for name in changed:
        weights[name] += (0.02 * torch.randn(weights[name].shape)).to(weights[name].dtype)
    save_file(weights, tuned / "model.safetensors", metadata={"format": "pt"})
    posts = tmp_path / "posts.jsonl"
    rows = [{"id": n, "text": f"Post {n}, all good", "label": "positive"} for n in range(12)]
    posts.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    arguments = ["distill", "ship", str(tuned), "--base", "smol-135m-base", "--json"]
    arguments += ["--output", str(tmp_path / "shipped")]
    wrong = CliRunner().invoke(cli, [*arguments, "--rationales", str(tmp_path)])
    assert wrong.exit_code == 2
    assert "go with --fit-on" in wrong.output
    reports = []
    for options in ([], ["--fit-on", f"{posts}:all"]):
        done = CliRunner().invoke(cli, [*arguments, *options])
        assert done.exit_code == 0, done.output
        reports.append(json.loads(done.stdout))
    nearest, fitted = reports
    assert (nearest["count_tensors_fitted"], nearest["relative_error_of_outputs"]) == (0, None)
    assert fitted["count_tensors_fitted"] == len(changed)
    assert fitted["fitted_on"] == ["posts:all"]
    assert fitted["relative_error"] > nearest["relative_error"]
    assert fitted["relative_error_of_outputs"] < nearest["relative_error"] / 2


@pytest.mark.skipif(
    importlib.util.find_spec("efficientnet_lite_pytorch") is None,
    reason="efficientnet-lite-pytorch is not installed",
)
def test_eyes_learn_what_the_teacher_sees(tmp_path: Path) -> None:
    import torch
    import transformers

    from distillation.smol.vision import VisionTraining, teach_vision

    files = []
    for n in range(6):
        path = tmp_path / f"{n}.png"
        Image.radial_gradient("L").rotate(30 * n).convert("RGB").resize((80, 60)).save(path)
        files.append(path)
    config = transformers.Idefics3VisionConfig(
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=256,
        patch_size=16,
    )
    torch.manual_seed(0)
    kind: Any = transformers.models.idefics3.modeling_idefics3.Idefics3VisionTransformer
    tower = kind(config)
    log = teach_vision(
        tower,
        files,
        VisionTraining(n_views=1, n_epochs=8, batch_size=3, learning_rate=3e-3),
        dtype="float32",
    )
    assert len(log) == 8
    assert log[-1]["feature_mse"] < 0.9 * log[0]["feature_mse"]
    assert json.dumps(log)


def test_start_writes_over_no_model_and_leaves_no_half_one(
    untrained: Path, base_folder: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The papers of a trained model would vouch for the weights of an untrained one."""
    trained = tmp_path / "trained"
    trained.mkdir()
    (trained / "contract.json").write_text("{}", encoding="utf-8")
    command = ["distill", "start", "--language-model", str(base_folder.path), "--output"]
    done = CliRunner().invoke(cli, [*command, str(trained)])
    assert "is a file, or a folder that is not empty" in str(done.exception or done.output)
    assert [path.name for path in trained.iterdir()] == ["contract.json"]

    def stop(folder: Path, **_: Any) -> None:
        shutil.copy(untrained / "config.json", folder)
        raise KeyboardInterrupt

    monkeypatch.setattr(architecture, "build_untrained", stop)
    CliRunner().invoke(cli, [*command, str(tmp_path / "new")])
    assert [path.name for path in tmp_path.iterdir()] == ["trained"]
