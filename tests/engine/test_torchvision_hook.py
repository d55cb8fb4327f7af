"""The import hook for torchvision beside a CPU build of torch, with a stand-in torchvision."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements"
_EXTENSION = "def _has_ops():\n    return {has_ops}\n"
_PROBE = """
import sys
import torchvision_operators
heavy = "torch" in sys.modules
import torch
import torchvision
print(heavy, hasattr(torch.ops.torchvision, "nms"), hasattr(torch.ops.torchvision, "qnms"))
print(torch.version.cuda is None)
"""


@pytest.mark.parametrize("has_ops", [False, True], ids=["no C++ part", "C++ part loads"])
def test_hook_defines_operators_only_where_they_are_missing(tmp_path: Path, has_ops: bool) -> None:
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    package = tmp_path / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text("import torchvision.extension\n")
    (package / "extension.py").write_text(_EXTENSION.format(has_ops=has_ops))
    done = subprocess.run(
        [sys.executable, "-c", _PROBE],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{REQUIREMENTS}"},
        capture_output=True,
        text=True,
        check=True,
    )
    found, is_cpu_build = done.stdout.splitlines()
    is_defined = is_cpu_build == "True" and not has_ops
    # The hook itself must not import torch: it runs at the start of every process.
    assert found == f"False {is_defined} {is_defined}"
