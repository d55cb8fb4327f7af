"""The configuration that docs/distillation/fsdp.yaml gives is what accelerate reads."""

from typing import Any

import pytest

from tests.conftest import REPOSITORY

pytestmark = pytest.mark.model


def test_accelerate_reads_our_fsdp_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """`accelerate launch` up to the start of processes, then the plugin as each makes it."""
    from accelerate.commands import launch
    from accelerate.utils import FullyShardedDataParallelPlugin, prepare_multi_gpu_env

    launched: list[Any] = []
    monkeypatch.setattr(launch, "multi_gpu_launcher", launched.append)
    path = REPOSITORY / "docs/distillation/fsdp.yaml"
    command = ["--config_file", str(path), "-m", "analytics", "distill", "student"]
    launch.launch_command(launch.launch_command_parser().parse_args(command))
    (arguments,) = launched
    assert (arguments.num_processes, arguments.num_machines) == (4, 1)
    assert arguments.mixed_precision == "bf16"
    for name, value in prepare_multi_gpu_env(arguments).items():
        monkeypatch.setenv(name, value)
    plugin = FullyShardedDataParallelPlugin()
    assert plugin.fsdp_version == 2
    assert plugin.reshard_after_forward is True
    assert "FULL_STATE_DICT" in str(plugin.state_dict_type)
    assert plugin.cpu_ram_efficient_loading is False
    assert "transformer_auto_wrap_policy" in str(plugin.auto_wrap_policy)
