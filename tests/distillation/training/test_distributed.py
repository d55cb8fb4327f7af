"""Two CPU processes (gloo) train as one does: data parallel, and sharded with FSDP."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from analytics.contract.labels import LABELS
from distillation.training.sequences import TrainingItem
from tests.conftest import REPOSITORY
from tests.distillation.training.test_fsdp_config import launch_with_our_configuration

pytestmark = [pytest.mark.model, pytest.mark.slow]

SCRIPT = Path(__file__).with_name("distributed_run.py")


def _launch(
    folder: Path, name: str, n: int, toy: Path, environment: dict[str, str] | None = None
) -> dict[str, Any]:
    output = folder / f"{name}.json"
    options = name.split("-")
    arguments = [str(SCRIPT), str(toy), str(folder / "items.pickle"), str(output), *options]
    _start(arguments, n, environment)
    found: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    return found


def _start(arguments: list[str], n: int, environment: dict[str, str] | None = None) -> str:
    """Run a script, or `-m module`, in n processes; what they print together."""
    command = [sys.executable, "-W", "ignore"]
    if n > 1:
        command += ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={n}"]
    done = subprocess.run(
        [*command, *arguments],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=280,
        check=False,
        env={
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "OMP_NUM_THREADS": "1",
            "ACCELERATE_USE_CPU": "true",
            **(environment or {}),
        },
    )
    assert done.returncode == 0, done.stderr[-12000:]
    return done.stdout


@pytest.fixture(scope="module")
def alone(
    toy_folder: Path, training_items: list[TrainingItem], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("distributed")
    (folder / "items.pickle").write_bytes(pickle.dumps(training_items))
    return folder, _launch(folder, "alone", 1, toy_folder)


def _fsdp_settings(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    _, found = launch_with_our_configuration(monkeypatch)
    settings = {name: value for name, value in found.items() if name.startswith("FSDP_")}
    assert settings["FSDP_VERSION"] == "2"
    return settings


@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_two_processes_train_as_one(
    alone: tuple[Path, dict[str, Any]],
    toy_folder: Path,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """FSDP is set up by docs/distillation/fsdp.yaml, but for its number type."""
    folder, one = alone
    settings = _fsdp_settings(monkeypatch) if kind == "fsdp" else {}
    two = _launch(folder, kind, 2, toy_folder, settings)
    assert one["n_processes"] == 1
    assert two["n_processes"] == 2
    assert ("FSDP" in two["kind"]) == (kind == "fsdp")
    assert two["losses"] == pytest.approx(one["losses"], rel=1e-3)
    assert one["losses"][-1] < one["losses"][0]
    for checkpoint in (folder / f"{kind}-run").glob("checkpoint-*"):
        states = sorted(path.name for path in checkpoint.glob("random_states_*"))
        assert states == ["random_states_0.pkl", "random_states_1.pkl"]
    names = {name.removeprefix("module."): value for name, value in two["norms"].items()}
    # Key biases have no gradient but rounding, which AdamW scales up: hence `abs`.
    assert names == pytest.approx(one["norms"], rel=2e-3, abs=1e-3)


@pytest.mark.parametrize("kind", ["ddp-lora", "fsdp-lora-stored"])
def test_low_rank_student_with_soft_labels_goes_on_in_two_processes(
    alone: tuple[Path, dict[str, Any]],
    toy_folder: Path,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stopped after three steps of six, it ends where one process ends that was not stopped."""
    pytest.importorskip("peft")
    folder, _ = alone
    settings = _fsdp_settings(monkeypatch) if "fsdp" in kind else {}
    one = _launch(folder, f"alone-{kind.partition('-')[2]}", 1, toy_folder)
    assert not _launch(folder, f"{kind}-stop", 2, toy_folder, settings)["is_finished"]
    two = _launch(folder, kind, 2, toy_folder, settings)
    assert (two["n_processes"], two["is_finished"]) == (2, True)
    assert ("FSDP" in two["kind"]) == ("fsdp" in kind)
    assert len(one["losses"]) == len(two["losses"]) > 3
    assert two["losses"] == pytest.approx(one["losses"], rel=1e-3)
    names = {name.removeprefix("module."): value for name, value in two["norms"].items()}
    assert names == pytest.approx(one["norms"], rel=2e-3, abs=1e-3)


def test_a_whole_training_in_two_processes_reports_once(toy_folder: Path, tmp_path: Path) -> None:
    """The command itself: dev scores, the model, and one report at the end."""
    from safetensors.torch import load_file

    texts = ("Great tram", "I hate this lift", "The library opens at nine", "Best soup in town")
    rows = [
        {"id": str(n), "text": text, "aspect": "", "label": str(LABELS[2 - n % 3]), "image": ""}
        for n, text in enumerate(texts)
    ]
    (tmp_path / "data").mkdir()
    for split in ("train", "dev"):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / f"data/{split}.jsonl").write_text(lines, encoding="utf-8")
    data = tmp_path / "data"
    weights = []
    for n in (1, 2):
        output = tmp_path / f"trained-{n}"
        printed = _start(
            [
                *("-m", "analytics", "distill", "assistant", "--recipe", "tiny-assistant"),
                *("--set", "optim.n_epochs=3", "--model", str(toy_folder), "--json"),
                *("--data", f"{data}:train", "--dev", f"{data}:dev"),
                *("--output", str(output)),
            ],
            n,
        )
        (report,) = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
        assert report["status"] == "done"
        written = json.loads((output / "training.json").read_text(encoding="utf-8"))
        assert {name: written.get(name) for name in report} == report
        weights.append(load_file(output / "model/model.safetensors"))
    assert weights[0].keys() == weights[1].keys()
    norms = [{name: float(w.float().norm()) for name, w in found.items()} for found in weights]
    assert norms[1] == pytest.approx(norms[0], rel=2e-3, abs=1e-3)
