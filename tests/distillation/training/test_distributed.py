"""Two CPU processes (gloo) train as one does: data parallel, and sharded with FSDP."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from distillation.training.sequences import TrainingItem
from tests.conftest import REPOSITORY

pytestmark = [pytest.mark.model, pytest.mark.slow]

SCRIPT = Path(__file__).with_name("distributed_run.py")


def _launch(folder: Path, name: str, n: int, toy: Path) -> dict[str, Any]:
    output = folder / f"{name}.json"
    command = [sys.executable, "-W", "ignore"]
    if n > 1:
        command += ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={n}"]
    command += [str(SCRIPT), str(toy), str(folder / "items.pickle"), str(output), name]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=240,
        check=False,
        env={
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "OMP_NUM_THREADS": "1",
            "ACCELERATE_USE_CPU": "true",
        },
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def alone(
    toy_folder: Path, training_items: list[TrainingItem], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("distributed")
    (folder / "items.pickle").write_bytes(pickle.dumps(training_items))
    return folder, _launch(folder, "alone", 1, toy_folder)


@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_two_processes_train_as_one(
    alone: tuple[Path, dict[str, Any]], toy_folder: Path, kind: str
) -> None:
    folder, one = alone
    two = _launch(folder, kind, 2, toy_folder)
    assert one["n_processes"] == 1
    assert two["n_processes"] == 2
    assert ("FSDP" in two["kind"]) == (kind == "fsdp")
    assert two["losses"] == pytest.approx(one["losses"], rel=1e-3)
    assert one["losses"][-1] < one["losses"][0]
    names = {name.removeprefix("module."): value for name, value in two["norms"].items()}
    # Key biases have no gradient but rounding, which AdamW scales up: hence `abs`.
    assert names == pytest.approx(one["norms"], rel=2e-3, abs=1e-3)
