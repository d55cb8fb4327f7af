"""What training and serving agree on about a model folder."""

import os
import stat
from pathlib import Path

import pytest

from analytics.contract.model_folder import share_weights


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_weights_are_readable_by_whom_the_umask_says(umask: int, mode: int, tmp_path: Path) -> None:
    weights, other = tmp_path / "model.safetensors", tmp_path / "notes.txt"
    for file in (weights, other):
        file.touch(mode=0o600)
    before = os.umask(umask)
    try:
        share_weights(tmp_path)
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    assert stat.S_IMODE(weights.stat().st_mode) == mode
    assert stat.S_IMODE(other.stat().st_mode) == 0o600
