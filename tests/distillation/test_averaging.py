"""The mean of models: right numbers, the first one's type, refusals, what it counts as seen."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from analytics.cli import cli
from analytics.contract.errors import TrainingError
from distillation.averaging import average_models, name_silent_parts
from distillation.data.examples import make_example
from distillation.data.seen import find_seen, read_seen, write_seen

torch = pytest.importorskip("torch")
st = pytest.importorskip("safetensors.torch")

EXAMPLES = [
    make_example(example_id=str(n), text=text, label="neutral")
    for n, text in enumerate(["a slow train", "a fine day", "a red bus"])
]


def make_model(folder: Path, value: float, *, seen: Any = (), **config: Any) -> Path:
    folder.mkdir(parents=True)
    st.save_file(
        {
            "a.weight": torch.full((2, 3), value, dtype=torch.bfloat16),
            "a.bias": torch.full((3,), 10 * value, dtype=torch.float32),
        },
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )
    (folder / "config.json").write_text(json.dumps({"model_type": "toy", **config}))
    (folder / "tokenizer.json").write_text("{}")
    for name in ("calibration.json", "errors.json", "reference.json"):
        (folder / name).write_text("{}")
    stamp = {"training_digest": "d", "description": f"toy {value}", "recipe": {"seed": int(value)}}
    (folder / "contract.json").write_text(json.dumps(stamp))
    write_seen(folder, seen, base=None)
    return folder


def test_mean_is_weighted_and_keeps_types_and_files(tmp_path: Path) -> None:
    models = [
        make_model(tmp_path / "1", 1.0, seen=EXAMPLES[:1]),
        make_model(tmp_path / "2", 4.0, seen=EXAMPLES[1:2], transformers_version="9"),
    ]
    report = average_models(models, tmp_path / "mean", weights=[1, 2])
    weights = tmp_path / "mean" / "model.safetensors"
    assert weights.stat().st_mode == weights.with_name("contract.json").stat().st_mode
    found = st.load_file(weights)
    assert found["a.weight"].dtype == torch.bfloat16
    assert torch.equal(found["a.weight"].float(), torch.full((2, 3), 3.0))
    assert torch.allclose(found["a.bias"], torch.full((3,), 30.0))
    assert (tmp_path / "mean" / "tokenizer.json").is_file()
    for measured in ("calibration.json", "errors.json", "reference.json"):
        assert not (tmp_path / "mean" / measured).exists()  # of another model
    stamp = json.loads((tmp_path / "mean" / "contract.json").read_text())
    assert stamp["training_digest"] == "d"
    assert stamp["average_of"] == report["average_of"]
    assert [part["share"] for part in stamp["average_of"]] == [0.333333, 0.666667]
    assert str(tmp_path) not in json.dumps(stamp)
    seen = read_seen(tmp_path / "mean")
    assert seen is not None
    assert find_seen(EXAMPLES, seen.texts) == {"0", "1"}


def test_stamp_keeps_recipe_and_data_of_each_part(tmp_path: Path) -> None:
    """It named the first one's recipe as that of all."""
    models = [make_model(tmp_path / str(n), n) for n in (1.0, 2.0)]
    pack = {"max_tokens": 512, "part_sentences": [2, 0, 0, 1]}
    recipes = [
        {"name": "broad", "seed": 1, "optim": {"batch_size": 16, "n_epochs": 1}, "pack": pack},
        {"name": "student", "seed": 1, "optim": {"batch_size": 16, "n_epochs": 3}, "pack": {}},
    ]
    for n, (model, recipe) in enumerate(zip(models, recipes, strict=True)):
        stamp = {"training_digest": "d", "description": "toy", "recipe": recipe, "data": [f"x{n}"]}
        (model / "contract.json").write_text(json.dumps(stamp))
    average_models(models, tmp_path / "mean")
    stamp = json.loads((tmp_path / "mean/contract.json").read_text())
    assert [part["recipe"] for part in stamp["average_of"]] == recipes
    assert [part["data"] for part in stamp["average_of"]] == [["x0"], ["x1"]]
    # What they agree in, and what serving reads: of the first.
    assert stamp["recipe"] == {"seed": 1, "optim": {"batch_size": 16}, "pack": pack}
    assert "data" not in stamp


def test_a_mean_with_a_silent_part_says_which(tmp_path: Path) -> None:
    models = [make_model(tmp_path / str(n), n) for n in (1.0, 2.0)]
    (models[1] / "trained_on.json").unlink()
    arguments = ["distill", "average", *map(str, models), "--output", str(tmp_path / "mean")]
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert "as 2. 'toy 2.0' has no trained_on.json" in result.stdout
    assert name_silent_parts(tmp_path / "mean") == ["2. 'toy 2.0'"]
    stamp = json.loads((tmp_path / "mean/contract.json").read_text())
    assert [part["is_silent"] for part in stamp["average_of"]] == [False, True]
    assert read_seen(tmp_path / "mean") is None


def test_a_mean_does_not_say_where_its_parts_were_made(tmp_path: Path) -> None:
    text = {"_name_or_path": str(tmp_path), "hidden_size": 8}
    models = [make_model(tmp_path / str(n), n, text_config=text) for n in (1.0, 2.0)]
    average_models(models, tmp_path / "mean")
    config = json.loads((tmp_path / "mean/config.json").read_text())
    assert config == {"model_type": "toy", "text_config": {"hidden_size": 8}}


def test_shards_of_another_cut_are_found(tmp_path: Path) -> None:
    one, two = make_model(tmp_path / "1", 1.0), make_model(tmp_path / "2", 3.0)
    tensors = st.load_file(two / "model.safetensors")
    (two / "model.safetensors").unlink()
    for n, (name, value) in enumerate(tensors.items()):
        st.save_file({name: value}, two / f"model-{n}.safetensors", metadata={"format": "pt"})
    average_models([two, one], tmp_path / "mean")
    found = {
        name: value
        for file in (tmp_path / "mean").glob("*.safetensors")
        for name, value in st.load_file(file).items()
    }
    assert torch.equal(found["a.weight"].float(), torch.full((2, 3), 2.0))
    assert torch.allclose(found["a.bias"], torch.full((3,), 20.0))


def test_models_of_different_make_are_refused(tmp_path: Path) -> None:
    one = make_model(tmp_path / "1", 1.0)
    with pytest.raises(TrainingError, match="at least two"):
        average_models([one], tmp_path / "mean")
    with pytest.raises(TrainingError, match="give one a model"):
        average_models([one, one], tmp_path / "mean", weights=[0, 0])
    other = make_model(tmp_path / "2", 1.0, hidden_size=7)
    with pytest.raises(TrainingError, match=r"differs from that of .* in hidden_size"):
        average_models([one, other], tmp_path / "mean")
    (other / "config.json").write_text((one / "config.json").read_text())
    (other / "contract.json").write_text('{"training_digest": "another"}')
    with pytest.raises(TrainingError, match="names another training_digest"):
        average_models([one, other], tmp_path / "mean")
    st.save_file({"b": torch.zeros(1)}, other / "model.safetensors")
    with pytest.raises(TrainingError, match=r"3 tensors are not in both .* e.g. a.bias"):
        average_models([one, other], tmp_path / "mean")
    tensors = st.load_file(one / "model.safetensors")
    wide = make_model(tmp_path / "3", 1.0)
    st.save_file({**tensors, "a.bias": torch.zeros(4)}, wide / "model.safetensors")
    with pytest.raises(TrainingError, match=r"a.bias has the shape \[4\]"):
        average_models([one, wide], tmp_path / "mean")
    assert not (tmp_path / "mean").exists()


def test_command(tmp_path: Path) -> None:
    models = [str(make_model(tmp_path / name, value)) for name, value in (("1", 1.0), ("2", 2.0))]
    arguments = ["distill", "average", *models, "--output", str(tmp_path / "mean"), "--json"]
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["description"] == "mean of 2 models: toy 1.0"
    with pytest.raises(TrainingError, match="is not empty"):
        average_models([Path(m) for m in models], tmp_path / "mean")
