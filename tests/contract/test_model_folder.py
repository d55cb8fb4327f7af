"""What training and serving agree on about a model folder."""

import json
import os
import stat
from pathlib import Path

import pytest

from analytics.contract.model_folder import drop_origin, find_empty_parts, share_weights


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


def test_a_configuration_does_not_say_where_it_was_read(tmp_path: Path) -> None:
    drop_origin(tmp_path)
    assert not list(tmp_path.iterdir())
    path = tmp_path / "config.json"
    plain = '{"architectures": ["A"],   "text_config": {"hidden_size": 8}}'
    path.write_text(plain, encoding="utf-8")
    drop_origin(tmp_path)
    assert path.read_text(encoding="utf-8") == plain  # untouched: it is part of the model's id
    told = {"_name_or_path": "/a", "text_config": {"_name_or_path": "/b", "hidden_size": 8}}
    path.write_text(json.dumps(told), encoding="utf-8")
    drop_origin(tmp_path)
    assert json.loads(path.read_text(encoding="utf-8")) == {"text_config": {"hidden_size": 8}}


def test_parts_that_a_model_was_taught_to_leave_out_stand_in_its_stamp(tmp_path: Path) -> None:
    assert find_empty_parts(tmp_path) == []
    for recipe, parts in (
        ('{"pack": {"part_sentences": [2, 0, -1, 0]}}', ["image_analysis", "final_conclusion"]),
        ('{"pack": {"part_sentences": 3}}', []),
        ('{"pack": []}', []),
        ("[]", []),
    ):
        (tmp_path / "contract.json").write_text(f'{{"recipe": {recipe}}}', encoding="utf-8")
        assert find_empty_parts(tmp_path) == parts
