"""Options of the engine `ray`; Ray itself is not needed for these."""

from pathlib import Path
from typing import Any

import pytest

from analytics.contract.errors import ConfigError
from analytics.engine.ray_options import RayOptions, split_ray_options
from analytics.engine.result_options import list_result_options


def test_ours_are_split_from_vllms() -> None:
    ours, theirs = split_ray_options(
        {"address": "auto", "num_replicas": 4, "tensor_parallel_size": 2, "quantization": "fp8"}
    )
    assert ours == RayOptions(address="auto", num_replicas=4)
    assert theirs == {"tensor_parallel_size": 2, "quantization": "fp8"}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("address", "", "must be a text"),
        ("address", "ray://head:10001", "Ray Client is not for Ray Data"),
        ("num_replicas", 0, "whole number above 0"),
        ("num_replicas", True, "whole number above 0"),
        ("rows_per_batch", 1.5, "whole number above 0"),
        ("num_cpus", -1, "number of 0 or more"),
        ("num_gpus", "1", "number of 0 or more"),
        ("start_timeout_s", 0, "number of 1 or more"),
        ("picture_paths", "s3://bucket", "a table of path here"),
        ("picture_paths", {"/data": 3}, "a table of path here"),
    ],
)
def test_wrong_values_are_told(name: str, value: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=rf"engine ray: .*{name} = .*{message}"):
        split_ray_options({name: value})


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        split_ray_options({"num_replicas": 0, "num_cpus": -1})
    assert len(str(caught.value).splitlines()) == 2


def test_where_it_runs_is_no_part_of_the_key_of_results(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    options = {"address": "auto", "num_replicas": 4, "picture_paths": {"/a": "s3://b"}}
    assert list_result_options(tmp_path, options) == {}
    assert list_result_options(tmp_path, options | {"quantization": "fp8"}) == {
        "quantization": "fp8"
    }
